package latentrace.influence.retraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Philox;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Gradients;
import latentrace.influence.ParameterSelection;
import latentrace.influence.PartialRun;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.influence.curvature.ExplicitHessian;
import latentrace.influence.curvature.HessianProducts;
import latentrace.influence.curvature.InfluenceFunctions;
import latentrace.influence.curvature.InfluenceFunctions.Normalisation;
import latentrace.influence.curvature.LinearCase;
import latentrace.influence.retraining.TrainingLearner.Order;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pass;
import latentrace.reference.EjmlBackend;
import latentrace.train.Batches;
import latentrace.train.Trainer;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Retraining, and influence functions beside it where both are exact. */
class RetrainingTest {
  private static final ModelSpec VAE = LinearCase.spec(ModelSpec.MLP_VAE, List.of(4));
  private static final Dataset DATA = LinearCase.data("train", 60, 1);
  private static final Dataset TEST = LinearCase.data("test", 5, 2);
  private static final double DECAY = 0.05;
  private static final Settings SETTINGS = Settings.defaults(3).withDraws(2);
  private final Backend backend = new EjmlBackend(1);

  @TempDir private Path folder;

  private static Retraining retraining(ModelSpec spec, Learner learner, int workers) {
    return new Retraining(
        () -> new EjmlBackend(1), workers, spec, learner, SETTINGS, Listener.SILENT);
  }

  private Learner ridge() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5)) {
      return new NewtonLearner(
          model.parameters().values().toDoubles(),
          SETTINGS.withParameters(ParameterSelection.parse("decoder")),
          DECAY,
          1);
    }
  }

  /** Encoder fixed, decoder linear, squared errors and weight decay: ridge regression. */
  @Test
  void influenceFunctionsMeetLeaveOneOutWhereTheLossIsConvex() {
    Learner learner = ridge();
    Retraining retraining = retraining(LinearCase.SPEC, learner, 2);
    try (ScoreMatrix exact = new LeaveOneOut(retraining).scores(DATA, TEST);
        Model model = Model.create(backend, LinearCase.SPEC)) {
      learner.learn(model, DATA);
      try (Gradients gradients = LinearCase.gradients(model, "decoder");
          ScoreMatrix estimate =
              new InfluenceFunctions(
                      gradients,
                      new ExplicitHessian(
                          new HessianProducts(gradients, DECAY), DATA, Listener.SILENT),
                      Normalisation.NONE,
                      Listener.SILENT)
                  .scores(DATA, TEST)) {
        double[] left = new double[DATA.count()];
        double[] right = new double[DATA.count()];
        for (int t = 0; t < TEST.count(); t++) {
          exact.sums(t, left);
          estimate.sums(t, right);
          double spearman = new SpearmansCorrelation().correlation(left, right);
          assertTrue(spearman >= 0.99, "Spearman of test " + t + ": " + spearman);
          double slope =
              Arrays.stream(right).map(Math::abs).sum() / Arrays.stream(left).map(Math::abs).sum();
          assertEquals(1, slope, 0.15, "sizes agree too");
        }
        LinearDatamodelingScore lds =
            new LinearDatamodelingScore(retraining, DATA, TEST, 0.8, 40, 1);
        for (double score : lds.of(estimate)) {
          assertTrue(score >= 0.9, "linear datamodelling score " + score);
        }
      }
    }
  }

  /** The closed form of ridge regression, for one sample left out. */
  @Test
  void newtonFindsTheMinimum() {
    try (Model model = Model.create(backend, LinearCase.SPEC)) {
      ridge().learn(model, DATA, 7);
      try (Gradients gradients = LinearCase.gradients(model, "decoder")) {
        Dataset rest = TrainingLearner.without(DATA, 7);
        double[] slope = gradients.mean(rest, Philox.ROLE_TRAIN_SIDE);
        double[] theta = gradients.parameters();
        for (int i = 0; i < theta.length; i++) {
          double whole = slope[i] * rest.count() / DATA.count() + DECAY * theta[i];
          assertEquals(0, whole, 1e-9);
        }
      }
    }
  }

  private static TrainingSpec spec(long iterations) {
    return TrainingSpec.sgd(5e-4, 8, iterations, 1, 9).withMomentum(0.5);
  }

  private double[] learned(Learner learner, ModelSpec model, Dataset data, int... omitted) {
    try (Model learning = Model.create(backend, model)) {
      learner.learn(learning, data, omitted);
      return learning.parameters().values().toDoubles();
    }
  }

  @Test
  void withoutNothingItIsTheTrainersModel() {
    double[] learned = learned(new TrainingLearner(spec(40), Order.IN_PLACE), VAE, DATA);
    try (Trainer trainer =
        new Trainer(backend, VAE, spec(40), DATA, null, folder, Listener.SILENT)) {
      trainer.run();
      assertArrayEquals(trainer.model().parameters().values().toDoubles(), learned);
    }
  }

  /** One batch of all samples: steps on the sum of all but one, divided by the number of all. */
  @Test
  void inPlaceASampleHasWeightZero() {
    int n = DATA.count();
    TrainingSpec whole = TrainingSpec.sgd(0.02, n, 12, 1, 9);
    double[] learned =
        learned(new TrainingLearner(whole, Order.IN_PLACE), LinearCase.SPEC, DATA, 11);
    try (Model model = Model.create(backend, LinearCase.SPEC)) {
      model.parameters().initialise(whole.initialisation(), whole.seed());
      Dataset rest = TrainingLearner.without(DATA, 11);
      try (Gradients gradients = LinearCase.gradients(model, "all")) {
        for (int t = 0; t < 12; t++) {
          double[] theta = gradients.parameters();
          double[] slope = gradients.mean(rest, Philox.ROLE_TRAIN_SIDE);
          for (int i = 0; i < theta.length; i++) {
            theta[i] -= 0.02 * (n - 1) / n * slope[i];
          }
          gradients.setParameters(theta);
        }
        assertArrayEquals(gradients.parameters(), learned, 1e-12);
      }
    }
  }

  /** One step with and without a sample differ by its gradient, with the noise of its place. */
  @Test
  void inPlaceTheOthersKeepTheirNoise() {
    int n = DATA.count();
    double lr = 1e-3;
    TrainingSpec once = TrainingSpec.sgd(lr, n, 1, 1, 9);
    Learner learner = new TrainingLearner(once, Order.IN_PLACE);
    double[] with = learned(learner, VAE, DATA);
    int[] order = new Batches(once, n).positions(1);
    for (int place : new int[] {0, 17, n - 1}) {
      double[] without = learned(learner, VAE, DATA, order[place]);
      try (Model model = Model.create(backend, VAE);
          Pass pass = model.newPass(1, 1)) {
        model.parameters().initialise(once.initialisation(), once.seed());
        pass.load(DATA, order, place, 1);
        pass.trainingNoise(once.seed(), 1, new int[] {place});
        pass.run(VAE.objectiveAt(1), Estimator.PATHWISE, 1, Pass.Wanted.GRADIENTS);
        double[] gradient = model.parameters().gradients().toDoubles();
        for (int i = 0; i < gradient.length; i++) {
          assertEquals(lr / n * gradient[i], without[i] - with[i], 1e-12);
        }
      }
    }
  }

  /** Noise and batches of the others stay: before the sample's first batch nothing differs. */
  @Test
  void inPlaceTheOthersKeepTheirBatchesAndNoise() {
    Learner inPlace = new TrainingLearner(spec(7), Order.IN_PLACE);
    double[] all = learned(inPlace, VAE, DATA);
    int same = 0;
    for (int i = 0; i < DATA.count(); i++) {
      same += Arrays.equals(all, learned(inPlace, VAE, DATA, i)) ? 1 : 0;
    }
    assertEquals(4, same, "7 batches of 8 of 60 samples leave 4 unseen");

    double[] anew = learned(new TrainingLearner(spec(7), Order.ANEW), VAE, DATA, 3);
    double[] smaller =
        learned(
            new TrainingLearner(spec(7), Order.IN_PLACE), VAE, TrainingLearner.without(DATA, 3));
    assertArrayEquals(smaller, anew);
  }

  /** As the way gets short, leaving out becomes what first order along it says. */
  @Test
  void tracInAlongEveryIterationMeetsLeaveOneOut() {
    int n = DATA.count();
    TrainingSpec slow = TrainingSpec.sgd(2e-5, n, 30, 30, 9);
    try (Trainer trainer =
        new Trainer(backend, LinearCase.SPEC, slow, DATA, null, folder, Listener.SILENT)) {
      trainer.run();
    }
    List<Checkpoint> checkpoints = Checkpoint.list(folder);
    VaeTracIn tracIn =
        new VaeTracIn(
            backend,
            LinearCase.SPEC,
            checkpoints,
            CheckpointWeights.sgd(checkpoints, slow, n),
            SETTINGS,
            Listener.SILENT);
    Learner learner = new TrainingLearner(slow, Order.IN_PLACE);
    try (ScoreMatrix exact =
            new LeaveOneOut(retraining(LinearCase.SPEC, learner, 2)).scores(DATA, TEST);
        ScoreMatrix estimate = tracIn.scores(DATA, TEST).scores()) {
      double[] left = new double[n];
      double[] right = new double[n];
      for (int t = 0; t < TEST.count(); t++) {
        exact.sums(t, left);
        estimate.sums(t, right);
        double pearson = new PearsonsCorrelation().correlation(left, right);
        assertTrue(pearson >= 0.99, "Pearson of test " + t + ": " + pearson);
      }
    }
  }

  @Test
  void anIterationOfNothingDoesNothing() {
    TrainingSpec single = TrainingSpec.sgd(5e-4, 1, 60, 1, 9);
    double[] learned = learned(new TrainingLearner(single, Order.IN_PLACE), VAE, DATA, 4);
    assertTrue(Arrays.stream(learned).allMatch(Double::isFinite));
  }

  /** Counts how often it learns. */
  private static final class Counting implements Learner {
    final AtomicInteger count = new AtomicInteger();
    final Learner learner = new TrainingLearner(spec(5), Order.IN_PLACE);

    @Override
    public void learn(Model model, Dataset data, int... omitted) {
      count.incrementAndGet();
      learner.learn(model, data, omitted);
    }

    @Override
    public long iterations() {
      return learner.iterations();
    }

    @Override
    public Map<String, Object> describe() {
      return learner.describe();
    }
  }

  @Test
  void goesOnWhereItWasCutOff() {
    Dataset few = DATA.range(0, 10);
    List<int[]> sets =
        List.of(new int[0], new int[] {1}, new int[] {2}, new int[] {3}, new int[] {4, 5});
    double[][] expected = retraining(VAE, new Counting(), 1).losses(few, sets, TEST);
    Map<String, Object> identity = Map.of("run", 1);
    Listener killer =
        new Listener() {
          @Override
          public void progressed(long done) {
            if (done == 3) {
              throw new IllegalStateException("killed");
            }
          }
        };
    Retraining killed =
        new Retraining(() -> new EjmlBackend(1), 2, VAE, new Counting(), SETTINGS, killer);
    Path place = folder.resolve("partial");
    assertThrows(
        IllegalStateException.class,
        () -> killed.keeping(PartialRun.in(place, identity, false)).losses(few, sets, TEST));
    Counting rest = new Counting();
    PartialRun partial = PartialRun.in(place, identity, false);
    double[][] resumed = retraining(VAE, rest, 2).keeping(partial).losses(few, sets, TEST);
    assertEquals(2, rest.count.get());
    for (int k = 0; k < expected.length; k++) {
      assertArrayEquals(expected[k], resumed[k]);
    }
    partial.remove();
  }

  @Test
  void saysThatTrainingDiverged() {
    Learner diverging = new TrainingLearner(TrainingSpec.sgd(10, 8, 50, 1, 9), Order.IN_PLACE);
    InputException failure =
        assertThrows(
            InputException.class,
            () -> retraining(VAE, diverging, 1).losses(DATA, List.of(new int[0]), TEST));
    assertEquals(
        "retraining without 0 samples diverged: the loss of test sample 0 is NaN; train with a smaller"
            + " --lr",
        failure.getMessage());
  }

  @Test
  void aFailureOfAWorkerIsTheCallers() {
    Learner diverging = new TrainingLearner(TrainingSpec.sgd(0.01, 64, 5, 1, 9), Order.ANEW);
    InputException failure =
        assertThrows(
            InputException.class,
            () ->
                retraining(VAE, diverging, 2)
                    .losses(DATA, List.of(new int[0], new int[] {1}), TEST));
    assertTrue(failure.getMessage().contains("do not fill one batch of 64"), failure.getMessage());
  }
}
