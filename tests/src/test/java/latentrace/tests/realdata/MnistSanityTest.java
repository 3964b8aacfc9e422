package latentrace.tests.realdata;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.Json;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.Idx;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;
import latentrace.report.Statistics;
import latentrace.train.Trainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kong &amp; Chaudhuri 2021, Table 1, on real MNIST: how often the strongest proponent of a
 * training image is the image itself, over the first 128. A short form runs wherever the data lie
 * beside the project; the whole of it (d = 64, 20,000 iterations, all 60,000 images) with {@code
 * -Dlatentrace.long=true}, and leaves its figures in bench/results.
 */
class MnistSanityTest {
  private static final int TESTS = 128;
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  @TempDir private Path folder;

  private record Form(long iterations, int checkpoints, int candidates, int draws) {}

  @Test
  void aShortTrainingAmongAThousandImages() {
    double rate = topOneRate(new Form(400, 2, 1000, 4));
    assertTrue(rate >= 0.95, "top-1 rate " + rate);
  }

  @Test
  void thePapersModelAmongAllImages() {
    boolean wanted = Boolean.getBoolean("latentrace.long");
    if (!wanted) {
      System.out.println(
          "skipped: MNIST for 20,000 iterations; run it with -Dlatentrace.long=true");
    }
    assumeTrue(wanted, "-Dlatentrace.long=true runs it");
    double rate = topOneRate(new Form(20_000, 4, 60_000, 16));
    assertTrue(rate >= 0.95, "top-1 rate " + rate);
  }

  private double topOneRate(Form form) {
    Dataset mnist = Idx.read(mnist());
    Dataset candidates = mnist.range(0, form.candidates());
    ModelSpec model = ModelSpec.mlpVae(mnist.shape(), 64, 4, Reconstruction.BERNOULLI);
    TrainingSpec training = TrainingSpec.sgd(2e-3, 64, form.iterations(), form.checkpoints(), 1);
    try (Backend backend = Backends.open("auto")) {
      long start = System.nanoTime();
      try (Trainer trainer =
          new Trainer(backend, model, training, mnist, null, folder, Listener.SILENT)) {
        trainer.run();
      }
      double trained = (System.nanoTime() - start) * 1e-9;
      List<Checkpoint> saved = Checkpoint.list(folder);
      VaeTracIn tracIn =
          new VaeTracIn(
              backend,
              model,
              saved,
              CheckpointWeights.uniform(saved.size()),
              VaeTracIn.Settings.defaults(1).withDraws(form.draws()),
              Listener.SILENT);
      try (VaeTracIn.Result result = tracIn.scores(candidates, mnist.range(0, TESTS))) {
        double scored = (System.nanoTime() - start) * 1e-9 - trained;
        int hits = 0;
        float[] row = new float[candidates.count()];
        for (int t = 0; t < TESTS; t++) {
          result.scores().row(t, row);
          hits += Statistics.topK(row, 1)[0] == t ? 1 : 0;
        }
        double rate = (double) hits / TESTS;
        System.out.printf(
            Locale.ROOT,
            "MNIST, d = 64, %d iterations, among %d images: top-1 rate of itself %.4f"
                + " (trained %.0f s, scored %.0f s, %s)%n",
            form.iterations(),
            form.candidates(),
            rate,
            trained,
            scored,
            backend.description());
        if (Boolean.getBoolean("latentrace.long") && form.candidates() == mnist.count()) {
          record(form, rate, trained, scored, backend);
        }
        return rate;
      }
    }
  }

  private static Path mnist() {
    Path shared = Path.of(System.getProperty("latentrace.shared", ROOT + "/../shared"));
    Path file = shared.resolve("data/train-images-idx3-ubyte.gz");
    if (!Files.exists(file)) {
      System.out.println("skipped: no " + file.normalize());
    }
    assumeTrue(Files.exists(file), "no " + file);
    return file;
  }

  private static void record(
      Form form, double rate, double trained, double scored, Backend backend) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("what", "Table 1 sanity check on real MNIST, d = 64, first 128 training images");
    result.put("date", LocalDate.now(java.time.ZoneOffset.UTC).toString());
    result.put("iterations", form.iterations());
    result.put("checkpoints", form.checkpoints());
    result.put("candidates", form.candidates());
    result.put("draws", form.draws());
    result.put("topOneRate", rate);
    result.put("published", 0.992);
    result.put("trainingSeconds", trained);
    result.put("scoringSeconds", scored);
    result.put("backend", backend.name() + ": " + backend.description());
    result.put("java", Runtime.version().toString());
    result.put("processors", Runtime.getRuntime().availableProcessors());
    Json.write(ROOT.resolve("bench/results/mnist-sanity-" + backend.name() + ".json"), result);
  }
}
