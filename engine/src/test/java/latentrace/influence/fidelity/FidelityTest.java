package latentrace.influence.fidelity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import latentrace.Listener;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Gradients;
import latentrace.influence.InfluenceMethod;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.influence.curvature.LinearCase;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.reference.EjmlBackend;
import latentrace.train.Trainer;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each study where the answer is known, or must have a certain shape. */
class FidelityTest {
  private static final ModelSpec VAE =
      new ModelSpec(
          ModelSpec.MLP_VAE,
          List.of(LinearCase.FEATURES),
          List.of(6),
          LinearCase.CODE,
          0,
          Activation.TANH,
          Activation.IDENTITY,
          Reconstruction.MSE,
          ModelSpec.OBJECTIVE_H,
          0.5,
          0,
          0,
          0,
          1);
  private static final Dataset DATA = LinearCase.data("train", 48, 1);
  private static final Dataset TEST = LinearCase.data("test", 6, 2);
  private static final Settings SETTINGS = Settings.defaults(3).withDraws(8);
  private final Backend backend = new EjmlBackend(1);

  @TempDir private Path folder;

  private List<Checkpoint> trained(TrainingSpec spec) {
    try (Trainer trainer = new Trainer(backend, VAE, spec, DATA, null, folder, Listener.SILENT)) {
      trainer.run();
    }
    return Checkpoint.list(folder);
  }

  @Test
  void theErrorOfMDrawsFallsWithTheirRoot() {
    try (Model model = LinearCase.model(backend, VAE, 4);
        Model other = LinearCase.model(backend, VAE, 5)) {
      MonteCarloError error =
          new MonteCarloError(
              MonteCarloError.lossDifference(
                  model,
                  other.parameters().values().toDoubles(),
                  SETTINGS,
                  VAE.objectiveAt(0),
                  TEST),
              new int[] {1, 2, 4, 8, 16, 32},
              100,
              17);
      assertEquals(-0.5, error.slope(), 0.1);
      double typical = Math.sqrt(error.variance());
      for (MonteCarloError.Point point : error.points()) {
        for (double epsilon : new double[] {typical / 4, typical, 3 * typical}) {
          double bound = error.bound(point.draws(), epsilon);
          assertTrue(
              point.exceeding(epsilon) <= bound + 0.05,
              point.draws() + " draws: " + point.exceeding(epsilon) + " above " + bound);
        }
      }
      long draws = error.drawsFor(typical / 2, 0.25);
      assertTrue(draws == 16 || draws == 17, draws + " draws");
    }
  }

  @Test
  void tracInAccountsForTheChangeOfLossBetweenDenseCheckpoints() {
    TrainingSpec spec = TrainingSpec.sgd(0.002, 8, 60, 60, 9);
    LossChange change =
        new LossChange(
            backend, VAE, trained(spec), spec, SETTINGS.withDraws(64), DATA, TEST, Listener.SILENT);
    assertTrue(change.pearson() >= 0.9, "Pearson " + change.pearson());
    assertEquals(59 * TEST.count(), change.actual().length);
    double predicted = 0;
    double actual = 0;
    for (int i = 0; i < change.actual().length; i++) {
      predicted += change.predicted()[i];
      actual += change.actual()[i];
    }
    assertEquals(1, predicted / actual, 0.3, "sizes agree too");
  }

  @Test
  void checkpointsAreChosenUntilTheSumIsWhole() {
    List<Checkpoint> checkpoints = trained(TrainingSpec.sgd(0.005, 8, 40, 4, 9));
    double[] weights = {1, 2, 0.5, 1};
    CheckpointSelection selection =
        new CheckpointSelection(
            backend, VAE, checkpoints, weights, SETTINGS, DATA, TEST, 5, Listener.SILENT);
    List<CheckpointSelection.Step> steps = selection.steps();
    assertEquals(4, steps.size());
    assertEquals(4, steps.stream().map(CheckpointSelection.Step::ordinal).distinct().count());
    Agreement last = steps.get(3).tradeoff().agreement();
    assertEquals(1, last.spearman(), 1e-12);
    assertEquals(1, last.recall(), 0);
    assertTrue(steps.get(0).tradeoff().seconds() < steps.get(3).tradeoff().seconds());

    try (VaeTracIn.Result whole = tracIn(checkpoints, weights, SETTINGS, 0);
        VaeTracIn.Result first = tracIn(checkpoints.subList(0, 1), new double[] {1}, SETTINGS, 0);
        VaeTracIn.Result rest =
            tracIn(checkpoints.subList(1, 4), new double[] {2, 0.5, 1}, SETTINGS, 1)) {
      double[] sum = new double[DATA.count()];
      double[] a = new double[DATA.count()];
      double[] b = new double[DATA.count()];
      for (int t = 0; t < TEST.count(); t++) {
        whole.scores().sums(t, sum);
        first.scores().sums(t, a);
        rest.scores().sums(t, b);
        for (int i = 0; i < sum.length; i++) {
          assertEquals(sum[i], a[i] + b[i], 1e-12 * (Math.abs(a[i]) + Math.abs(b[i])));
        }
      }
    }
  }

  private VaeTracIn.Result tracIn(
      List<Checkpoint> checkpoints, double[] weights, Settings settings, int first) {
    return new VaeTracIn(
            backend,
            VAE,
            checkpoints,
            weights,
            settings.withNoise(settings.noise().startingAt(first)),
            Listener.SILENT)
        .scores(DATA, TEST);
  }

  @Test
  void fewerParametersAgreeLess() {
    List<Checkpoint> checkpoints = trained(TrainingSpec.sgd(0.005, 8, 40, 2, 9));
    List<Tradeoff> curve =
        ParameterChoice.measure(
            backend,
            VAE,
            checkpoints,
            CheckpointWeights.uniform(2),
            SETTINGS,
            List.of("decoder", "last:1"),
            DATA,
            TEST,
            5);
    assertEquals(1, curve.get(0).agreement().spearman(), 1e-12);
    assertTrue(curve.get(1).agreement().spearman() < 1);
    assertTrue(curve.get(1).agreement().spearman() > 0.5);
    assertTrue(curve.get(2).describe().startsWith("parameters last:1: "));
  }

  @Test
  void lowRankFactorsAreTheClosest() {
    Random random = new Random(3);
    DMatrixRMaj left = RandomMatrices_DDRM.rectangle(4, 7, -1, 1, random);
    DMatrixRMaj right = RandomMatrices_DDRM.rectangle(4, 3, -1, 1, random);
    DMatrixRMaj whole = new DMatrixRMaj(7, 3);
    CommonOps_DDRM.multTransA(left, right, whole);
    double before = Double.POSITIVE_INFINITY;
    for (int rank = 1; rank <= 4; rank++) {
      LowRankFactors low = LowRankFactors.of(left, right, rank);
      DMatrixRMaj product = new DMatrixRMaj(7, 3);
      CommonOps_DDRM.multTransA(low.left(), low.right(), product);
      CommonOps_DDRM.subtractEquals(product, whole);
      assertEquals(NormOps_DDRM.normF(product), low.error(), 1e-12);
      assertEquals(NormOps_DDRM.normF(whole), low.norm(), 1e-12);
      assertTrue(low.error() < before || low.error() < 1e-12);
      before = low.error();
    }
    assertEquals(0, before, 1e-12, "rank 3 of 3 is exact");
  }

  @Test
  void fullRankIsExact() {
    try (Model model = LinearCase.model(backend, VAE, 4);
        Gradients gradients = new Gradients(model, SETTINGS, VAE.objectiveAt(0), 0)) {
      List<LowRankDraws.Point> curve =
          LowRankDraws.measure(gradients, new int[] {1, 2, 7, 8}, DATA, TEST, 5);
      for (int k = 1; k < curve.size(); k++) {
        assertTrue(curve.get(k).gradientError() <= curve.get(k - 1).gradientError() + 1e-12);
      }
      assertTrue(curve.get(0).gradientError() > 0.01);
      assertTrue(curve.get(0).tradeoff().agreement().spearman() > 0.8);
      assertEquals(0, curve.get(3).gradientError(), 1e-12);
      assertEquals(1, curve.get(3).tradeoff().agreement().pearson(), 1e-12);
      assertEquals(1, curve.get(2).tradeoff().agreement().pearson(), 1e-9, "rank 6 of 6 inputs");
    }
  }

  @Test
  void allNeighboursAreAll() {
    try (Model model = LinearCase.model(backend, VAE, 4);
        Gradients gradients = new Gradients(model, SETTINGS, VAE.objectiveAt(0), 0)) {
      // proponents by construction: the nearest in latent space
      double[][] train = NeighborPrefilter.latents(gradients, DATA);
      double[][] test = NeighborPrefilter.latents(gradients, TEST);
      InfluenceMethod nearest =
          (x, z) -> {
            ScoreMatrix scores = new ScoreMatrix(z.count(), x.count());
            double[] row = new double[x.count()];
            for (int t = 0; t < z.count(); t++) {
              for (int i = 0; i < row.length; i++) {
                double[] latent = train[x.fileIndex(i)];
                row[i] = -Math.hypot(latent[0] - test[t][0], latent[1] - test[t][1]);
              }
              scores.setSums(t, row);
            }
            return scores;
          };
      List<NeighborPrefilter.Point> curve =
          NeighborPrefilter.measure(gradients, nearest, new int[] {2, 4, 48}, 4, DATA, TEST);
      assertEquals(0.5, curve.get(0).recall());
      assertEquals(1, curve.get(1).recall());
      assertEquals(1, curve.get(2).recall());
      assertEquals(1, curve.get(2).scored());
      assertTrue(curve.get(0).scored() <= 12.0 / 48);
    }
  }

  @Test
  void agreementByHand() {
    try (ScoreMatrix reference = new ScoreMatrix(1, 4);
        ScoreMatrix other = new ScoreMatrix(1, 4);
        ScoreMatrix smaller = new ScoreMatrix(1, 3)) {
      reference.setSums(0, new double[] {1, 2, 3, 4});
      other.setSums(0, new double[] {1, 2, 40, 3});
      Agreement agreement = Agreement.of(reference, other, 2);
      assertEquals(1 - 6.0 * 2 / (4 * 15), agreement.spearman(), 1e-12);
      assertEquals(1, agreement.recall());
      assertEquals(0, Agreement.of(reference, other, 1).recall());
      assertArrayEquals(new int[] {2, 3}, Agreement.top(new double[] {1, 2, 40, 3}, 2));
      assertThrows(IllegalArgumentException.class, () -> Agreement.of(reference, smaller, 1));
    }
  }
}
