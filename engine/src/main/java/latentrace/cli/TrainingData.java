package latentrace.cli;

import java.nio.file.Path;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import latentrace.data.InputException;
import picocli.CommandLine.Option;

/** The range of the training side, the same in every command. */
final class TrainingData {
  @Option(
      names = "--train-limit",
      paramLabel = "N",
      description = "use at most N training samples. Default: all")
  private Integer limit;

  @Option(
      names = "--train-offset",
      paramLabel = "K",
      defaultValue = "0",
      description = "leave out the first K training samples. Default: ${DEFAULT-VALUE}")
  private int offset;

  Dataset read(Path file, Path labels, ImageSize size) {
    return size.apply(range(Datasets.read(file, labels), "--train", offset, limit));
  }

  /** The samples a pair of flags selects. */
  static Dataset range(Dataset all, String flag, int offset, Integer limit) {
    if (offset < 0 || offset >= all.count()) {
      throw new InputException(
          "%s-offset: found %d, expected 0..%d, the samples of %s"
              .formatted(flag, offset, all.count() - 1, all.name()));
    }
    if (limit != null && limit < 1) {
      throw new InputException("%s-limit: found %d, expected at least 1".formatted(flag, limit));
    }
    return offset == 0 && limit == null
        ? all
        : all.range(offset, limit == null ? all.count() : limit);
  }
}
