package latentrace.data;

/**
 * Bilinear resizing of planes as Pillow's {@code Image.resize(size, BILINEAR)}, byte for byte: rows
 * first, then columns, each a weighted mean of the pixels under a triangle that is as wide as the
 * scale when shrinking. Bytes are summed in fixed point of 22 bits and rounded after each of the
 * two steps; floats are summed in double.
 */
final class Resampling {
  private static final int PRECISION = 22;

  /**
   * Weights of one axis: output x is Σ_k weights[x·taps + k]·input[first[x] + k], k &lt; count[x].
   */
  private static final class Axis {
    final int in;
    final int out;
    final int taps;
    final int[] first;
    final int[] count;
    final double[] weights;
    final int[] fixed;

    Axis(int in, int out) {
      this.in = in;
      this.out = out;
      double scale = (double) in / out;
      double support = Math.max(scale, 1);
      taps = (int) Math.ceil(support) * 2 + 1;
      first = new int[out];
      count = new int[out];
      weights = new double[Math.multiplyExact(out, taps)];
      fixed = new int[out * taps];
      for (int x = 0; x < out; x++) {
        double center = (x + 0.5) * scale;
        first[x] = Math.max(0, (int) (center - support + 0.5));
        count[x] = Math.min(in, (int) (center + support + 0.5)) - first[x];
        double sum = 0;
        for (int k = 0; k < count[x]; k++) {
          double distance = Math.abs((k + first[x] - center + 0.5) * (1 / support));
          double weight = distance < 1 ? 1 - distance : 0;
          weights[x * taps + k] = weight;
          sum += weight;
        }
        for (int k = 0; k < count[x]; k++) {
          int at = x * taps + k;
          weights[at] /= sum;
          fixed[at] = (int) (0.5 + weights[at] * (1 << PRECISION));
        }
      }
    }
  }

  private final Axis columns;
  private final Axis rows;

  /** From planes of {@code height} × {@code width} to {@code newHeight} × {@code newWidth}. */
  Resampling(int height, int width, int newHeight, int newWidth) {
    columns = new Axis(width, newWidth);
    rows = new Axis(height, newHeight);
  }

  /**
   * Resizes a plane [height,width] at {@code from} to one [newHeight,newWidth] at {@code to}.
   *
   * @param between [height·newWidth], overwritten
   */
  void resize(byte[] source, int from, byte[] between, byte[] target, int to) {
    int middle = columns.out;
    if (columns.in == columns.out) { // Pillow leaves out a step that changes nothing
      System.arraycopy(source, from, between, 0, rows.in * middle);
    } else {
      for (int y = 0; y < rows.in; y++) {
        for (int x = 0; x < middle; x++) {
          int at = from + y * columns.in + columns.first[x];
          between[y * middle + x] = mean(columns, x, source, at, 1);
        }
      }
    }
    for (int y = 0; y < rows.out; y++) {
      for (int x = 0; x < middle; x++) {
        target[to + y * middle + x] =
            rows.in == rows.out
                ? between[y * middle + x]
                : mean(rows, y, between, rows.first[y] * middle + x, middle);
      }
    }
  }

  /** The same for floats. */
  void resize(float[] source, int from, float[] between, float[] target, int to) {
    int middle = columns.out;
    if (columns.in == columns.out) {
      System.arraycopy(source, from, between, 0, rows.in * middle);
    } else {
      for (int y = 0; y < rows.in; y++) {
        for (int x = 0; x < middle; x++) {
          int at = from + y * columns.in + columns.first[x];
          between[y * middle + x] = mean(columns, x, source, at, 1);
        }
      }
    }
    for (int y = 0; y < rows.out; y++) {
      for (int x = 0; x < middle; x++) {
        target[to + y * middle + x] =
            rows.in == rows.out
                ? between[y * middle + x]
                : mean(rows, y, between, rows.first[y] * middle + x, middle);
      }
    }
  }

  private static byte mean(Axis axis, int x, byte[] source, int at, int step) {
    int sum = 1 << (PRECISION - 1);
    for (int k = 0; k < axis.count[x]; k++) {
      sum += (source[at + k * step] & 0xff) * axis.fixed[x * axis.taps + k];
    }
    return (byte) Math.min(255, sum >> PRECISION); // weights are not negative
  }

  private static float mean(Axis axis, int x, float[] source, int at, int step) {
    double sum = 0;
    for (int k = 0; k < axis.count[x]; k++) {
      sum += source[at + k * step] * axis.weights[x * axis.taps + k];
    }
    return (float) sum;
  }
}
