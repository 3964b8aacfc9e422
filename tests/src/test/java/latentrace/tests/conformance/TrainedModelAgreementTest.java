package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.DigitsGenerator;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;
import latentrace.train.Trainer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scores of one trained model by both CPU backends: within 1e-5 in the norm. */
class TrainedModelAgreementTest {
  private static final ModelSpec MODEL =
      ModelSpec.mlpVae(List.of(1, 28, 28), 6, 2, Reconstruction.BERNOULLI)
          .withHidden(List.of(48, 24));
  private static final double LIMIT = 1e-5;

  @TempDir private Path folder;
  private List<Checkpoint> checkpoints;

  @BeforeEach
  void train() {
    TrainingSpec spec = TrainingSpec.adam(2e-3, 32, 150, 2, 5);
    try (Backend backend = Backends.open("simd", new Options(2));
        Trainer trainer =
            new Trainer(
                backend,
                MODEL,
                spec,
                DigitsGenerator.digits(200, 1),
                null,
                folder,
                Listener.SILENT)) {
      assertEquals(Trainer.Outcome.COMPLETED, trainer.run());
    }
    checkpoints = Checkpoint.list(folder);
    assertEquals(2, checkpoints.size());
  }

  private VaeTracIn.Result scores(String name, int threads, int tile) {
    Dataset train = DigitsGenerator.digits(90, 1);
    Dataset test = DigitsGenerator.digits(11, 2);
    try (Backend backend = Backends.open(name, new Options(threads))) {
      return new VaeTracIn(
              backend,
              MODEL,
              checkpoints,
              CheckpointWeights.uniform(2),
              VaeTracIn.Settings.defaults(3).withTile(tile),
              Listener.SILENT)
          .scoresAndSelfInfluence(train, test);
    }
  }

  private static float[] flat(VaeTracIn.Result result) {
    float[][] rows = result.scores().toFloats();
    float[] all = new float[rows.length * rows[0].length];
    for (int t = 0; t < rows.length; t++) {
      System.arraycopy(rows[t], 0, all, t * rows[t].length, rows[t].length);
    }
    return all;
  }

  private static void agree(String what, float[] expected, float[] actual) {
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      errors += Math.pow((double) actual[i] - expected[i], 2);
      squares += (double) expected[i] * expected[i];
    }
    double relative = Math.sqrt(errors / squares);
    assertTrue(relative <= LIMIT, () -> what + ": relative error " + relative);
  }

  @Test
  void scoresAgree() {
    try (VaeTracIn.Result expected = scores("ejml", 1, 64);
        VaeTracIn.Result actual = scores("simd", 2, 64)) {
      agree("scores", flat(expected), flat(actual));
      agree("self-influence", expected.selfInfluence(), actual.selfInfluence());
      agree("losses", expected.losses(), actual.losses());
    }
  }

  @Test
  void tilesAndThreadsDoNotMatter() {
    try (VaeTracIn.Result expected = scores("simd", 2, 64);
        VaeTracIn.Result actual = scores("simd", 1, 7)) {
      assertArrayEquals(flat(expected), flat(actual));
      assertArrayEquals(expected.selfInfluence(), actual.selfInfluence());
    }
  }
}
