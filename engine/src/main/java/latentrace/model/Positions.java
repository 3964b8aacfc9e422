package latentrace.model;

import java.util.Arrays;

/** The positions 0, 1, 2, … */
public final class Positions {
  private static volatile int[] known = range(0, 256);

  private Positions() {}

  /** An array that begins 0, 1, …, count-1; shared, to be read only, possibly longer. */
  public static int[] upTo(int count) {
    int[] positions = known;
    if (positions.length < count) {
      positions = range(0, Math.max(count, 2 * positions.length));
      known = positions;
    }
    return positions;
  }

  private static int[] range(int from, int count) {
    int[] positions = new int[count];
    Arrays.setAll(positions, i -> from + i);
    return positions;
  }
}
