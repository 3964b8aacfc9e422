package latentrace.data;

import java.util.Arrays;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;

/**
 * Series like those of ECG5000: a heartbeat's dip and two waves, each of its own place, width and
 * height, on a little noise; of five classes, of which the first is normal, three have a part
 * upside down, and one is late. Sample i depends on the seed and i alone.
 */
public final class HeartbeatsGenerator {
  /** The label of normal beats, more than half of all. */
  public static final int NORMAL = 1;

  private static final int CLASSES = 5;
  private static final double NORMAL_SHARE = 0.58;

  /**
   * Places, widths and heights of the parts, as shares of the length and in standard deviations.
   */
  private static final double[][] PARTS = {{0.05, 0.04, -3.5}, {0.45, 0.2, 0.9}, {0.85, 0.06, 1.6}};

  private HeartbeatsGenerator() {}

  /**
   * Beats, sample shape [length], labels 1..5 as in the archive; each of mean 0 and variance 1.
   *
   * @param count number of samples, at least 1
   * @param length at least 8; ECG5000's is 140
   */
  public static Dataset beats(int count, int length, long seed) {
    if (count < 1 || length < 8) {
      throw new IllegalArgumentException(
          "HeartbeatsGenerator: count %d, length %d, expected at least 1 and 8"
              .formatted(count, length));
    }
    float[] values = new float[Math.multiplyExact(count, length)];
    int[] labels = new int[count];
    double[] beat = new double[length];
    for (int i = 0; i < count; i++) {
      PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, i);
      boolean normal = random.nextDouble() < NORMAL_SHARE;
      labels[i] = normal ? NORMAL : NORMAL + 1 + random.nextInt(CLASSES - 1);
      draw(beat, labels[i], random);
      standardise(beat, values, i * length);
    }
    return Dataset.ofFloats("heartbeats", new int[] {length}, values, labels);
  }

  private static void draw(double[] beat, int label, PhiloxRandom random) {
    Arrays.fill(beat, 0);
    for (int part = 0; part < PARTS.length; part++) {
      double place = PARTS[part][0] + random.nextDouble(-0.02, 0.02);
      double width = PARTS[part][1] * random.nextDouble(0.85, 1.15);
      double height = PARTS[part][2] * random.nextDouble(0.85, 1.15);
      if (label == NORMAL + 1 + part) {
        height = -height / 2;
      } else if (label == NORMAL + CLASSES - 1) {
        place += 0.1;
      }
      for (int t = 0; t < beat.length; t++) {
        double away = ((double) t / (beat.length - 1) - place) / width;
        beat[t] += height * StrictMath.exp(-away * away / 2);
      }
    }
    for (int t = 0; t < beat.length; t++) {
      beat[t] += 0.05 * random.nextGaussian();
    }
  }

  private static void standardise(double[] beat, float[] target, int at) {
    double mean = Arrays.stream(beat).average().orElse(0);
    double variance = Arrays.stream(beat).map(v -> (v - mean) * (v - mean)).average().orElse(1);
    for (int t = 0; t < beat.length; t++) {
      target[at + t] = (float) ((beat[t] - mean) / Math.sqrt(variance));
    }
  }
}
