package latentrace.influence.curvature;

import latentrace.backend.Backend.Precision;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.Gradients;

/**
 * Products (H + λI)·v with the Hessian H of the mean loss over a data set, for every layer alike,
 * by central differences of gradients in double: with u = v/‖v‖ and h = 1e-4·(1 + ‖θ‖),
 *
 * <p>Hu = (g(θ − 2hu) − 8g(θ − hu) + 8g(θ + hu) − g(θ + 2hu))/12h + O(h⁴).
 *
 * <p>A gradient that is a polynomial of degree 4 along the line, as a linear auto-encoder's with
 * squared errors (degree 3), has no error but rounding, about 1e-12 of the gradient. At a kink of
 * ReLU the Hessian doesn't exist; a product is that of the loss smoothed over 4h.
 */
public final class HessianProducts {
  private static final double STEP = 1e-4;
  private static final double[] OFFSETS = {-2, -1, 1, 2};
  private static final double[] COEFFICIENTS = {1 / 12.0, -8 / 12.0, 8 / 12.0, -1 / 12.0};

  private final Gradients gradients;
  private final double damping;
  private final double[] origin;
  private final double step;

  /**
   * Products at the model's present parameters, which are the same again after each.
   *
   * @param damping λ
   * @throws InputException unless the backend computes in double
   */
  public HessianProducts(Gradients gradients, double damping) {
    if (gradients.model().backend().precision() != Precision.FLOAT64) {
      throw new InputException(
          "products with the Hessian are differences of gradients and need double precision: take"
              + " backend ejml, not "
              + gradients.model().backend().name());
    }
    this.gradients = gradients;
    this.damping = damping;
    this.origin = gradients.parameters();
    this.step = STEP * (1 + Vectors.norm(origin));
  }

  /** (H + λI)·v [P], H of the mean loss over {@code data}, with the training side's noise. */
  public double[] times(Dataset data, double[] v) {
    double norm = Vectors.norm(v);
    double[] product = new double[v.length];
    if (norm == 0) {
      return product;
    }
    double h = step / norm;
    double[] moved = new double[v.length];
    try {
      for (int k = 0; k < OFFSETS.length; k++) {
        System.arraycopy(origin, 0, moved, 0, moved.length);
        Vectors.add(moved, OFFSETS[k] * h, v);
        gradients.setParameters(moved);
        Vectors.add(product, COEFFICIENTS[k] / h, gradients.mean(data, Philox.ROLE_TRAIN_SIDE));
      }
    } finally {
      gradients.setParameters(origin);
    }
    Vectors.add(product, damping, v);
    return product;
  }

  /** λ. */
  public double damping() {
    return damping;
  }

  /** P. */
  public int size() {
    return gradients.size();
  }
}
