package latentrace.report;

import java.util.Locale;
import org.apache.commons.math3.stat.descriptive.StatisticalSummary;

/**
 * A number that was measured.
 *
 * @param value itself
 * @param deviation standard deviation of what it is the mean of, or null
 * @param standardError of the number, or null
 * @param n how many observations it rests on
 * @param decimals shown
 */
public record Estimate(double value, Double deviation, Double standardError, long n, int decimals) {

  /** A fraction of n, with the binomial standard error √(p(1−p)/n). */
  public static Estimate rate(long hits, long n) {
    double p = (double) hits / n;
    return new Estimate(p, null, Math.sqrt(p * (1 - p) / (double) n), n, 3);
  }

  /** A mean with its standard error s/√n; no error for n = 1. */
  public static Estimate mean(StatisticalSummary sample, int decimals) {
    long n = sample.getN();
    Double error = n > 1 ? sample.getStandardDeviation() / Math.sqrt((double) n) : null;
    return new Estimate(sample.getMean(), null, error, n, decimals);
  }

  /** A mean shown with its standard deviation. */
  public static Estimate spread(StatisticalSummary sample, int decimals) {
    Estimate mean = mean(sample, decimals);
    Double deviation = mean.n() > 1 ? sample.getStandardDeviation() : null;
    return new Estimate(mean.value(), deviation, mean.standardError(), mean.n(), decimals);
  }

  /** A number without an error. */
  public static Estimate of(double value, long n, int decimals) {
    return new Estimate(value, null, null, n, decimals);
  }

  /** For people: value, then ± the standard deviation if it has one, else the standard error. */
  public String text() {
    Double shown = deviation != null ? deviation : standardError;
    String number = "%." + decimals + "f";
    return shown == null
        ? String.format(Locale.ROOT, number, value)
        : String.format(Locale.ROOT, number + " ± " + number, value, shown);
  }
}
