package latentrace.influence.curvature;

import latentrace.Listener;
import latentrace.data.Dataset;
import latentrace.data.InputException;

/** (H + λI)⁻¹v by conjugate gradients (Martens 2010), until ‖r‖ ≤ tolerance·‖v‖. */
public final class ConjugateGradients implements InverseCurvature {
  private final HessianProducts products;
  private final Dataset data;
  private final double tolerance;
  private final int iterations;
  private final Listener listener;

  /**
   * Prepares solutions with H of the mean loss over {@code data}.
   *
   * @param tolerance of the residual, relative, e.g. 1e-8
   * @param iterations at most, per vector
   */
  public ConjugateGradients(
      HessianProducts products, Dataset data, double tolerance, int iterations, Listener listener) {
    this.products = products;
    this.data = data;
    this.tolerance = tolerance;
    this.iterations = iterations;
    this.listener = listener;
  }

  /**
   * {@inheritDoc}
   *
   * @throws InputException at a direction of negative curvature, or if the tolerance is not reached
   */
  @Override
  public double[][] solve(double[][] vectors) {
    listener.started("conjugate gradients", vectors.length, 0);
    double[][] solutions = new double[vectors.length][];
    for (int k = 0; k < vectors.length; k++) {
      solutions[k] = solve(vectors[k]);
      listener.progressed(k + 1);
    }
    listener.finished();
    return solutions;
  }

  private double[] solve(double[] v) {
    double[] x = new double[v.length];
    double[] residual = v.clone();
    double[] direction = v.clone();
    double square = Vectors.dot(residual, residual);
    double goal = tolerance * tolerance * square;
    for (int k = 0; square > goal; k++) {
      if (k == iterations) {
        throw new InputException(
            "conjugate gradients: residual %.3g of the vector after %d iterations, %.3g was wanted:"
                    .formatted(Math.sqrt(square) / Vectors.norm(v), iterations, tolerance)
                + " give more --damping or --cg-iterations");
      }
      double[] image = products.times(data, direction);
      double curvature = Vectors.dot(direction, image);
      if (!(curvature > 0)) {
        throw new InputException(
            "conjugate gradients: a direction of curvature %.3g with damping %s: give more --damping"
                .formatted(curvature / Vectors.dot(direction, direction), products.damping()));
      }
      double step = square / curvature;
      Vectors.add(x, step, direction);
      Vectors.add(residual, -step, image);
      double next = Vectors.dot(residual, residual);
      Vectors.scale(direction, next / square);
      Vectors.add(direction, 1, residual);
      square = next;
    }
    return x;
  }
}
