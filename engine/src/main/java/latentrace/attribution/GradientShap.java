package latentrace.attribution;

import latentrace.attribution.RandomNumbers.Use;

/**
 * Gradient SHAP (Lundberg &amp; Lee 2017, as in captum): the mean over draws of (x′ − b)·∂/∂x at b
 * + u(x′ − b), with x′ = x + σε, a baseline b drawn from a set and u uniform.
 */
public final class GradientShap extends PathMethod {
  /** Whose representation a draw is explained by. */
  public enum Pairing {
    /** That of the sample it is a draw of. */
    OWN,
    /**
     * That of another sample of the batch, as in the published code of both papers: draw k of
     * sample i is row i·draws + k, and takes sample (i·draws + k) mod batch. To re-run published
     * results only.
     */
    PUBLISHED
  }

  private final float[][] baselines;
  private final double sigma;
  private final int draws;
  private final Pairing pairing;
  private final RandomNumbers coefficients;
  private final RandomNumbers noise;
  private final double[] uniforms = new double[2];
  private float[] scratch = new float[0];

  /**
   * Prepares draws.
   *
   * @param baselines the set [count][D]
   * @param sigma standard deviation of the noise on x
   * @param draws for a sample
   */
  public GradientShap(float[][] baselines, double sigma, int draws, Pairing pairing, long seed) {
    if (draws < 1) {
      throw new IllegalArgumentException("samples: found %d, expected at least 1".formatted(draws));
    }
    if (!(sigma >= 0)) {
      throw new IllegalArgumentException("sigma: found %s, expected at least 0".formatted(sigma));
    }
    this.baselines = baselines;
    this.sigma = sigma;
    this.draws = draws;
    this.pairing = pairing;
    this.coefficients = new RandomNumbers(seed, Use.COEFFICIENT);
    this.noise = new RandomNumbers(seed, Use.NOISE);
  }

  @Override
  int points() {
    return draws;
  }

  @Override
  int pairedWith(int sample, int k, int count) {
    return pairing == Pairing.OWN ? sample : (sample * draws + k) % count;
  }

  /** Draws u and the baseline of a point; the latter is returned. */
  private float[] draw(Samples samples, int sample, int k) {
    coefficients.uniforms(samples.indices()[sample], k, uniforms);
    int chosen = (int) Math.min(baselines.length - 1, uniforms[1] * baselines.length);
    return baselines[chosen];
  }

  @Override
  void point(Samples samples, int sample, int k, float[] target, int to) {
    float[] baseline = draw(samples, sample, k);
    float[] noisy = noisy(samples, sample, k);
    float u = (float) uniforms[0];
    for (int e = 0; e < noisy.length; e++) {
      target[to + e] = baseline[e] + u * (noisy[e] - baseline[e]);
    }
  }

  /** x′. */
  private float[] noisy(Samples samples, int sample, int k) {
    if (scratch.length != samples.size()) {
      scratch = new float[samples.size()];
    }
    System.arraycopy(samples.values(), samples.at(sample), scratch, 0, scratch.length);
    if (sigma > 0) {
      noise.addNormals(samples.indices()[sample], k, sigma, scratch, 0, scratch.length);
    }
    return scratch;
  }

  @Override
  void add(
      Samples samples,
      int sample,
      int k,
      float[] points,
      float[] gradients,
      int at,
      float[] attribution) {
    float[] baseline = draw(samples, sample, k);
    float[] noisy = noisy(samples, sample, k);
    for (int e = 0; e < attribution.length; e++) {
      attribution[e] += (noisy[e] - baseline[e]) * gradients[at + e] / draws;
    }
  }
}
