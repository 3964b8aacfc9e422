package latentrace.report;

import java.util.Arrays;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/** The figures by which influence scores are judged (Kong and Chaudhuri 2021, sections 4 and 5). */
public final class Statistics {
  private Statistics() {}

  /**
   * Positions by falling value; equal values in order of position.
   *
   * @param values [N]; read
   * @return [N], a permutation of 0..N-1
   * @throws IllegalArgumentException if a value is NaN
   */
  public static int[] ranking(float[] values) {
    long[] keys = new long[values.length];
    Arrays.setAll(keys, i -> fallingKey(values[i], i));
    Arrays.sort(keys);
    return positions(keys, keys.length);
  }

  /**
   * Positions of the {@code k} highest values, highest first; equal values in order of position.
   *
   * @param values [N]; read
   * @param k how many, at least 1; fewer come back if N is smaller
   * @return [min(k,N)]
   * @throws IllegalArgumentException if a value is NaN or k is below 1
   */
  public static int[] topK(float[] values, int k) {
    return select(values, k, 1f);
  }

  /** Positions of the {@code k} lowest values, lowest first; otherwise as {@link #topK}. */
  public static int[] bottomK(float[] values, int k) {
    return select(values, k, -1f);
  }

  private static int[] select(float[] values, int k, float sign) {
    if (k < 1) {
      throw new IllegalArgumentException("k=" + k + ", expected at least 1");
    }
    long[] best = new long[Math.min(k, values.length)];
    int size = 0;
    for (int i = 0; i < values.length; i++) {
      long key = fallingKey(sign * values[i], i);
      if (size == best.length && key > best[size - 1]) {
        continue;
      }
      int at = -1 - Arrays.binarySearch(best, 0, size, key);
      size = Math.min(size + 1, best.length);
      System.arraycopy(best, at, best, at + 1, size - at - 1);
      best[at] = key;
    }
    return positions(best, size);
  }

  /** A key that sorts by falling value, then rising position; -0 counts as 0. */
  private static long fallingKey(float value, int position) {
    if (Float.isNaN(value)) {
      throw new IllegalArgumentException("value " + position + " is NaN");
    }
    int bits = Float.floatToIntBits(value + 0f);
    int rising = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
    return (long) ~rising << Integer.SIZE | position;
  }

  private static int[] positions(long[] keys, int count) {
    int[] positions = new int[count];
    Arrays.setAll(positions, i -> (int) keys[i]);
    return positions;
  }

  /**
   * Detection curve: the fraction of intruders found after inspecting the first k samples by
   * falling self-influence.
   *
   * @param selfInfluence [N]; read
   * @param intruders [N], true where a sample is one; read
   * @return [N], in 0..1; entry k-1 belongs to k inspected samples, the last entry is 1
   * @throws IllegalArgumentException if lengths differ, a value is NaN or there is no intruder
   */
  public static double[] detectionCurve(float[] selfInfluence, boolean[] intruders) {
    requireLength("intruders", intruders.length, "self-influence", selfInfluence.length);
    int[] order = ranking(selfInfluence);
    double[] found = new double[order.length];
    int count = 0;
    for (int k = 0; k < order.length; k++) {
      count += intruders[order[k]] ? 1 : 0;
      found[k] = count;
    }
    if (count == 0) {
      throw new IllegalArgumentException("detection curve: no sample is an intruder");
    }
    for (int k = 0; k < found.length; k++) {
      found[k] /= count;
    }
    return found;
  }

  /**
   * Area under a detection curve: its mean over all N ranks. With n intruders it is at most 1 -
   * (n-1) / (2N), when they come first; about 0.5 in random order.
   *
   * @param found [N], from {@link #detectionCurve}; read
   * @throws IllegalArgumentException if N is 0
   */
  public static double areaUnderCurve(double[] found) {
    return Arrays.stream(found)
        .average()
        .orElseThrow(() -> new IllegalArgumentException("area under a curve of 0 points"));
  }

  /**
   * R² of the linear regression of self-influence on loss.
   *
   * @param losses [N], finite; read
   * @param selfInfluence [N], finite; read
   * @return in 0..1; NaN if it is undefined, because either side is constant or N is below 2
   * @throws IllegalArgumentException if lengths differ or a value is not finite
   */
  public static double rSquared(float[] losses, float[] selfInfluence) {
    return regression(losses, selfInfluence).getRSquare();
  }

  static SimpleRegression regression(float[] losses, float[] selfInfluence) {
    requireLength("self-influence", selfInfluence.length, "losses", losses.length);
    SimpleRegression regression = new SimpleRegression();
    for (int i = 0; i < losses.length; i++) {
      if (!Float.isFinite(losses[i]) || !Float.isFinite(selfInfluence[i])) {
        throw new IllegalArgumentException(
            "sample %d: loss %s, self-influence %s; expected finite values"
                .formatted(i, losses[i], selfInfluence[i]));
      }
      regression.addData(losses[i], selfInfluence[i]);
    }
    return regression;
  }

  /**
   * Fraction of test samples whose strongest proponent has their own label.
   *
   * @param scores [T][N]; read
   * @param trainLabels [N]; read
   * @param testLabels [T]; read
   * @return in 0..1
   * @throws IllegalArgumentException if lengths differ, T or N is 0, or a score is NaN
   */
  public static double sameClassRate(float[][] scores, int[] trainLabels, int[] testLabels) {
    requireLength("test labels", testLabels.length, "scores", scores.length);
    int same = 0;
    for (int t = 0; t < scores.length; t++) {
      requireLength("scores of test sample " + t, scores[t].length, "labels", trainLabels.length);
      same += trainLabels[topK(scores[t], 1)[0]] == testLabels[t] ? 1 : 0;
    }
    return (double) same / scores.length;
  }

  /**
   * Fraction of test samples whose strongest proponent is the training sample that it should be,
   * such as itself (Kong &amp; Chaudhuri 2021, tables 1 and 5).
   *
   * @param scores [T][N]; read
   * @param expected [T], positions among the training samples; read
   * @return in 0..1
   * @throws IllegalArgumentException if lengths differ, T or N is 0, or a score is NaN
   */
  public static double topOneRate(float[][] scores, int[] expected) {
    requireLength("expected", expected.length, "scores", scores.length);
    int right = 0;
    for (int t = 0; t < scores.length; t++) {
      right += topK(scores[t], 1)[0] == expected[t] ? 1 : 0;
    }
    return (double) right / scores.length;
  }

  /**
   * What {@link #sameClassRate} would be on average if proponents were drawn at random from the
   * training samples.
   *
   * @param trainLabels [N]; read
   * @param testLabels [T]; read
   * @return in 0..1
   */
  public static double sameClassChance(int[] trainLabels, int[] testLabels) {
    long pairs = 0;
    for (int label : testLabels) {
      pairs += Arrays.stream(trainLabels).filter(other -> other == label).count();
    }
    return (double) pairs / ((double) trainLabels.length * testLabels.length);
  }

  static void requireLength(String what, int actual, String reference, int expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(
          "%s: %d, expected %d as in %s".formatted(what, actual, expected, reference));
    }
  }
}
