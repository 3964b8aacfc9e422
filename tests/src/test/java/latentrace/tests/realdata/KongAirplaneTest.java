package latentrace.tests.realdata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.data.Npz;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.VaeTracIn;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pass;
import latentrace.model.Positions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * VAE-TracIn through the convolutional β-VAE with the weights that Kong &amp; Chaudhuri published,
 * against PyTorch in double (data/kong2021 beside the project). Weights and images come from {@code
 * src/test/fixtures/kong2021_npz.py}; the folder it wrote is {@code -Dlatentrace.kong2021}.
 */
class KongAirplaneTest {
  private static final Path REFERENCE =
      Path.of("").toAbsolutePath().getParent().resolveSibling("shared/data/kong2021");
  private static final int[] ITERATIONS = {50_000, 750_000, 1_500_000};
  private static final int TESTS = 16;
  private static final ModelSpec MODEL =
      ModelSpec.convVae(3, 64, 2, Reconstruction.GAUSSIAN).withLossScale(1 / 12288.0);

  @TempDir private Path folder;

  private static Path converted() {
    String property = System.getProperty("latentrace.kong2021");
    boolean there = property != null && Files.isDirectory(REFERENCE);
    if (!there) {
      System.out.println("skipped: the published checkpoints; -Dlatentrace.kong2021 is not given");
    }
    assumeTrue(there, "-Dlatentrace.kong2021 and data/kong2021");
    return Path.of(property);
  }

  private static double[] array(Map<String, NpyArray> arrays, String name) {
    return Objects.requireNonNull(arrays.get(name), name).toDoubles();
  }

  private List<Checkpoint> checkpoints(Backend backend, Path source) {
    List<Checkpoint> checkpoints = new ArrayList<>();
    try (Model model = Model.create(backend, MODEL)) {
      for (int iteration : ITERATIONS) {
        Map<String, NpyArray> weights = Npz.read(source.resolve("kong-" + iteration + ".npz"));
        assertEquals(weights.keySet(), model.parameters().named().keySet());
        model
            .parameters()
            .named()
            .forEach((name, parameter) -> parameter.value().upload(array(weights, name)));
        checkpoints.add(Checkpoint.save(model, folder, iteration));
      }
    }
    return checkpoints;
  }

  @Test
  void simdAgreesToAThousandth() {
    agrees("simd", 200, 1e-3);
  }

  @Test
  void theReferenceAgreesToATenThousandth() {
    agrees("ejml", 6, 1e-4);
  }

  private void agrees(String name, int samples, double limit) {
    Path source = converted();
    assumeTrue(
        Backends.providers().stream().anyMatch(p -> p.name().equals(name) && p.probe().available()),
        name);
    Dataset data = Npy.readDataset(source.resolve("airplanes.npy")).range(0, samples);
    int tests = Math.min(TESTS, samples);
    try (Backend backend = Backends.open(name)) {
      List<Checkpoint> checkpoints = checkpoints(backend, source);
      double[] self = new double[samples];
      double[] scores = new double[tests * samples];
      // the sums over the first one, two, three checkpoints
      for (int c = 0; c < ITERATIONS.length; c++) {
        Map<String, NpyArray> reference =
            Npz.read(REFERENCE.resolve("reference-" + ITERATIONS[c] + ".npz"));
        add(self, samples, array(reference, "self_influence"), 200);
        add(scores, samples, array(reference, "scores"), 200);
        means(backend, checkpoints.get(c), data, array(reference, "mu"));
        VaeTracIn tracIn =
            new VaeTracIn(
                backend,
                MODEL,
                checkpoints.subList(0, c + 1),
                CheckpointWeights.uniform(c + 1),
                VaeTracIn.Settings.defaults(7),
                Listener.SILENT);
        try (VaeTracIn.Result result = tracIn.scoresAndSelfInfluence(data, data.range(0, tests))) {
          check("loss", result.losses(), array(reference, "loss"), 1e-5);
          check("self-influence", result.selfInfluence(), self, limit);
          float[] flat = new float[tests * samples];
          for (int t = 0; t < tests; t++) {
            System.arraycopy(result.scores().toFloats()[t], 0, flat, t * samples, samples);
          }
          matrix(flat, scores, limit);
        }
      }
    }
  }

  /** sums [rows,columns] += the upper left of a matrix of {@code width} columns. */
  private static void add(double[] sums, int columns, double[] matrix, int width) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += matrix[i / columns * width + i % columns];
    }
  }

  private static void means(Backend backend, Checkpoint checkpoint, Dataset data, double[] mu) {
    try (Model model = Model.create(backend, MODEL);
        Pass pass = model.newPass(data.count(), 1)) {
      checkpoint.load(model);
      pass.load(data, Positions.upTo(data.count()), 0, data.count());
      pass.noise().fill(0);
      pass.run(MODEL.objectiveAt(0), Estimator.PATHWISE, 1, Pass.Wanted.LOSSES);
      double[] code = new double[data.count() * 128];
      pass.code().download(0, code, 0, code.length);
      double worst = 0;
      for (int i = 0; i < data.count(); i++) {
        for (int l = 0; l < 64; l++) {
          double expected = mu[i * 64 + l];
          double error = Math.abs(code[i * 128 + l] - expected) / Math.max(1, Math.abs(expected));
          assertTrue(error <= 1e-5, () -> "mu is off by " + error);
          worst = Math.max(worst, error);
        }
      }
      System.out.printf("%s %s: mu within %.1e%n", backend.name(), checkpoint.iteration(), worst);
    }
  }

  private static void check(String what, float[] actual, double[] expected, double limit) {
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      double error = Math.abs(actual[i] - expected[i]) / Math.abs(expected[i]);
      worst = Double.isNaN(error) ? Double.NaN : Math.max(worst, error);
    }
    System.out.printf("%s within %.1e%n", what, worst);
    assertTrue(worst <= limit, what + " is off by " + worst);
  }

  /**
   * The error of the matrix as a whole. Single scores may be further off in single precision: a
   * unit near 0 is on one side of its ReLU's kink there and on the other here.
   */
  private static void matrix(float[] actual, double[] expected, double limit) {
    double squares = 0;
    double errors = 0;
    for (int i = 0; i < actual.length; i++) {
      squares += expected[i] * expected[i];
      errors += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    }
    double error = Math.sqrt(errors / squares);
    System.out.printf("scores within %.1e%n", error);
    assertTrue(error <= limit, "scores are off by " + error);
  }
}
