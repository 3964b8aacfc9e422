package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.data.Npz;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The paper's CIFAR-airplane model through the command line: import of its published checkpoints,
 * the images resized, self-influence and scores, against PyTorch in double.
 */
@Tag("one-jdk") // what it does is not the JVM's: .ci/run has it once
class KongCommandLineTest {
  private static final Path SHARED =
      Path.of("").toAbsolutePath().getParent().resolveSibling("shared/data");
  private static final Path KONG = SHARED.resolve("kong2021");
  private static final Path AIRPLANES = SHARED.resolve("cifar10-airplane-train.bin.gz");
  private static final int[] ITERATIONS = {50_000, 750_000, 1_500_000};
  private static final int TESTS = 16;

  @TempDir private Path folder;

  private void ok(String command) throws Exception {
    Outcome outcome = Cli.run(folder, command.split(" "));
    assertEquals(0, outcome.status(), command + "\n" + outcome.err());
  }

  @Test
  void simdAgreesToAThousandth() throws Exception {
    agrees("simd", 200, 1e-3);
  }

  @Test
  void theReferenceAgreesToATenThousandth() throws Exception {
    agrees("ejml", 6, 1e-4);
  }

  private void agrees(String backend, int samples, double limit) throws Exception {
    boolean there = Files.isDirectory(KONG) && Files.exists(AIRPLANES);
    if (!there) {
      System.out.println(
          "skipped: the published checkpoints or CIFAR-10's airplanes are not there");
    }
    assumeTrue(there, "data/kong2021 and CIFAR-10's airplanes");
    ok(
        "import --from "
            + KONG
            + " --model conv-vae --beta 2 --reconstruction gaussian --loss-scale "
            + 1 / 12288.0
            + " --out run");
    int tests = Math.min(TESTS, samples);
    String common =
        " --checkpoints run --train %s --train-limit %d --resize 64x64 --seed 7 --backend %s"
            .formatted(AIRPLANES, samples, backend);
    ok("self" + common);
    ok("score" + common + " --test " + AIRPLANES + " --test-limit " + tests);
    double[] self = new double[samples];
    double[] scores = new double[tests * samples];
    double[] losses = null;
    for (int iteration : ITERATIONS) {
      Map<String, NpyArray> reference = Npz.read(KONG.resolve("reference-" + iteration + ".npz"));
      add(self, samples, array(reference, "self_influence"), 200);
      add(scores, samples, array(reference, "scores"), 200);
      losses = array(reference, "loss");
    }
    double[] actual = read("losses.npy");
    double worst = 0;
    for (int i = 0; i < samples; i++) {
      double error = Math.abs(actual[i] - losses[i]) / losses[i];
      assertTrue(error <= 1e-5, "loss " + i + " is off by " + error);
      worst = Math.max(worst, error);
    }
    System.out.printf("%s: losses within %.1e%n", backend, worst);
    check(backend + ": self-influence", read("self.npy"), self, limit);
    check(backend + ": scores", read("scores.npy"), scores, limit);
  }

  private double[] read(String name) {
    return Npy.read(folder.resolve(name)).toDoubles();
  }

  private static double[] array(Map<String, NpyArray> arrays, String name) {
    return Objects.requireNonNull(arrays.get(name), name).toDoubles();
  }

  /** sums [rows,columns] += the upper left of a matrix of {@code width} columns. */
  private static void add(double[] sums, int columns, double[] matrix, int width) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += matrix[i / columns * width + i % columns];
    }
  }

  /** ‖a − e‖ / ‖e‖. */
  private static void check(String what, double[] actual, double[] expected, double limit) {
    assertEquals(expected.length, actual.length);
    double squares = 0;
    double errors = 0;
    for (int i = 0; i < actual.length; i++) {
      squares += expected[i] * expected[i];
      errors += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    }
    double error = Math.sqrt(errors / squares);
    System.out.printf("%s within %.1e%n", what, error);
    assertTrue(error <= limit, what + " is off by " + error);
  }
}
