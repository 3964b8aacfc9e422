package latentrace.experiment;

import java.util.Arrays;
import latentrace.data.NpyMatrix;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import org.apache.commons.math3.stat.descriptive.rank.Percentile.EstimationType;

/** What the tables say about scores and latent means. */
final class Measures {
  /** The share of the training samples that are called strongest. */
  private static final double STRONGEST = 0.001;

  private Measures() {}

  /** 0.1 % of the training samples, at least one. */
  static int strongest(int samples) {
    return (int) Math.max(1, Math.round(STRONGEST * samples));
  }

  /**
   * How many rows have their highest score at their own position.
   *
   * @param scores [T,N]: row i belongs to training sample i
   */
  static int strongestForThemselves(NpyMatrix scores) {
    int hits = 0;
    for (int i = 0; i < scores.rows(); i++) {
      hits += Statistics.topK(scores.row(i), 1)[0] == i ? 1 : 0;
    }
    return hits;
  }

  /** How many values are higher than the one at {@code position}: 0 for the highest. */
  static int rank(float[] values, int position) {
    int higher = 0;
    for (float value : values) {
      higher += value > values[position] ? 1 : 0;
    }
    return higher;
  }

  /** The quantile q in 0..1, interpolated linearly between order statistics, as NumPy does. */
  static double quantile(int[] values, double q) {
    Percentile percentile = new Percentile().withEstimationType(EstimationType.R_7);
    percentile.setData(Arrays.stream(values).asDoubleStream().toArray());
    return percentile.evaluate(100 * q);
  }

  /** ‖a − b‖. */
  static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      double difference = (double) a[k] - b[k];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  /** ‖a‖. */
  static double norm(float[] a) {
    return distance(a, new float[a.length]);
  }

  /** The norms of all rows. */
  static double[] norms(NpyMatrix rows) {
    double[] norms = new double[rows.rows()];
    Arrays.setAll(norms, i -> norm(rows.row(i)));
    return norms;
  }

  /** All rows. */
  static float[][] rows(NpyMatrix matrix) {
    float[][] rows = new float[matrix.rows()][];
    Arrays.setAll(rows, matrix::row);
    return rows;
  }

  /** The same numbers. */
  static double[] doubles(float[] values) {
    double[] same = new double[values.length];
    Arrays.setAll(same, i -> values[i]);
    return same;
  }

  /** Values over the largest absolute one; zeros stay. */
  static double[] normalised(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    double[] normalised = new double[values.length];
    for (int i = 0; i < values.length && largest > 0; i++) {
      normalised[i] = values[i] / largest;
    }
    return normalised;
  }

  /** Mean and spread of numbers. */
  static SummaryStatistics summary(double... values) {
    SummaryStatistics summary = new SummaryStatistics();
    Arrays.stream(values).forEach(summary::addValue);
    return summary;
  }
}
