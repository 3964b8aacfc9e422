package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import latentrace.Listener;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.data.NpyMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;
import latentrace.train.Batches;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stages on the reference backend, small: found again, gone on with, refused. */
class StagesTest {
  private static final int SAMPLES = 23;
  private static final int SIZE = 6;

  @TempDir private Path folder;

  private Backend backend;
  private Dataset data;
  private Lab lab;

  /** Breaks off like a kill, after some progress. */
  private static final class Cut implements Listener {
    private int left;

    Cut(int steps) {
      left = steps;
    }

    @Override
    public void progressed(long done) {
      if (left-- == 0) {
        throw new IllegalStateException("killed");
      }
    }
  }

  @BeforeEach
  void open() {
    backend = Backends.open("ejml");
    Random random = new Random(3);
    float[] values = new float[SAMPLES * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    data = Dataset.ofFloats("data", new int[] {SIZE}, values, null);
    lab = lab(folder.resolve("stages"), Listener.SILENT);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private Lab lab(Path stages, Listener listener) {
    return new Lab(
        new Lab.Settings(Scale.SMOKE, 1, null, null, false),
        new Lab.Means(backend, stages, listener, line -> {}));
  }

  private TrainStage training(TrainingSpec spec) {
    ModelSpec model =
        ModelSpec.mlpVae(List.of(SIZE), 2, 1, Reconstruction.BERNOULLI).withHidden(List.of(5));
    return new TrainStage(model, spec, data, "ejml");
  }

  private TrainStage training() {
    return training(TrainingSpec.sgd(1e-2, 4, 12, 3, 7));
  }

  private ScoreStage scores() {
    return new ScoreStage(training(), data, data.range(0, 5), new Scoring(3, 9, false), "ejml");
  }

  private static float[][] rows(NpyMatrix matrix) {
    return Measures.rows(matrix);
  }

  @Test
  void whatIsDoneIsNotDoneAgain() {
    float[][] first = rows(lab.get(scores()));
    assertEquals(2, lab.stages().made()); // the training it needs, too
    Lab other = lab(folder.resolve("stages"), new Cut(0)); // any work would break it off
    float[][] second = rows(other.get(scores()));
    other.stages().ensure(scores(), other);
    assertArrayEquals(first, second);
    assertEquals(0, other.stages().made());
    assertEquals(1, other.stages().reused());
  }

  @Test
  void aCutOffRunGoesOnToTheSameNumbers() {
    float[][] whole = rows(lab.get(scores()));
    Path stages = folder.resolve("cut");
    int cuts = 0;
    for (int steps = 1; ; steps++) {
      Lab cut = lab(stages, new Cut(steps));
      try {
        assertArrayEquals(whole, rows(cut.get(scores())));
        break;
      } catch (IllegalStateException e) {
        cuts++;
      }
    }
    assertTrue(cuts >= 2, "cut off " + cuts + " times");
  }

  @Test
  void otherSettingsAreAnotherStage() {
    String key = StageStore.key(scores());
    Scoring more = new Scoring(4, 9, false);
    assertTrue(
        !key.equals(
            StageStore.key(new ScoreStage(training(), data, data.range(0, 5), more, "ejml"))));
    assertTrue(
        !key.equals(
            StageStore.key(
                new ScoreStage(
                    training(), data, data.range(1, 5), new Scoring(3, 9, false), "ejml"))));
  }

  @Test
  void aForeignManifestIsRefusedByItsField() throws Exception {
    lab.get(scores());
    Path manifest =
        folder.resolve("stages").resolve(StageStore.key(scores())).resolve("stage.json");
    String text = Files.readString(manifest);
    Files.writeString(manifest, text.replace("\"draws\" : 3", "\"draws\" : 8"));
    InputException e = assertThrows(InputException.class, () -> lab.stages().ensure(scores(), lab));
    assertEquals(
        manifest
            + ": of another stage: identity.scoring.draws is 8 there, 3 was asked for; delete its"
            + " folder to do it anew",
        e.getMessage());
  }

  /** Each in turn is what VaeTracIn and the encoder give. */
  @Test
  void stagesHoldWhatTheyName() {
    List<Checkpoint> checkpoints = lab.get(training());
    assertEquals(3, checkpoints.size());
    VaeTracIn tracIn =
        new VaeTracIn(
            backend,
            training().spec(),
            ModelStage.last(checkpoints),
            new double[] {1},
            VaeTracIn.Settings.defaults(9).withDraws(3),
            Listener.SILENT);
    try (VaeTracIn.Result expected = tracIn.selfInfluence(data)) {
      SelfStage.Values values =
          lab.get(new SelfStage(training(), data, new Scoring(3, 9, false), "ejml"));
      assertArrayEquals(expected.selfInfluence(), values.self());
      assertArrayEquals(expected.losses(), values.losses());
    }
    NpyMatrix latents = lab.get(new LatentStage(training(), data, "ejml"));
    assertEquals(SAMPLES, latents.rows());
    assertEquals(2, latents.columns());
    float[][] inPieces = rows(latents);
    NpyMatrix few = lab.get(new LatentStage(training(), data.range(20, 3), "ejml"));
    assertArrayEquals(new float[][] {inPieces[20], inPieces[21], inPieces[22]}, rows(few));
  }

  /**
   * With a small learning rate, the predicted change of a step is the true one to first order;
   * without latent noise, which training draws anew, to nothing but that.
   */
  @Test
  void predictedLossChangesAreTheTrueOnes() {
    ModelSpec autoEncoder =
        new ModelSpec(
            ModelSpec.MLP_AUTOENCODER,
            List.of(SIZE),
            List.of(5),
            2,
            0,
            Activation.TANH,
            Activation.IDENTITY,
            Reconstruction.MSE,
            ModelSpec.OBJECTIVE_H,
            0,
            0,
            0,
            0,
            1);
    TrainStage small =
        new TrainStage(autoEncoder, TrainingSpec.sgd(1e-5, 7, 4, 4, 7), data, "ejml");
    LossChangeStage stage =
        new LossChangeStage(small, data.range(0, 6), new Scoring(1, 9, false), 1, 3, "ejml");
    NpyMatrix changes = lab.get(stage);
    double error = 0;
    double size = 0;
    for (int step = 0; step < 3; step++) {
      float[] predicted = changes.row(2 * step);
      float[] actual = changes.row(2 * step + 1);
      for (int z = 0; z < predicted.length; z++) {
        error += Math.abs(predicted[z] - actual[z]);
        size += Math.abs(actual[z]);
      }
    }
    assertTrue(size > 0 && error / size <= 1e-3, error + " of " + size);
  }

  /** Every iteration's batch, put together over an epoch, is every sample once. */
  @Test
  void batchesOfAnEpochAreAPermutation() {
    TrainingSpec spec = TrainingSpec.sgd(1e-2, 4, 12, 3, 7);
    boolean[] seen = new boolean[SAMPLES];
    for (int iteration = 6; iteration <= 10; iteration++) { // five batches, the second epoch
      for (int i : new Batches(spec, SAMPLES).positions(iteration)) {
        assertTrue(!seen[i]);
        seen[i] = true;
      }
    }
    int count = 0;
    for (boolean s : seen) {
      count += s ? 1 : 0;
    }
    assertEquals(20, count);
  }
}
