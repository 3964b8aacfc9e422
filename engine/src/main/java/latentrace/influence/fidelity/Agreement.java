package latentrace.influence.fidelity;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import latentrace.influence.ScoreMatrix;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * How two score matrices of one shape agree, as means over the test samples.
 *
 * @param pearson correlation of a test sample's scores, in [−1,1]
 * @param spearman correlation of their ranks, in [−1,1]
 * @param recall which part of the k strongest proponents of the first are among those of the second
 */
public record Agreement(double pearson, double spearman, double recall) {
  /**
   * Compares.
   *
   * @param reference [T,N], N at least 2
   * @param other [T,N]
   * @param k proponents that recall counts, 1..N
   */
  public static Agreement of(ScoreMatrix reference, ScoreMatrix other, int k) {
    int n = reference.samples();
    if (other.tests() != reference.tests() || other.samples() != n || k < 1 || k > n) {
      throw new IllegalArgumentException(
          "scores [%d,%d] and [%d,%d], k=%d: expected one shape, and k in 1..N"
              .formatted(reference.tests(), n, other.tests(), other.samples(), k));
    }
    double[] left = new double[n];
    double[] right = new double[n];
    double pearson = 0;
    double spearman = 0;
    double recall = 0;
    for (int t = 0; t < reference.tests(); t++) {
      reference.sums(t, left);
      other.sums(t, right);
      pearson += new PearsonsCorrelation().correlation(left, right);
      spearman += new SpearmansCorrelation().correlation(left, right);
      Set<Integer> strongest = new HashSet<>(Arrays.stream(top(left, k)).boxed().toList());
      recall += (double) Arrays.stream(top(right, k)).filter(strongest::contains).count() / k;
    }
    double tests = reference.tests();
    return new Agreement(pearson / tests, spearman / tests, recall / tests);
  }

  /** Positions of the k highest values; equal values in order of position. */
  static int[] top(double[] values, int k) {
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(values[b], values[a]));
    return Arrays.stream(order, 0, k).mapToInt(i -> i).toArray();
  }
}
