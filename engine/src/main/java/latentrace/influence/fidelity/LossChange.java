package latentrace.influence.fidelity;

import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Philox;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Objective;
import latentrace.train.Batches;
import latentrace.train.Schedule;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;

/**
 * VAE-TracIn against what it accounts for (Kong &amp; Chaudhuri 2021, table 7; Pruthi et al. 2020,
 * appendix G): by how much the loss of a test sample falls from one checkpoint to the next, and
 * what first order predicts, Σ_t lr_t·⟨(1/B)·Σ_{x∈batch t} ḡ(x;θ_c), ḡ(z;θ_c)⟩ over the iterations
 * t between. For plain SGD, without momentum and weight decay.
 */
public final class LossChange {
  private final double[] predicted;
  private final double[] actual;

  /**
   * Computes both for all tests and pairs of consecutive checkpoints.
   *
   * @param checkpoints of rising iterations, at least 2; dense, so that first order holds
   * @param training how they were trained
   * @param train what they were trained on
   */
  public LossChange(
      Backend backend,
      ModelSpec spec,
      List<Checkpoint> checkpoints,
      TrainingSpec training,
      Settings settings,
      Dataset train,
      Dataset test,
      Listener listener) {
    int tests = test.count();
    int pairs = checkpoints.size() - 1;
    predicted = new double[pairs * tests];
    actual = new double[pairs * tests];
    Batches batches = new Batches(training, train.count());
    Schedule schedule = Schedule.parse(training.schedule());
    listener.started("loss change", pairs, 0);
    try (Model model = Model.create(backend, spec)) {
      for (int c = 0; c < pairs; c++) {
        Checkpoint from = checkpoints.get(c);
        Checkpoint to = checkpoints.get(c + 1);
        from.load(model);
        Objective objective = settings.attribution().at(spec, from.iteration());
        try (Gradients gradients = new Gradients(model, settings, objective, c)) {
          double[] step = new double[gradients.size()];
          for (long t = from.iteration() + 1; t <= to.iteration(); t++) {
            Dataset batch = train.select(batches.positions(t));
            double[] slope = gradients.mean(batch, Philox.ROLE_TRAIN_SIDE);
            double lr = training.learningRate() * schedule.factor(t, training.iterations());
            for (int i = 0; i < step.length; i++) {
              step[i] += lr * slope[i];
            }
          }
          predict(gradients.all(test, Philox.ROLE_TEST_SIDE), step, c * tests);
          double[] before = gradients.losses(test, Philox.ROLE_TEST_SIDE);
          to.load(model);
          double[] after = gradients.losses(test, Philox.ROLE_TEST_SIDE);
          for (int z = 0; z < tests; z++) {
            actual[c * tests + z] = before[z] - after[z];
          }
        }
        listener.progressed(c + 1L);
      }
    }
    listener.finished();
  }

  private void predict(double[][] rows, double[] step, int at) {
    for (int z = 0; z < rows.length; z++) {
      for (int i = 0; i < step.length; i++) {
        predicted[at + z] += rows[z][i] * step[i];
      }
    }
  }

  /** Pearson's correlation over all pairs of checkpoints and tests. */
  public double pearson() {
    return new PearsonsCorrelation().correlation(predicted, actual);
  }

  /** What first order predicts the loss to fall by [pairs·T]; a copy. */
  public double[] predicted() {
    return predicted.clone();
  }

  /** What it falls by [pairs·T]; a copy. */
  public double[] actual() {
    return actual.clone();
  }
}
