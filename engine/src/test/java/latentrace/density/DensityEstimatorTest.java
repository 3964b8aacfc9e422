package latentrace.density;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import latentrace.data.ClustersGenerator;
import latentrace.data.Dataset;
import org.apache.commons.math3.distribution.MultivariateNormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Closed forms against exact refits, on the paper's six clusters and on hand cases. */
class DensityEstimatorTest {
  private static final Dataset CLUSTERS = ClustersGenerator.points(100, 1);
  private static final Points SIX = Points.of(CLUSTERS);

  private static int[] labels() {
    int[] labels = new int[CLUSTERS.count()];
    Arrays.setAll(labels, CLUSTERS::label);
    return labels;
  }

  private static Points random(int n, int d, long seed) {
    Random random = new Random(seed);
    double[][] rows = new double[n][d];
    for (double[] row : rows) {
      Arrays.setAll(row, j -> random.nextGaussian());
    }
    return Points.of(rows);
  }

  static Stream<DensityEstimator> exact() {
    return Stream.of(
        new NearestNeighbors(SIX, 10),
        new NearestNeighbors(SIX, 99),
        new NearestNeighbors(random(40, 7, 2), 3),
        new KernelDensity(SIX, 1),
        new KernelDensity(SIX, 0.05),
        new KernelDensity(random(40, 7, 3), 0.3));
  }

  @ParameterizedTest
  @MethodSource("exact")
  void closedFormsEqualRefits(DensityEstimator estimator) {
    Points points = estimator.points();
    Random random = new Random(5);
    for (int i = 0; i < points.count(); i++) {
      double[] z = new double[points.dimension()];
      Arrays.setAll(z, j -> 5 * random.nextGaussian());
      double tolerance = 1e-12 * (1 + Math.abs(estimator.logDensity(z)));
      assertEquals(estimator.leaveOneOut(i, z), estimator.influence(i, z), tolerance);
      double[] x = points.point(i);
      assertEquals(estimator.leaveOneOut(i, x), estimator.selfInfluence(i), 1e-12 * 1000);
    }
  }

  @Test
  void handCases() {
    Points line = Points.of(new double[] {0}, new double[] {1}, new double[] {3});
    NearestNeighbors neighbors = new NearestNeighbors(line, 2);
    // R_2(0) = 1, V_1 = 2: p = 2/(3·2·1)
    assertEquals(Math.log(1 / 3.0), neighbors.logDensity(0), 1e-15);
    // the third nearest is at 3
    assertEquals(Math.log(2 / 3.0) + Math.log(3), neighbors.influence(0, 0), 1e-15);
    assertEquals(Math.log(2 / 3.0), neighbors.influence(2, 0), 1e-15);
    KernelDensity kernel = new KernelDensity(line, 2);
    double sum = 1 + Math.exp(-1 / 8.0) + Math.exp(-9 / 8.0);
    assertEquals(Math.log(sum / 3 / Math.sqrt(8 * Math.PI)), kernel.logDensity(0), 1e-15);
    assertEquals(
        Math.log(2 / 3.0) + Math.log(sum / (sum - Math.exp(-1 / 8.0))),
        kernel.influence(1, 0),
        1e-15);
    // mean 2, variance 1 of {1, 3}
    SeparatedMixture mixture =
        new SeparatedMixture(
            Points.of(new double[] {1}, new double[] {3}, new double[] {90}, new double[] {92}),
            0,
            0,
            1,
            1);
    assertEquals(Math.log(0.5) - Math.log(2 * Math.PI) / 2 - 0.5, mixture.logDensity(1), 1e-14);
    assertEquals(-0.25, mixture.influence(2, 1));
  }

  @Test
  void densitiesIntegrateToOne() {
    Points line = random(30, 1, 4);
    DensityEstimator kernel = new KernelDensity(line, 0.2);
    double integral = 0;
    for (double x = -8; x < 8; x += 1e-3) {
      integral += 1e-3 * Math.exp(kernel.logDensity(x));
    }
    assertEquals(1, integral, 1e-9);
  }

  /** The largest error of self-influences and influences, times N². */
  private static double[] errors(int n) {
    Points cluster = random(n, 3, 7);
    SeparatedMixture mixture = new SeparatedMixture(cluster, new int[n]);
    double[] z = {0.7, -0.4, 1.1};
    double right = 0;
    double printed = 0;
    for (int i = 0; i < n; i += n / 50) {
      for (double[] at : new double[][] {z, cluster.point(i)}) {
        double exact = mixture.leaveOneOut(i, at);
        right = Math.max(right, Math.abs(mixture.influence(i, at) - exact));
        printed = Math.max(printed, Math.abs(mixture.printedInfluence(i, at) - exact));
      }
    }
    return new double[] {right * n * n, printed * n * n};
  }

  /** O(1/N²) as put right, O(1/N) as printed. */
  @Test
  void mixtureErrorFallsWithTheSquareOfN() {
    double[] few = errors(200);
    double[] many = errors(3200);
    assertTrue(many[0] < 4 * few[0], () -> "right: " + few[0] + " then " + many[0]);
    assertTrue(many[1] > 8 * few[1], () -> "printed: " + few[1] + " then " + many[1]);
  }

  @Test
  void influenceOnAnotherClusterIsFirstOrder() {
    SeparatedMixture mixture = new SeparatedMixture(SIX, labels());
    int[] labels = labels();
    double[] z = SIX.point(0);
    for (int i = 1; i < 100; i++) {
      if (labels[i] != labels[0]) {
        assertEquals(-0.01, mixture.influence(i, z));
        assertEquals(Math.log(0.99), mixture.leaveOneOut(i, z), 1e-12);
      }
    }
  }

  @Test
  void expectationMaximisationIsAStationaryPoint() {
    GaussianMixture mixture = new GaussianMixture(SIX, 2);
    double best = logLikelihood(mixture);
    // the same points again, from the fit: nothing is gained
    GaussianMixture again = new GaussianMixture(Points.of(CLUSTERS), 2);
    assertEquals(best, logLikelihood(again), 1e-9);
    // a single normal is worse
    double[][] covariance = {{9, 0}, {0, 9}};
    var single = new MultivariateNormalDistribution(new double[] {0, 0}, covariance);
    double other = 0;
    for (int i = 0; i < 100; i++) {
      other += Math.log(single.density(SIX.point(i)));
    }
    assertTrue(best > other, best + " against " + other);
    // a sample away from all others helps itself most
    int strongest = 0;
    for (int i = 1; i < 100; i += 9) {
      strongest = mixture.selfInfluence(i) > mixture.selfInfluence(strongest) ? i : strongest;
      assertTrue(mixture.selfInfluence(i) > -0.05);
    }
    assertTrue(mixture.selfInfluence(strongest) > 0.02);
  }

  private static double logLikelihood(DensityEstimator estimator) {
    double sum = 0;
    for (int i = 0; i < estimator.points().count(); i++) {
      sum += estimator.logDensity(estimator.points().point(i));
    }
    return sum;
  }

  private static void refuses(String message, Runnable action) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, action::run);
    assertEquals(message, e.getMessage());
  }

  @Test
  void refusals() {
    Points line = Points.of(new double[] {0}, new double[] {0}, new double[] {3});
    refuses("k = 4, expected 1 to the number of points, 3", () -> new NearestNeighbors(line, 4));
    refuses(
        "k = 3 needs more than 3 points if one is left out",
        () -> new NearestNeighbors(line, 3).influence(0, 1));
    refuses(
        "the density is infinite: 2 points are at z itself, as many as k or more",
        () -> new NearestNeighbors(line, 2).logDensity(0));
    refuses("sigma = 0.0, expected a positive number", () -> new KernelDensity(line, 0));
    refuses(
        "cluster 0 is singular: its 2 points are at one place",
        () -> new SeparatedMixture(line, 0, 0, 1));
    refuses("2 labels for 3 points", () -> new SeparatedMixture(line, 0, 0));
    refuses("label -1 of point 1", () -> new SeparatedMixture(line, 0, -1, 0));
    refuses(
        "z has 2 coordinates, the points have 1: [1.0, 2.0]",
        () -> new KernelDensity(line, 1).logDensity(1, 2));
    refuses(
        "point 1 has 2 coordinates, the first has 1",
        () -> Points.of(new double[] {0}, new double[] {0, 1}));
    refuses("point 0 has a coordinate NaN", () -> Points.of(new double[] {Double.NaN}));
    refuses("points: none, expected at least one of dimension 1", Points::of);
    refuses(
        "without the only point nothing is left to fit",
        () -> new KernelDensity(Points.of(new double[] {1}), 1).leaveOneOut(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new GaussianMixture(line, 2));
    assertThrows(IllegalArgumentException.class, () -> new GaussianMixture(SIX, 1));
  }
}
