package latentrace.attribution;

import latentrace.data.Dataset;

/** Replaces each sample's most important features by a baseline. */
public final class FeatureMask {
  private final float[] baseline;
  private final int channels;

  /**
   * Prepares masks.
   *
   * @param baseline what masked features become [D]
   * @param channels C of [C,H,W]: a pixel is masked in all of them, by the sum of |attribution|
   */
  public FeatureMask(float[] baseline, int channels) {
    if (channels < 1 || baseline.length % channels != 0) {
      throw new IllegalArgumentException(
          "%d features are not of %d channels".formatted(baseline.length, channels));
    }
    this.baseline = baseline.clone();
    this.channels = channels;
  }

  /**
   * Masks one sample.
   *
   * @param attribution the sample's own [D]
   * @param fraction of the pixels that are masked, the most important first; in [0,1]
   * @param x the sample begins at {@code at}; overwritten where masked
   */
  public void apply(float[] attribution, double fraction, float[] x, int at) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("fraction: found %s, expected 0 to 1".formatted(fraction));
    }
    int pixels = baseline.length / channels;
    int masked = (int) Math.round(fraction * pixels);
    for (int pixel : Pixels.mostImportant(attribution, channels, masked)) {
      for (int c = 0; c < channels; c++) {
        int e = c * pixels + pixel;
        x[at + e] = baseline[e];
      }
    }
  }

  /**
   * A data set of masked samples, in the same order and with the same labels.
   *
   * @param attributions of sample i of {@code data} in row i, [N][D]
   */
  public Dataset apply(Dataset data, float[][] attributions, double fraction) {
    if (attributions.length != data.count()) {
      throw new IllegalArgumentException(
          "%d attributions of %d samples".formatted(attributions.length, data.count()));
    }
    int d = data.sampleSize();
    float[] values = new float[Math.multiplyExact(data.count(), d)];
    for (int i = 0; i < data.count(); i++) {
      data.copySample(i, values, i * d);
      apply(attributions[i], fraction, values, i * d);
    }
    return Dataset.ofFloats(data.name() + "-masked", data.sampleShape(), values, data.labels());
  }
}
