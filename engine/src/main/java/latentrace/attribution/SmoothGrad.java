package latentrace.attribution;

import latentrace.attribution.RandomNumbers.Use;

/** SmoothGrad (Smilkov et al. 2017): the mean of ∂/∂x at x + σε over draws. */
public final class SmoothGrad extends PathMethod {
  private final double sigma;
  private final int draws;
  private final RandomNumbers noise;

  /**
   * Prepares draws.
   *
   * @param sigma standard deviation of the noise
   * @param draws for a sample
   */
  public SmoothGrad(double sigma, int draws, long seed) {
    if (draws < 1) {
      throw new IllegalArgumentException("samples: found %d, expected at least 1".formatted(draws));
    }
    if (!(sigma >= 0)) {
      throw new IllegalArgumentException("sigma: found %s, expected at least 0".formatted(sigma));
    }
    this.sigma = sigma;
    this.draws = draws;
    this.noise = new RandomNumbers(seed, Use.NOISE);
  }

  @Override
  int points() {
    return draws;
  }

  @Override
  void point(Samples samples, int sample, int k, float[] target, int to) {
    System.arraycopy(samples.values(), samples.at(sample), target, to, samples.size());
    noise.addNormals(samples.indices()[sample], k, sigma, target, to, samples.size());
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
    for (int e = 0; e < attribution.length; e++) {
      attribution[e] += gradients[at + e] / draws;
    }
  }
}
