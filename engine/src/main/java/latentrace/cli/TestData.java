package latentrace.cli;

import java.nio.file.Path;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import picocli.CommandLine.Option;

/** The range of the test side, the same in every command. */
final class TestData {
  @Option(
      names = "--test-limit",
      paramLabel = "N",
      description = "use at most N test samples. Default: all")
  private Integer limit;

  @Option(
      names = "--test-offset",
      paramLabel = "K",
      defaultValue = "0",
      description = "leave out the first K test samples. Default: ${DEFAULT-VALUE}")
  private int offset;

  Dataset read(Path file, Path labels, ImageSize size) {
    return size.apply(TrainingData.range(Datasets.read(file, labels), "--test", offset, limit));
  }
}
