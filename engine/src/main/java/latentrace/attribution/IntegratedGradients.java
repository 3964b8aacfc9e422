package latentrace.attribution;

import org.apache.commons.math3.analysis.integration.gauss.GaussIntegrator;
import org.apache.commons.math3.analysis.integration.gauss.GaussIntegratorFactory;

/**
 * Integrated gradients (Sundararajan, Taly, Yan 2017): (x − b)·∫₀¹ ∂/∂x at b + α(x − b) dα. Their
 * sum is the function's rise from the baseline b to x, but for the quadrature's error ({@link
 * #relativeErrors}).
 *
 * <p>An affine first layer A takes the path to the straight line from A(b) to A(x), and the
 * gradients' sum back by its adjoint: it runs once for a sample instead of once for a point, to the
 * same result but for rounding.
 */
public final class IntegratedGradients extends PathMethod {
  /** How the integral is taken. */
  public enum Rule {
    /** Gauss–Legendre: exact for polynomials of degree below 2·steps. */
    GAUSS_LEGENDRE,
    /** Trapezoids between steps equally spaced points, both ends among them. */
    TRAPEZOID
  }

  private final float[] baseline;
  private final double[] alphas;
  private final double[] weights;

  /**
   * Prepares the points.
   *
   * @param baseline b [D]
   * @param steps points of the path; at least 1, for trapezoids 2
   */
  public IntegratedGradients(float[] baseline, int steps, Rule rule) {
    int least = rule == Rule.TRAPEZOID ? 2 : 1;
    if (steps < least) {
      throw new IllegalArgumentException(
          "steps: found %d, expected at least %d".formatted(steps, least));
    }
    this.baseline = baseline.clone();
    this.alphas = new double[steps];
    this.weights = new double[steps];
    if (rule == Rule.TRAPEZOID) {
      for (int k = 0; k < steps; k++) {
        alphas[k] = (double) k / (steps - 1);
        weights[k] = (k == 0 || k == steps - 1 ? 0.5 : 1) / (steps - 1);
      }
    } else {
      GaussIntegrator nodes = new GaussIntegratorFactory().legendre(steps, 0, 1);
      for (int k = 0; k < steps; k++) {
        alphas[k] = nodes.getPoint(k);
        weights[k] = nodes.getWeight(k);
      }
    }
  }

  private IntegratedGradients(float[] baseline, IntegratedGradients points) {
    this.baseline = baseline;
    this.alphas = points.alphas;
    this.weights = points.weights;
  }

  @Override
  public void attribute(
      Representation f, Samples samples, float[] targetWeights, float[][] attributions) {
    AffineStart start = f.affineStart().orElse(null);
    if (start == null) {
      super.attribute(f, samples, targetWeights, attributions);
      return;
    }
    int count = samples.count();
    int features = start.size();
    float[] atSamples = new float[count * features];
    start.forward(samples.values(), count, atSamples);
    float[] atBaseline = new float[features];
    start.forward(baseline, 1, atBaseline);
    float[][] sums = new float[count][features];
    new IntegratedGradients(atBaseline, this)
        .accumulate(
            start.rest(),
            new Samples(atSamples, samples.indices(), count, features),
            targetWeights,
            sums);
    start.adjoint(sums, attributions);
    for (int i = 0; i < count; i++) {
      finish(samples, i, attributions[i]);
    }
  }

  @Override
  int points() {
    return alphas.length;
  }

  @Override
  void point(Samples samples, int sample, int k, float[] target, int to) {
    int at = samples.at(sample);
    float alpha = (float) alphas[k];
    for (int e = 0; e < samples.size(); e++) {
      target[to + e] = baseline[e] + alpha * (samples.values()[at + e] - baseline[e]);
    }
  }

  @Override
  void add(
      Samples samples,
      int sample,
      int k,
      float[] points,
      float[] gradients,
      int at,
      float[] attribution) {
    float weight = (float) weights[k];
    for (int e = 0; e < attribution.length; e++) {
      attribution[e] += weight * gradients[at + e];
    }
  }

  @Override
  void finish(Samples samples, int sample, float[] attribution) {
    int at = samples.at(sample);
    for (int e = 0; e < attribution.length; e++) {
      attribution[e] *= samples.values()[at + e] - baseline[e];
    }
  }

  /**
   * |Σ attributions − (g(x) − g(b))| / |g(x) − g(b)| of each sample, g = ⟨w, f⟩: what the
   * quadrature misses of the function's rise; 0 if it misses nothing.
   *
   * @param targetWeights w of each sample [count,H]
   */
  double[] relativeErrors(
      Representation f, Samples samples, float[] targetWeights, float[][] attributions) {
    int h = f.size();
    float[] atBaseline = new float[h];
    f.forward(baseline, 1, atBaseline);
    float[] values = new float[samples.count() * h];
    f.forward(samples.values(), samples.count(), values);
    double[] errors = new double[samples.count()];
    for (int i = 0; i < errors.length; i++) {
      double rise = 0;
      for (int l = 0; l < h; l++) {
        rise += (double) targetWeights[i * h + l] * (values[i * h + l] - (double) atBaseline[l]);
      }
      double sum = 0;
      for (float value : attributions[i]) {
        sum += value;
      }
      errors[i] = sum == rise ? 0 : Math.abs((sum - rise) / rise);
    }
    return errors;
  }
}
