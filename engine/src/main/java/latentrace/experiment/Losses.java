package latentrace.experiment;

import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.Objective;
import latentrace.model.Pass;
import latentrace.model.Positions;

/** Per-sample losses of a model as it is, over m draws of the noise contract. */
final class Losses implements AutoCloseable {
  private static final int TOGETHER = 32;

  private final Objective objective;
  private final long seed;
  private final int stream;
  private final Pass pass;

  /**
   * Memory for it.
   *
   * @param role of the noise, as in {@link Philox}
   */
  Losses(Model model, Objective objective, int draws, long seed, int role) {
    this.objective = objective;
    this.seed = seed;
    this.stream = Philox.stream(role, 0);
    this.pass = model.newPass(TOGETHER, model.noiseSize() == 0 ? 1 : draws);
  }

  /** ℓ of each sample [N]. */
  double[] of(Dataset data) {
    double[] losses = new double[data.count()];
    double[] part = new double[pass.capacity()];
    for (int from = 0; from < losses.length; from += pass.capacity()) {
      int count = Math.min(pass.capacity(), losses.length - from);
      pass.load(data, Positions.upTo(losses.length), from, count);
      pass.contractNoise(seed, stream);
      pass.run(objective, Estimator.PATHWISE, 1, Pass.Wanted.LOSSES);
      pass.losses(part);
      System.arraycopy(part, 0, losses, from, count);
    }
    return losses;
  }

  @Override
  public void close() {
    pass.close();
  }
}
