package latentrace.attribution;

import java.util.Arrays;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * How alike the importances of a representation's units are (Crabbé &amp; van der Schaar 2022,
 * section 4.3): of disentangled units each would have features of its own.
 */
public final class LatentUnits {
  private LatentUnits() {}

  /** A way to compare the importances of two units. */
  public enum Similarity {
    /** Pearson's correlation. */
    PEARSON,
    /** Spearman's correlation. */
    SPEARMAN,
    /** Cosine of the angle. */
    COSINE
  }

  /**
   * The mean over all pairs of different units.
   *
   * @param attributions of each unit, for all samples one after the other [H][N·D]
   * @return NaN where all importances of a unit are equal
   */
  public static double similarity(double[][] attributions, Similarity similarity) {
    double sum = 0;
    int pairs = 0;
    for (int a = 0; a < attributions.length; a++) {
      for (int b = a + 1; b < attributions.length; b++) {
        sum += similarity(attributions[a], attributions[b], similarity);
        pairs++;
      }
    }
    return sum / pairs;
  }

  /** Of two vectors. */
  public static double similarity(double[] a, double[] b, Similarity similarity) {
    return switch (similarity) {
      case PEARSON -> new PearsonsCorrelation().correlation(a, b);
      case SPEARMAN -> new SpearmansCorrelation().correlation(a, b);
      case COSINE -> dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /**
   * The mean over features of the entropy, in nats, of the units' shares in their importance; a
   * feature that no unit rests on does not count.
   *
   * @param attributions of each unit [H][N·D]
   */
  public static double entropy(double[][] attributions) {
    double sum = 0;
    int features = 0;
    for (int e = 0; e < attributions[0].length; e++) {
      double total = total(attributions, e);
      if (total > 0) {
        features++;
        for (double[] unit : attributions) {
          double share = Math.abs(unit[e]) / total;
          sum -= share > 0 ? share * Math.log(share) : 0;
        }
      }
    }
    return sum / features;
  }

  /**
   * The mean over features of the number of units with more than 1/H of their importance.
   *
   * @param attributions of each unit [H][N·D]
   */
  public static double activeUnits(double[][] attributions) {
    long active = 0;
    int features = 0;
    for (int e = 0; e < attributions[0].length; e++) {
      double total = total(attributions, e);
      if (total > 0) {
        features++;
        int feature = e;
        active +=
            Arrays.stream(attributions)
                .filter(unit -> Math.abs(unit[feature]) * attributions.length > total)
                .count();
      }
    }
    return (double) active / features;
  }

  private static double total(double[][] attributions, int feature) {
    double total = 0;
    for (double[] unit : attributions) {
      total += Math.abs(unit[feature]);
    }
    return total;
  }
}
