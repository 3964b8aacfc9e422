package latentrace.experiment;

import java.util.Arrays;
import latentrace.report.Statistics;

/**
 * The strongest proponents and opponents of each test: the highest and lowest 0.1 % (section 5.3).
 */
final class Strongest {
  private static final double FRACTION = 1e-3;

  private Strongest() {}

  private static int count(int samples) {
    return (int) Math.max(1, Math.round(FRACTION * samples));
  }

  /** Of each test [T][k]. */
  static int[][] proponents(float[][] scores) {
    return Arrays.stream(scores)
        .map(s -> Statistics.topK(s, count(s.length)))
        .toArray(int[][]::new);
  }

  /** Of each test [T][k]. */
  static int[][] opponents(float[][] scores) {
    return Arrays.stream(scores)
        .map(s -> Statistics.bottomK(s, count(s.length)))
        .toArray(int[][]::new);
  }

  static double norm(float[] code) {
    double sum = 0;
    for (float value : code) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }

  static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int l = 0; l < a.length; l++) {
      double difference = (double) a[l] - b[l];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }
}
