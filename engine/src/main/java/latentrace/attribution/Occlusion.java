package latentrace.attribution;

/**
 * Occlusion (Zeiler &amp; Fergus 2014): how much the function falls when a window of the sample is
 * replaced by the baseline, in all channels; a feature under several windows has the mean of
 * theirs.
 */
public final class Occlusion implements FeatureMethod {
  private final float[] baseline;
  private final int channels;
  private final int height;
  private final int width;
  private final int window;
  private final int stride;

  /**
   * Prepares windows.
   *
   * @param baseline [D]
   * @param shape of a sample: [C,H,W], [H,W], or [D] as one row
   * @param window its height and width, cut off at the edges
   * @param stride between windows, at most as large: else features would be left out
   */
  public Occlusion(float[] baseline, int[] shape, int window, int stride) {
    this.baseline = baseline.clone();
    this.width = shape[shape.length - 1];
    this.height = shape.length > 1 ? shape[shape.length - 2] : 1;
    this.channels = baseline.length / (width * height);
    if (window < 1 || window > Math.max(width, height)) {
      throw new IllegalArgumentException(
          "window: found %d, expected 1 to %d".formatted(window, Math.max(width, height)));
    }
    if (stride < 1 || stride > window) {
      throw new IllegalArgumentException(
          "stride: found %d, expected 1 to the window's %d".formatted(stride, window));
    }
    this.window = window;
    this.stride = stride;
  }

  private static int places(int extent, int window, int stride) {
    return Math.max(0, extent - window + stride - 1) / stride + 1;
  }

  @Override
  public void attribute(
      Representation f, Samples samples, float[] weights, float[][] attributions) {
    int d = samples.size();
    int h = f.size();
    int columns = places(width, window, stride);
    int windows = places(height, window, stride) * columns;
    float[] values = new float[samples.count() * h];
    f.forward(samples.values(), samples.count(), values);
    long rows = (long) samples.count() * windows;
    int batch = (int) Math.min(f.capacity(), rows);
    float[] x = new float[batch * d];
    float[] occluded = new float[batch * h];
    int[] covering = new int[d];
    for (int at = 0; at < windows; at++) {
      each(at / columns, at % columns, e -> covering[e]++);
    }
    for (int i = 0; i < samples.count(); i++) {
      java.util.Arrays.fill(attributions[i], 0);
    }
    for (long first = 0; first < rows; first += batch) {
      int count = (int) Math.min(batch, rows - first);
      for (int r = 0; r < count; r++) {
        int sample = (int) ((first + r) / windows);
        int at = (int) ((first + r) % windows);
        int to = r * d;
        System.arraycopy(samples.values(), samples.at(sample), x, to, d);
        each(at / columns, at % columns, e -> x[to + e] = baseline[e]);
      }
      f.forward(x, count, occluded);
      for (int r = 0; r < count; r++) {
        int sample = (int) ((first + r) / windows);
        int at = (int) ((first + r) % windows);
        double fall = 0;
        for (int l = 0; l < h; l++) {
          fall +=
              (double) weights[sample * h + l]
                  * (values[sample * h + l] - (double) occluded[r * h + l]);
        }
        float value = (float) fall;
        each(at / columns, at % columns, e -> attributions[sample][e] += value / covering[e]);
      }
    }
  }

  /** Every feature under a window. */
  private void each(int windowRow, int windowColumn, java.util.function.IntConsumer feature) {
    int top = windowRow * stride;
    int left = windowColumn * stride;
    for (int c = 0; c < channels; c++) {
      for (int row = top; row < Math.min(height, top + window); row++) {
        for (int column = left; column < Math.min(width, left + window); column++) {
          feature.accept((c * height + row) * width + column);
        }
      }
    }
  }
}
