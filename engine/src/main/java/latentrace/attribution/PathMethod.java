package latentrace.attribution;

import java.util.Arrays;

/**
 * A method that sums up gradients at points which it chooses for each sample, all taken in batches
 * as large as the representation holds.
 */
abstract class PathMethod implements FeatureMethod {
  /** Points for a sample. */
  abstract int points();

  /** Writes point k of a sample to {@code target[to..to+D)}. */
  abstract void point(Samples samples, int sample, int k, float[] target, int to);

  /**
   * Adds what the gradient at point k says.
   *
   * @param points the point begins at {@code at}
   * @param gradients the gradient begins there too
   * @param attribution of the sample [D], accumulated
   */
  abstract void add(
      Samples samples,
      int sample,
      int k,
      float[] points,
      float[] gradients,
      int at,
      float[] attribution);

  /** What is left to do when all points are added. */
  void finish(Samples samples, int sample, float[] attribution) {}

  /** The sample whose weights point k of a sample is taken with. */
  int pairedWith(int sample, int k, int count) {
    return sample;
  }

  @Override
  public void attribute(
      Representation f, Samples samples, float[] weights, float[][] attributions) {
    accumulate(f, samples, weights, attributions);
    for (int i = 0; i < samples.count(); i++) {
      finish(samples, i, attributions[i]);
    }
  }

  /** What {@link #add} makes of all points. */
  final void accumulate(
      Representation f, Samples samples, float[] weights, float[][] attributions) {
    int points = points();
    int d = samples.size();
    int h = f.size();
    long rows = (long) samples.count() * points;
    int batch = (int) Math.min(f.capacity(), rows);
    float[] x = new float[batch * d];
    float[] gradients = new float[batch * d];
    float[] values = new float[batch * h];
    float[] w = new float[batch * h];
    for (int i = 0; i < samples.count(); i++) {
      Arrays.fill(attributions[i], 0);
    }
    for (long first = 0; first < rows; first += batch) {
      int count = (int) Math.min(batch, rows - first);
      for (int r = 0; r < count; r++) {
        int sample = (int) ((first + r) / points);
        int k = (int) ((first + r) % points);
        point(samples, sample, k, x, r * d);
        int partner = pairedWith(sample, k, samples.count());
        System.arraycopy(weights, partner * h, w, r * h, h);
      }
      f.forward(x, count, values);
      f.gradient(w, gradients);
      for (int r = 0; r < count; r++) {
        int sample = (int) ((first + r) / points);
        int k = (int) ((first + r) % points);
        add(samples, sample, k, x, gradients, r * d, attributions[sample]);
      }
    }
  }
}
