package latentrace.neighbors;

import latentrace.Listener;
import latentrace.attribution.FeatureImportance;
import latentrace.attribution.IntegratedGradients;
import latentrace.attribution.IntegratedGradients.Rule;
import latentrace.attribution.Representation;
import latentrace.attribution.Target;
import latentrace.data.Dataset;

/**
 * SimplEx' projected Jacobians: how much each feature of a corpus sample c contributes to the part
 * of its latent shift that a code h has in common with it, p = ⟨h − h⁰, j⟩/‖h − h⁰‖² with the
 * integrated Jacobian j_e = (x_e − x⁰_e)·∫₀¹ ∂f/∂x_e (Crabbé et al. 2021, definition 3.2). Over
 * features they sum to ⟨h − h⁰, h_c − h⁰⟩/‖h − h⁰‖².
 */
public final class CorpusProjection {
  private CorpusProjection() {}

  /**
   * The projections of every corpus sample.
   *
   * @param baseline x⁰ [D]
   * @param code h [H]
   * @param steps of the integral; 100 in the published code
   * @return [N][D]
   * @throws IllegalArgumentException if h is f(x⁰)
   */
  public static float[][] of(
      Representation f,
      Dataset corpus,
      float[] baseline,
      float[] code,
      int steps,
      Listener listener) {
    float[] origin = new float[f.size()];
    f.forward(baseline, 1, origin);
    float[] direction = new float[origin.length];
    double norm = 0;
    for (int l = 0; l < direction.length; l++) {
      direction[l] = code[l] - origin[l];
      norm += (double) direction[l] * direction[l];
    }
    if (norm == 0) {
      throw new IllegalArgumentException("the code explained is the baseline's");
    }
    for (int l = 0; l < direction.length; l++) {
      direction[l] = (float) (direction[l] / norm);
    }
    return FeatureImportance.of(
            f,
            Target.constant(direction),
            new IntegratedGradients(baseline, steps, Rule.GAUSS_LEGENDRE),
            corpus,
            listener)
        .attributions();
  }
}
