package latentrace.attribution;

/**
 * The gradient at the sample: its magnitude (Simonyan, Vedaldi, Zisserman 2014), or times the input
 * (Shrikumar et al. 2016).
 */
public final class Saliency extends PathMethod {
  private final boolean timesInput;

  private Saliency(boolean timesInput) {
    this.timesInput = timesInput;
  }

  /** |∂/∂x|. */
  public static Saliency magnitude() {
    return new Saliency(false);
  }

  /** x·∂/∂x. */
  public static Saliency timesInput() {
    return new Saliency(true);
  }

  @Override
  int points() {
    return 1;
  }

  @Override
  void point(Samples samples, int sample, int k, float[] target, int to) {
    System.arraycopy(samples.values(), samples.at(sample), target, to, samples.size());
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
      float g = gradients[at + e];
      attribution[e] = timesInput ? points[at + e] * g : Math.abs(g);
    }
  }
}
