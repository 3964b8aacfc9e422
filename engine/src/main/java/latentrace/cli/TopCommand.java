package latentrace.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import latentrace.checkpoint.Json;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.report.TopTable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "top",
    description =
        "The k strongest proponents and opponents of each test sample, as a table or a page.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class TopCommand implements Callable<Integer> {
  @Option(
      names = "--scores",
      required = true,
      paramLabel = "FILE",
      description = "what 'latentrace score' wrote")
  private Path scores;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "10",
      description = "of each kind per test sample. Default: ${DEFAULT-VALUE}")
  private int k;

  @Option(names = "--train", paramLabel = "FILE", description = "training samples, for pictures")
  private Path train;

  @Option(names = "--train-labels", paramLabel = "FILE", description = "their labels")
  private Path trainLabels;

  @Mixin private TrainingData trainRange;

  @Option(names = "--test", paramLabel = "FILE", description = "test samples, for pictures")
  private Path test;

  @Option(names = "--test-labels", paramLabel = "FILE", description = "their labels")
  private Path testLabels;

  @Mixin private TestData testRange;

  @Mixin private ImageSize size;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description =
          "NAME.csv for a table (positions count within the ranges scored), NAME.html for a page")
  private Path out;

  @Option(names = "--quiet", description = "print nothing")
  private boolean quiet;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    Outputs.requireFile("--out", out, ".csv", ".html");
    Outputs.requireOther("--out", out, Arrays.asList(scores, train, trainLabels, test, testLabels));
    if (k < 1) {
      throw new InputException("--k: found %d, expected at least 1".formatted(k));
    }
    float[][] matrix = readScores();
    Dataset trainData = train == null ? null : trainRange.read(train, trainLabels, size);
    Dataset testData = test == null ? null : testRange.read(test, testLabels, size);
    requireScored("--train", train, trainData, matrix[0].length);
    requireScored("--test", test, testData, matrix.length);
    List<TopTable.Entry> entries;
    try {
      entries = TopTable.top(matrix, k);
    } catch (IllegalArgumentException e) {
      throw new InputException(scores + ": " + e.getMessage(), e);
    }
    if (out.toString().endsWith(".csv")) {
      TopTable.writeCsv(out, entries);
    } else {
      TopTable.writeHtml(out, entries, trainData, testData);
    }
    if (!quiet) {
      spec.commandLine().getOut().printf("%s: top %d for %d test samples%n", out, k, matrix.length);
    }
    return Main.OK;
  }

  private float[][] readScores() {
    NpyArray array = Npy.read(scores);
    int[] shape = array.shape();
    if (shape.length != 2 || shape[0] == 0 || shape[1] == 0) {
      throw new InputException(
          "%s: found an array of %s, expected scores [tests, training samples]"
              .formatted(scores, Arrays.toString(shape)));
    }
    float[] values = array.toFloats();
    float[][] matrix = new float[shape[0]][];
    for (int t = 0; t < shape[0]; t++) {
      matrix[t] = Arrays.copyOfRange(values, t * shape[1], (t + 1) * shape[1]);
    }
    return matrix;
  }

  private void requireScored(String flag, Path file, Dataset data, int expected) {
    if (data != null && data.count() != expected) {
      throw new InputException(
          "%s: %s has %d samples, %s is of %d"
              .formatted(flag, file, data.count(), scores, expected));
    }
    Path provenance = Outputs.provenanceOf(scores);
    if (data != null && Files.exists(provenance)) {
      String scored =
          Json.read(provenance, JsonNode.class).path(flag.substring(2)).path("sha256").asText();
      if (!scored.isEmpty() && !scored.equals(data.hash())) {
        throw new InputException(
            "%s: %s is not what was scored: its samples, range or labels differ from %s"
                .formatted(flag, file, provenance));
      }
    }
  }
}
