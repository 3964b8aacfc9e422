package latentrace.experiment;

import latentrace.report.Estimate;
import org.apache.commons.math3.stat.descriptive.StatisticalSummary;

/** What numbers say about a claim, in a sentence. */
final class Verdict {
  /** Standard errors that a difference has to be away from zero. */
  private static final double CLEAR = 2;

  private Verdict() {}

  /** Whether a number lies clearly above another. */
  static boolean above(StatisticalSummary values, double bound) {
    return values.getMean() - bound > CLEAR * standardError(values);
  }

  /** Whether a number lies clearly below another. */
  static boolean below(StatisticalSummary values, double bound) {
    return bound - values.getMean() > CLEAR * standardError(values);
  }

  private static double standardError(StatisticalSummary values) {
    return values.getN() < 2
        ? 0
        : values.getStandardDeviation() / Math.sqrt((double) values.getN());
  }

  /** Shown as 0.12 ± 0.03. */
  static String text(StatisticalSummary values) {
    return Estimate.mean(values, 2).text();
  }

  /** A sentence about a claim. */
  static String of(String claim, boolean holds, String because) {
    return "Claim %s %s: %s.".formatted(claim, holds ? "holds" : "does not hold", because);
  }
}
