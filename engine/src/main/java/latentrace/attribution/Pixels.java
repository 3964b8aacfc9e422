package latentrace.attribution;

import java.util.Arrays;
import latentrace.report.Statistics;

/** Importance of pixels, whose channels count together. */
public final class Pixels {
  private Pixels() {}

  /**
   * Σ over channels of |attribution|.
   *
   * @param attribution [C·pixels]
   * @return [pixels]
   */
  public static float[] importance(float[] attribution, int channels) {
    int pixels = attribution.length / channels;
    float[] sums = new float[pixels];
    for (int e = 0; e < attribution.length; e++) {
      sums[e % pixels] += Math.abs(attribution[e]);
    }
    return sums;
  }

  /** The most important pixels, the most important first; of equal ones the earlier. */
  public static int[] mostImportant(float[] attribution, int channels, int count) {
    return Arrays.copyOf(Statistics.ranking(importance(attribution, channels)), count);
  }
}
