package latentrace.influence.retraining;

import java.util.Arrays;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.influence.curvature.ExplicitHessian;
import latentrace.influence.curvature.HessianProducts;
import latentrace.model.Model;

/**
 * The exact minimum of (1/N)·Σ_{i∉S} ℓ(x_i) + ½·decay·‖θ‖² over the selected parameters, all others
 * held, by Newton's method with the explicit Hessian: where that is convex, such as for a linear
 * decoder with squared errors (ridge regression on the codes) or any last linear layer. For up to
 * {@link ExplicitHessian#MOST} parameters.
 */
public final class NewtonLearner implements Learner {
  private static final int MOST_STEPS = 50;

  /** Of the length of the parameters: what a last step is below. */
  private static final double TOLERANCE = 1e-10;

  private final double[] start;
  private final Settings settings;
  private final double decay;
  private final long iterations;

  /**
   * Minimisation from given parameters.
   *
   * @param start all parameters of the model [|θ|]
   * @param settings draws, noise, and which parameters are learned
   * @param decay λ of ½λ‖θ‖², θ the selected parameters
   * @param iterations at which the loss is taken, see {@link
   *     latentrace.model.ModelSpec#objectiveAt}
   */
  public NewtonLearner(double[] start, Settings settings, double decay, long iterations) {
    this.start = start.clone();
    this.settings = settings;
    this.decay = decay;
    this.iterations = iterations;
  }

  /**
   * {@inheritDoc}
   *
   * @throws InputException if the loss is not convex on the way, or the steps do not end
   */
  @Override
  public void learn(Model model, Dataset data, int... omitted) {
    Dataset kept = TrainingLearner.without(data, omitted);
    double share = (double) kept.count() / data.count();
    model.parameters().values().upload(start);
    try (Gradients gradients =
        new Gradients(model, settings, settings.attribution().at(model.spec(), iterations), 0)) {
      double[] theta = gradients.parameters();
      double length = Double.POSITIVE_INFINITY;
      for (int k = 0; length > TOLERANCE * norm(theta); k++) {
        if (k == MOST_STEPS) {
          throw new InputException(
              "Newton's method: a step of length %.3g after %d".formatted(length, MOST_STEPS));
        }
        double[] gradient = gradients.mean(kept, Philox.ROLE_TRAIN_SIDE);
        for (int i = 0; i < theta.length; i++) {
          gradient[i] += decay / share * theta[i];
        }
        HessianProducts products = new HessianProducts(gradients, decay / share);
        double[] step =
            new ExplicitHessian(products, kept, Listener.SILENT)
                .solve(new double[][] {gradient})[0];
        for (int i = 0; i < theta.length; i++) {
          theta[i] -= step[i];
        }
        gradients.setParameters(theta);
        length = norm(step);
      }
    }
  }

  private static double norm(double[] vector) {
    return Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum());
  }

  @Override
  public long iterations() {
    return iterations;
  }

  @Override
  public Map<String, Object> describe() {
    return Map.of(
        "start", Arrays.hashCode(start),
        "parameters", settings.parameters().toString(),
        "decay", decay);
  }
}
