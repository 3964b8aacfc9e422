package latentrace.influence.fidelity;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.Noise;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Model;
import latentrace.model.Objective;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * The error of estimates from m draws against m (Kong &amp; Chaudhuri 2021, theorems 1 and 4): its
 * root mean square over repeats falls as m^(−½), and a deviation of ε or more has a probability of
 * at most δ for m ≥ V/(ε²δ), V the variance of one draw (Chebyshev's inequality, which the
 * theorem's proof applies to each half).
 */
public final class MonteCarloError {
  /** Something estimated from m draws that a seed gives: any number of values. */
  @FunctionalInterface
  public interface Estimator {
    /** The estimates; seeds are independent. */
    double[] estimate(int draws, long seed);
  }

  /**
   * What m draws do.
   *
   * @param draws m
   * @param error root mean square over values and repeats
   * @param errors of all values and repeats, absolute
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier of bulk results, never compared
  public record Point(int draws, double error, double[] errors) {
    /** The part of the errors that are {@code epsilon} or more. */
    public double exceeding(double epsilon) {
      int count = 0;
      for (double e : errors) {
        count += e >= epsilon ? 1 : 0;
      }
      return (double) count / errors.length;
    }
  }

  /** Draws of the values taken for true, as a multiple of the most that are tested. */
  private static final int REFERENCE = 64;

  private final List<Point> points = new ArrayList<>();

  /**
   * Measures.
   *
   * @param draws the m, rising
   * @param repeats independent estimates of each
   * @param seed of all
   */
  public MonteCarloError(Estimator estimator, int[] draws, int repeats, long seed) {
    int most = draws[draws.length - 1];
    long next = seed;
    double[] truth = null;
    for (int r = 0; r < REFERENCE; r++) {
      double[] estimate = estimator.estimate(most, next++);
      truth = truth == null ? new double[estimate.length] : truth;
      for (int i = 0; i < truth.length; i++) {
        truth[i] += estimate[i] / REFERENCE;
      }
    }
    for (int m : draws) {
      double[] errors = new double[repeats * truth.length];
      double squares = 0;
      for (int r = 0; r < repeats; r++) {
        double[] estimate = estimator.estimate(m, next++);
        for (int i = 0; i < truth.length; i++) {
          double error = Math.abs(estimate[i] - truth[i]);
          errors[r * truth.length + i] = error;
          squares += error * error / errors.length;
        }
      }
      points.add(new Point(m, Math.sqrt(squares), errors));
    }
  }

  /**
   * The paper's estimate of IF(x_i,z) = ℓ(z; θ₋ᵢ) − ℓ(z; θ) for all z, with m draws of their own
   * for each of the two.
   *
   * @param without the parameters θ₋ᵢ [|θ|]; θ are the model's
   * @param settings whose draws and noise are replaced
   */
  public static Estimator lossDifference(
      Model model, double[] without, Settings settings, Objective objective, Dataset test) {
    double[] with = model.parameters().values().toDoubles();
    return (draws, seed) -> {
      Settings drawn = settings.withDraws(draws).withNoise(Noise.contract(seed));
      double[] difference = losses(model, without, drawn, objective, 0, test);
      double[] subtracted = losses(model, with, drawn, objective, 1, test);
      for (int i = 0; i < difference.length; i++) {
        difference[i] -= subtracted[i];
      }
      return difference;
    };
  }

  /** Leaves the parameters at {@code theta}. */
  private static double[] losses(
      Model model,
      double[] theta,
      Settings settings,
      Objective objective,
      int ordinal,
      Dataset test) {
    model.parameters().values().upload(theta);
    try (Gradients gradients = new Gradients(model, settings, objective, ordinal)) {
      return gradients.losses(test, Philox.ROLE_TEST_SIDE);
    }
  }

  /** One point per m. */
  public List<Point> points() {
    return List.copyOf(points);
  }

  /** The slope of log error against log m: −½ if theorem 1 holds. */
  public double slope() {
    SimpleRegression regression = new SimpleRegression();
    points.forEach(p -> regression.addData(Math.log(p.draws()), Math.log(p.error())));
    return regression.getSlope();
  }

  /** V, the mean square error of one draw, from all m. */
  public double variance() {
    return points.stream()
        .mapToDouble(p -> p.draws() * p.error() * p.error())
        .average()
        .orElseThrow();
  }

  /** The bound δ on the probability of an error of ε or more with m draws, at most 1. */
  public double bound(int draws, double epsilon) {
    return Math.min(1, variance() / (draws * epsilon * epsilon));
  }

  /** The m that bounds the probability of an error of ε or more by δ. */
  public long drawsFor(double epsilon, double delta) {
    return (long) Math.ceil(variance() / (epsilon * epsilon * delta));
  }
}
