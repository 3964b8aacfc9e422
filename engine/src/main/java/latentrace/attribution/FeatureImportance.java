package latentrace.attribution;

import latentrace.Listener;
import latentrace.data.Dataset;

/** The importance of every feature of every sample of a data set. */
public final class FeatureImportance {
  private FeatureImportance() {}

  /**
   * What is found.
   *
   * @param attributions [N][D]
   * @param completenessErrors of integrated gradients: what each sample's sum misses of the
   *     function's rise, relative to it; else null
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier of bulk results, never compared
  public record Result(float[][] attributions, double[] completenessErrors) {}

  /**
   * Attributes by a method.
   *
   * @throws latentrace.data.InputException if the samples are not of the representation's size
   */
  public static Result of(
      Representation f, Target target, FeatureMethod method, Dataset data, Listener listener) {
    return of(f, target, method, data, f.capacity(), listener);
  }

  /**
   * Attributes by a method, to at most {@code together} samples at a time: only {@link
   * GradientShap.Pairing#PUBLISHED} depends on it.
   *
   * @throws latentrace.data.InputException if the samples are not of the representation's size
   */
  public static Result of(
      Representation f,
      Target target,
      FeatureMethod method,
      Dataset data,
      int together,
      Listener listener) {
    f.requireFits(data);
    int n = data.count();
    int chunk = Math.min(Math.min(together, f.capacity()), n);
    int d = f.inputSize();
    int h = f.size();
    float[] values = new float[chunk * h];
    float[] weights = new float[chunk * h];
    float[][] attributions = new float[n][d];
    double[] errors = method instanceof IntegratedGradients ? new double[n] : null;
    listener.started("attributions", n, 0);
    try {
      for (int from = 0; from < n; from += chunk) {
        int count = Math.min(chunk, n - from);
        float[] x = new float[count * d];
        int[] indices = new int[count];
        for (int i = 0; i < count; i++) {
          data.copySample(from + i, x, i * d);
          indices[i] = data.fileIndex(from + i);
        }
        Samples samples = new Samples(x, indices, count, d);
        f.forward(x, count, values);
        for (int i = 0; i < count; i++) {
          target.weights(values, i * h, h, weights);
        }
        float[][] part = new float[count][];
        System.arraycopy(attributions, from, part, 0, count);
        method.attribute(f, samples, weights, part);
        if (method instanceof IntegratedGradients ig) {
          System.arraycopy(ig.relativeErrors(f, samples, weights, part), 0, errors, from, count);
        }
        listener.progressed(from + count);
      }
    } finally {
      listener.finished();
    }
    return new Result(attributions, errors);
  }

  /** The mean sample [D]. */
  public static float[] mean(Dataset data) {
    double[] sums = new double[data.sampleSize()];
    float[] sample = new float[sums.length];
    for (int i = 0; i < data.count(); i++) {
      data.copySample(i, sample, 0);
      for (int e = 0; e < sums.length; e++) {
        sums[e] += sample[e];
      }
    }
    float[] mean = new float[sums.length];
    for (int e = 0; e < sums.length; e++) {
      mean[e] = (float) (sums[e] / data.count());
    }
    return mean;
  }
}
