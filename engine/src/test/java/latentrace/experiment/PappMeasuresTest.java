package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PappMeasuresTest {
  @TempDir private Path folder;

  /** Pooled: over all numbers; row by row: the mean over rows that vary. */
  @Test
  void correlations() {
    float[][] a = {{0, 1, 2}, {3, 3, 3}, {1, 2, 3}};
    float[][] b = {{0, 2, 4}, {1, 2, 3}, {3, 2, 1}};
    assertEquals(0, EncoderAgainstModel.meanCorrelation(a, b), 1e-12);
    float[][] c = {{1, 3, 5}, {7, 7, 7}, {3, 5, 7}};
    assertEquals(1, TaskCorrelations.correlation(a, c), 1e-12);
    double products = 0 + 2 + 8 + 3 + 6 + 9 + 3 + 4 + 3;
    double covariance = products - 18.0 * 18 / 9;
    double varianceA = 0 + 1 + 4 + 27 + 1 + 4 + 9 - 18.0 * 18 / 9;
    double varianceB = 0 + 4 + 16 + 1 + 4 + 9 + 9 + 4 + 1 - 18.0 * 18 / 9;
    assertEquals(
        covariance / Math.sqrt(varianceA * varianceB), TaskCorrelations.correlation(a, b), 1e-12);
  }

  /** Clear is two standard errors; of 1, 2, 6 the mean is 3 ± 1.53. */
  @Test
  void verdicts() {
    var values = Measures.summary(1, 2, 6);
    assertFalse(Verdict.above(values, 0));
    assertTrue(Verdict.above(values, -0.1));
    assertTrue(Verdict.below(values, 6.1));
    assertFalse(Verdict.below(values, 6));
    assertEquals(
        "Claim 1.1 does not hold: 3 of 9 cases.", Verdict.of("1.1", false, "3 of 9 cases"));
  }

  @Test
  void aMatrixIsMadeOnce() {
    try (Backend backend = Backends.open("ejml")) {
      Lab lab =
          new Lab(
              new Lab.Settings(Scale.SMOKE, 1, null, null, false),
              new Lab.Means(backend, folder, Listener.SILENT, line -> {}));
      int[] calls = {0};
      MatrixStage stage =
          new MatrixStage(
              "numbers",
              "numbers",
              Map.of("which", "some"),
              () -> {
                calls[0]++;
                return new float[][] {{1, 2}, {3, 4}, {5, 6}};
              });
      for (int k = 0; k < 2; k++) {
        assertArrayEquals(new float[][] {{1, 2}, {3, 4}, {5, 6}}, Measures.rows(lab.get(stage)));
      }
      assertEquals(1, calls[0]);
    }
  }

  /** Every task has a model on every data set, and the seeds of runs differ. */
  @Test
  void models() {
    try (Backend backend = Backends.open("ejml")) {
      PappLab lab =
          new PappLab(
              new Lab.Settings(Scale.SMOKE, 5, null, null, false),
              PappScale.of(Scale.SMOKE),
              new Lab.Means(backend, folder, Listener.SILENT, line -> {}));
      for (Task task : Task.values()) {
        for (Domain domain : new Domain[] {lab.mnist(), lab.cifar(), lab.beats()}) {
          TrainStage model = lab.encoder(domain, task, 1);
          assertEquals(6, model.training().seed());
          assertEquals(domain.train().sampleSize(), model.spec().sampleSize());
          if (domain.train().shape().size() > 2) {
            assertEquals(task, model.spec().pretext().task());
          }
        }
      }
      assertEquals(ModelSpec.OBJECTIVE_TC, lab.vae(lab.large(), true, 5, 0).spec().objective());
      assertEquals(5.0, lab.vae(lab.large(), false, 5, 0).spec().beta());
      assertEquals(
          Reconstruction.BERNOULLI, lab.vae(lab.large(), false, 5, 0).spec().reconstruction());
      assertEquals(
          ModelSpec.RECURRENT_AUTOENCODER,
          lab.encoder(lab.anomalies(), Task.DENOISING, 0).spec().model());
      for (int label : lab.anomalies().test().labels()) {
        assertEquals(1, label);
      }
    }
  }
}
