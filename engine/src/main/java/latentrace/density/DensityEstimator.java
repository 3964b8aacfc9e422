package latentrace.density;

/** A density fitted to points X [N,d], and what each point did for it. */
public abstract class DensityEstimator {
  private final Points points;

  DensityEstimator(Points points) {
    this.points = points;
  }

  /** X. */
  public final Points points() {
    return points;
  }

  /**
   * log p(z; X), natural logarithm.
   *
   * @param z [d]
   * @throws IllegalArgumentException if z has another length, or the density is infinite there
   */
  public abstract double logDensity(double... z);

  /**
   * The influence of sample i on z by the closed form, log p(z; X) − log p(z; X∖i).
   *
   * @param i 0..N-1
   * @param z [d]
   * @throws IllegalArgumentException if z has another length, or one of the densities does not
   *     exist
   */
  public abstract double influence(int i, double... z);

  /**
   * The same estimator fitted to all samples but one, from scratch.
   *
   * @throws IllegalArgumentException if there is none
   */
  public abstract DensityEstimator without(int i);

  /** The influence of sample i on itself, by the closed form. */
  public final double selfInfluence(int i) {
    return influence(i, points.point(i));
  }

  /** log p(z; X) − log p(z; X∖i) by two fits. */
  public final double leaveOneOut(int i, double... z) {
    return logDensity(z) - without(i).logDensity(z);
  }
}
