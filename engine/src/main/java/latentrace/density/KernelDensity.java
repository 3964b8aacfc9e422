package latentrace.density;

/**
 * Kernel density estimate: p(z; X) = 1/N Σ_i K_σ(z − x_i), K_σ the density of N(0, σ²I). (Kong
 * &amp; Chaudhuri 2021, section 3.) Computed in logarithms: no point is too far away.
 */
public final class KernelDensity extends DensityEstimator {
  private static final int NONE = -1;

  private final double sigma;

  /**
   * Nothing is computed yet.
   *
   * @param sigma bandwidth σ, positive
   */
  public KernelDensity(Points points, double sigma) {
    super(points);
    if (!(sigma > 0) || !Double.isFinite(sigma)) {
      throw new IllegalArgumentException("sigma = %s, expected a positive number".formatted(sigma));
    }
    this.sigma = sigma;
  }

  @Override
  public double logDensity(double... z) {
    points().requireDimension(z);
    double d = points().dimension();
    return logSum(z, NONE)
        - Math.log(points().count())
        - d / 2 * Math.log(2 * Math.PI)
        - d * Math.log(sigma);
  }

  /**
   * Equation 2, exact, with the sum over the other samples in its place where their share is small,
   * as the difference that the equation takes then has few digits.
   */
  @Override
  public double influence(int i, double... z) {
    int n = points().count();
    if (n == 1) {
      throw new IllegalArgumentException("without the only point nothing is left to fit");
    }
    points().requireDimension(z);
    double total = logSum(z, NONE);
    double share = Math.exp(exponent(i, z) - total);
    double withoutIt = share < 0.5 ? total + Math.log1p(-share) : logSum(z, i);
    return Math.log1p(-1.0 / n) + total - withoutIt;
  }

  @Override
  public KernelDensity without(int i) {
    return new KernelDensity(points().without(i), sigma);
  }

  private double exponent(int i, double[] z) {
    return -points().squaredDistance(i, z) / (2 * sigma * sigma);
  }

  /** log Σ exp(−‖z − x_i‖²/2σ²) over all samples but one. */
  private double logSum(double[] z, int skipped) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < points().count(); i++) {
      greatest = i == skipped ? greatest : Math.max(greatest, exponent(i, z));
    }
    double sum = 0;
    for (int i = 0; i < points().count(); i++) {
      sum += i == skipped ? 0 : Math.exp(exponent(i, z) - greatest);
    }
    return greatest + Math.log(sum);
  }
}
