package latentrace.density;

import java.util.Arrays;
import org.apache.commons.math3.special.Gamma;

/**
 * k nearest neighbours: p(z; X) = k / (N·V_d·R_k(z; X)^d), where R_k is the distance to the k-th
 * nearest sample, z itself among them if it is one, and V_d the volume of the unit ball. (Kong
 * &amp; Chaudhuri 2021, section 3.)
 */
public final class NearestNeighbors extends DensityEstimator {
  private final int k;
  private final double logVolume;

  /**
   * Nothing is computed yet.
   *
   * @param k 1..N
   */
  public NearestNeighbors(Points points, int k) {
    super(points);
    if (k < 1 || k > points.count()) {
      throw new IllegalArgumentException(
          "k = %d, expected 1 to the number of points, %d".formatted(k, points.count()));
    }
    this.k = k;
    double half = points.dimension() / 2.0;
    this.logVolume = half * Math.log(Math.PI) - Gamma.logGamma(half + 1);
  }

  @Override
  public double logDensity(double... z) {
    double[] distances = sortedDistances(z);
    return Math.log(k)
        - Math.log(points().count())
        - logVolume
        - points().dimension() * logRadius(distances, k);
  }

  /** Equation 1, exact. */
  @Override
  public double influence(int i, double... z) {
    int n = points().count();
    requireSpare();
    double[] distances = sortedDistances(z);
    double scale = Math.log1p(-1.0 / n);
    double radius = logRadius(distances, k);
    if (points().distance(i, z) > distances[k - 1]) {
      return scale;
    }
    return scale + points().dimension() * (logRadius(distances, k + 1) - radius);
  }

  @Override
  public NearestNeighbors without(int i) {
    requireSpare();
    return new NearestNeighbors(points().without(i), k);
  }

  private void requireSpare() {
    if (k == points().count()) {
      throw new IllegalArgumentException(
          "k = %d needs more than %d points if one is left out".formatted(k, k));
    }
  }

  private double[] sortedDistances(double[] z) {
    points().requireDimension(z);
    double[] distances = new double[points().count()];
    Arrays.setAll(distances, i -> points().distance(i, z));
    Arrays.sort(distances);
    return distances;
  }

  private static double logRadius(double[] sorted, int rank) {
    double radius = sorted[rank - 1];
    if (radius == 0) {
      throw new IllegalArgumentException(
          "the density is infinite: %d points are at z itself, as many as k or more"
              .formatted(rank));
    }
    return Math.log(radius);
  }
}
