package latentrace.density;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.distribution.MixtureMultivariateNormalDistribution;
import org.apache.commons.math3.distribution.MultivariateNormalDistribution;
import org.apache.commons.math3.distribution.fitting.MultivariateNormalMixtureExpectationMaximization;
import org.apache.commons.math3.exception.ConvergenceException;
import org.apache.commons.math3.exception.MathIllegalArgumentException;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.NonPositiveDefiniteMatrixException;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.apache.commons.math3.util.MathArrays;
import org.apache.commons.math3.util.Pair;

/**
 * Gaussian mixture with full covariances by expectation maximisation, without an assumption on how
 * far the clusters are apart. There is no closed form (Kong &amp; Chaudhuri 2021, section 3): its
 * influence is the exact refit, which begins at the fit to all samples and so stays at its optimum.
 */
public final class GaussianMixture extends DensityEstimator {
  private static final int MOST_ITERATIONS = 10_000;

  /** Of the mean log-likelihood, from one iteration to the next. */
  private static final double LEAST_GAIN = 1e-13;

  private final MixtureMultivariateNormalDistribution fitted;
  private final List<Component> components = new ArrayList<>();

  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Component(double logScale, double[] mean, CholeskyDecomposition covariance) {}

  /**
   * Fits it, from a start that depends on the points alone: K runs of equal length along the
   * points' sum of coordinates.
   *
   * @param points of dimension 2 or more, more of them than components
   * @param componentCount K, at least 2
   * @throws IllegalArgumentException if a component becomes singular, or it does not converge
   */
  public GaussianMixture(Points points, int componentCount) {
    this(points, start(points, componentCount));
  }

  private GaussianMixture(Points points, MixtureMultivariateNormalDistribution start) {
    super(points);
    try {
      var maximisation = new MultivariateNormalMixtureExpectationMaximization(points.rows());
      maximisation.fit(start, MOST_ITERATIONS, LEAST_GAIN);
      fitted = maximisation.getFittedModel();
      for (Pair<Double, MultivariateNormalDistribution> pair : fitted.getComponents()) {
        components.add(component(pair.getFirst(), pair.getSecond()));
      }
    } catch (SingularMatrixException | NonPositiveDefiniteMatrixException e) {
      throw new IllegalArgumentException(
          "mixture: a component is singular, it has too few points apart; take fewer components",
          e);
    } catch (ConvergenceException e) {
      throw new IllegalArgumentException(
          "mixture: not converged after %d iterations".formatted(MOST_ITERATIONS), e);
    }
  }

  private static MixtureMultivariateNormalDistribution start(Points points, int componentCount) {
    try {
      return MultivariateNormalMixtureExpectationMaximization.estimate(
          points.rows(), componentCount);
    } catch (MathIllegalArgumentException e) {
      throw new IllegalArgumentException(
          "mixture of %d components of %d points of dimension %d: %s"
              .formatted(componentCount, points.count(), points.dimension(), e.getMessage()),
          e);
    }
  }

  private static Component component(double weight, MultivariateNormalDistribution normal) {
    var covariance =
        new CholeskyDecomposition(new Array2DRowRealMatrix(normal.getCovariances().getData()));
    double logScale = Math.log(weight) - normal.getDimension() / 2.0 * Math.log(2 * Math.PI);
    for (int j = 0; j < normal.getDimension(); j++) {
      logScale -= Math.log(covariance.getL().getEntry(j, j));
    }
    return new Component(logScale, normal.getMeans(), covariance);
  }

  @Override
  public double logDensity(double... z) {
    points().requireDimension(z);
    double[] logs = new double[components.size()];
    double greatest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < logs.length; c++) {
      Component component = components.get(c);
      var v = new ArrayRealVector(MathArrays.ebeSubtract(z, component.mean()), false);
      logs[c] =
          component.logScale() - v.dotProduct(component.covariance().getSolver().solve(v)) / 2;
      greatest = Math.max(greatest, logs[c]);
    }
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - greatest);
    }
    return greatest + Math.log(sum);
  }

  /** {@link #leaveOneOut}. */
  @Override
  public double influence(int i, double... z) {
    return leaveOneOut(i, z);
  }

  @Override
  public GaussianMixture without(int i) {
    return new GaussianMixture(points().without(i), fitted);
  }
}
