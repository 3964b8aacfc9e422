package latentrace.density;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.util.MathArrays;

/**
 * Well-separated spherical Gaussian mixture: p(z; X) = N_k/N · N(z; μ_k, σ_k²I) for the cluster k
 * that has the sample nearest to z; μ_k and σ_k² by maximum likelihood from the cluster alone (Kong
 * &amp; Chaudhuri 2021, section 3, assumption 1 and equation 3).
 */
public final class SeparatedMixture extends DensityEstimator {
  private final int[] labels;
  private final List<Cluster> clusters = new ArrayList<>();

  private static final class Cluster {
    private final double[] mean;
    private int count;
    private double variance;

    Cluster(int dimension) {
      mean = new double[dimension];
    }
  }

  /**
   * Fits it.
   *
   * @param labels [N], the cluster of each point, 0..K-1; a number that no point has is no cluster
   * @throws IllegalArgumentException if a cluster's variance is 0: one point, or all of them equal
   */
  public SeparatedMixture(Points points, int... labels) {
    super(points);
    if (labels.length != points.count()) {
      throw new IllegalArgumentException(
          "%d labels for %d points".formatted(labels.length, points.count()));
    }
    this.labels = labels.clone();
    int d = points.dimension();
    double[][] rows = points.rows();
    for (int i = 0; i < rows.length; i++) {
      if (labels[i] < 0) {
        throw new IllegalArgumentException("label %d of point %d".formatted(labels[i], i));
      }
      while (clusters.size() <= labels[i]) {
        clusters.add(new Cluster(d));
      }
      Cluster cluster = clusters.get(labels[i]);
      cluster.count++;
      for (int j = 0; j < d; j++) {
        cluster.mean[j] += rows[i][j];
      }
    }
    for (Cluster cluster : clusters) {
      MathArrays.scaleInPlace(1.0 / Math.max(1, cluster.count), cluster.mean);
    }
    for (int i = 0; i < rows.length; i++) {
      Cluster cluster = clusters.get(labels[i]);
      cluster.variance += points.squaredDistance(i, cluster.mean) / ((double) cluster.count * d);
    }
    for (int c = 0; c < clusters.size(); c++) {
      if (clusters.get(c).count > 0 && clusters.get(c).variance == 0) {
        throw new IllegalArgumentException(
            "cluster %d is singular: its %d points are at one place"
                .formatted(c, clusters.get(c).count));
      }
    }
  }

  @Override
  public double logDensity(double... z) {
    Cluster cluster = clusters.get(clusterOf(z));
    double d = points().dimension();
    double distance = MathArrays.distance(z, cluster.mean);
    return Math.log(cluster.count)
        - Math.log(points().count())
        - d / 2 * Math.log(2 * Math.PI * cluster.variance)
        - distance * distance / (2 * cluster.variance);
  }

  /**
   * Equation 4 put right, to O(N_k⁻²). With u = x_i − μ_k and v = z − μ_k, for x_i of z's cluster:
   * (d+2)/(2N_k) + (‖v‖²‖u‖²/(d·σ_k²) − ‖z − x_i‖²)/(2N_k·σ_k²) − 1/N; else −1/N.
   */
  @Override
  public double influence(int i, double... z) {
    return firstOrder(i, z, false);
  }

  /** Equation 4 as printed, without the factor ‖u‖²/d: wrong by O(1/N_k). For comparison. */
  public double printedInfluence(int i, double... z) {
    return firstOrder(i, z, true);
  }

  private double firstOrder(int i, double[] z, boolean printed) {
    int k = clusterOf(z);
    double each = -1.0 / points().count();
    if (labels[i] != k) {
      return each;
    }
    Cluster cluster = clusters.get(k);
    double d = points().dimension();
    double u = points().distance(i, cluster.mean);
    double v = MathArrays.distance(z, cluster.mean);
    double factor = printed ? 1 : u * u / d;
    return each
        + (d + 2) / (2 * cluster.count)
        + (factor * v * v / cluster.variance - points().squaredDistance(i, z))
            / (2 * cluster.count * cluster.variance);
  }

  /**
   * The fit to all samples but one.
   *
   * @throws IllegalArgumentException if its cluster is singular without it
   */
  @Override
  public SeparatedMixture without(int i) {
    int[] rest = new int[labels.length - 1];
    System.arraycopy(labels, 0, rest, 0, i);
    System.arraycopy(labels, i + 1, rest, i, rest.length - i);
    return new SeparatedMixture(points().without(i), rest);
  }

  /** Of the sample nearest to z; of the first of them. */
  private int clusterOf(double[] z) {
    points().requireDimension(z);
    int nearest = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < labels.length; i++) {
      double distance = points().distance(i, z);
      if (distance < least) {
        least = distance;
        nearest = i;
      }
    }
    return labels[nearest];
  }
}
