package latentrace.experiment;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import latentrace.data.ClustersGenerator;
import latentrace.data.Dataset;
import latentrace.density.DensityEstimator;
import latentrace.density.KernelDensity;
import latentrace.density.NearestNeighbors;
import latentrace.density.Points;
import latentrace.density.SeparatedMixture;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/** The six clusters of appendix B.1, and the three density estimators fitted to them. */
final class Clusters {
  static final int COUNT = 100;
  static final int NEIGHBOURS = 10;
  static final String NEAREST_NEIGHBOURS = "k-NN, k = 10";
  static final String KERNEL = "KDE, σ = 0.5";
  static final String MIXTURE = "WS-GMM";
  private static final double BANDWIDTH = 0.5;

  /** A test point near the centre of cluster 0, which lies at (4, 0). */
  private static final double[] TEST = {4.1, 0.1};

  private final Dataset data;
  private final Points points;

  Clusters(int count, long seed) {
    data = ClustersGenerator.points(count, seed);
    points = Points.of(data);
  }

  Points points() {
    return points;
  }

  int label(int i) {
    return data.label(i);
  }

  /** The point whose likelihood is explained in Figure 7; a copy. */
  static double[] test() {
    return TEST.clone();
  }

  /** By name, in the paper's order. */
  Map<String, DensityEstimator> estimators() {
    Map<String, DensityEstimator> estimators = new LinkedHashMap<>();
    estimators.put(NEAREST_NEIGHBOURS, new NearestNeighbors(points, NEIGHBOURS));
    estimators.put(KERNEL, new KernelDensity(points, BANDWIDTH));
    estimators.put(MIXTURE, mixture());
    return estimators;
  }

  private SeparatedMixture mixture() {
    return new SeparatedMixture(points, data.labels());
  }

  /** Self-influence of every point, by the closed form [N]. */
  double[] self(DensityEstimator estimator) {
    return IntStream.range(0, points.count()).mapToDouble(estimator::selfInfluence).toArray();
  }

  /** Influence of every point on {@link #test}, by the closed form [N]. */
  double[] influence(DensityEstimator estimator) {
    return IntStream.range(0, points.count())
        .mapToDouble(i -> estimator.influence(i, TEST))
        .toArray();
  }

  /** Log-likelihood of every point [N]. */
  double[] logLikelihood(DensityEstimator estimator) {
    return IntStream.range(0, points.count())
        .mapToDouble(i -> estimator.logDensity(points.point(i)))
        .toArray();
  }

  /** Distance of every point to z [N]. */
  double[] distances(double... z) {
    return IntStream.range(0, points.count())
        .mapToDouble(i -> Math.hypot(points.point(i)[0] - z[0], points.point(i)[1] - z[1]))
        .toArray();
  }

  /**
   * The largest |closed form − exact refit| over all points, on themselves and on the test point.
   */
  double worstError(DensityEstimator estimator) {
    return IntStream.range(0, points.count())
        .mapToDouble(
            i -> {
              double[] self = points.point(i);
              return Math.max(
                  Math.abs(estimator.selfInfluence(i) - estimator.leaveOneOut(i, self)),
                  Math.abs(estimator.influence(i, TEST) - estimator.leaveOneOut(i, TEST)));
            })
        .max()
        .orElse(0);
  }

  /**
   * The p of error ∝ N^p for the mixture's closed form: the slope of log error against log N, the
   * error being the root mean square over points of cluster 0 of their influence on the test point.
   *
   * @param counts N, at least two
   */
  static double orderOfError(long seed, int... counts) {
    SimpleRegression slope = new SimpleRegression();
    Arrays.stream(counts)
        .forEach(
            count -> {
              Clusters clusters = new Clusters(count, seed);
              SeparatedMixture mixture = clusters.mixture();
              double meanSquare =
                  IntStream.range(0, COUNT)
                      .filter(i -> clusters.label(i) == 0)
                      .mapToDouble(i -> mixture.influence(i, TEST) - mixture.leaveOneOut(i, TEST))
                      .map(error -> error * error)
                      .average()
                      .orElseThrow();
              slope.addData(Math.log(count), Math.log(meanSquare) / 2);
            });
    return slope.getSlope();
  }
}
