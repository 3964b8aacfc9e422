package latentrace.attribution;

/** A way to attribute the value of x̃ ↦ ⟨w, f(x̃)⟩ at a sample x to its features. */
public interface FeatureMethod {
  /**
   * Attributes to the features of some samples.
   *
   * @param f the function
   * @param samples at most f's capacity of them
   * @param weights w of each [count,H]
   * @param attributions [count][D], overwritten
   */
  void attribute(Representation f, Samples samples, float[] weights, float[][] attributions);
}
