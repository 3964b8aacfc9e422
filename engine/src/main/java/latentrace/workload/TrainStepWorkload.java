package latentrace.workload;

import java.util.Arrays;
import latentrace.backend.Backend;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Objective;
import latentrace.model.Pass;
import latentrace.model.Positions;
import latentrace.train.Optimizer;

/**
 * One optimiser step of a β-VAE by plain SGD: batch upload, noise, forward, backward, update. The
 * amount is samples. The learning rate is so small that all steps are alike.
 */
public final class TrainStepWorkload implements Workload {
  private static final double LEARNING_RATE = 1e-9;

  /** So large that the parameters' own digits do not count beside the step's. */
  private static final double CHECKED_RATE = 1024;

  private final Model model;
  private final Pass pass;
  private final Optimizer optimizer;
  private final Dataset data;
  private final Objective objective;
  private final int batch;
  private final double[] initial;
  private double rate = LEARNING_RATE;

  /**
   * Makes the model.
   *
   * @param spec see {@link PaperModels}
   */
  public TrainStepWorkload(Backend backend, ModelSpec spec, int batch) {
    this.batch = batch;
    this.data = PaperModels.images(spec, "noise", batch, 0);
    this.model = PaperModels.model(backend, spec);
    this.initial = model.parameters().values().toDoubles();
    this.objective = model.spec().objectiveAt(1);
    this.pass = model.newPass(batch, 1);
    pass.keep(data);
    this.optimizer =
        new Optimizer(backend, model.parameters(), TrainingSpec.sgd(LEARNING_RATE, batch, 1, 1, 0));
  }

  @Override
  public void run() {
    pass.load(data, Positions.upTo(batch), 0, batch);
    pass.trainingNoise(0, 1);
    optimizer.step(pass, objective, 1.0 / batch, 1, rate);
  }

  @Override
  public double amount() {
    return batch;
  }

  /** The gradients at the initial parameters, as one large step shows them. */
  @Override
  public double[] outcome() {
    model
        .parameters()
        .values()
        .upload(initial); // the steps so far have moved the gradients by 1e-5
    rate = CHECKED_RATE;
    run();
    rate = LEARNING_RATE;
    double[] after = model.parameters().values().toDoubles();
    model.parameters().values().upload(initial);
    Arrays.setAll(after, i -> (initial[i] - after[i]) / CHECKED_RATE);
    return after;
  }

  @Override
  public void close() {
    optimizer.close();
    pass.close();
    model.close();
  }
}
