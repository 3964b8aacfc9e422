package latentrace.experiment;

import latentrace.attribution.FeatureMethod;
import latentrace.attribution.GradientShap;
import latentrace.attribution.GradientShap.Pairing;
import latentrace.attribution.IntegratedGradients;
import latentrace.attribution.IntegratedGradients.Rule;
import latentrace.attribution.RandomImportance;
import latentrace.attribution.Saliency;

/** The methods whose attributions the experiments compare. */
enum Importance {
  SALIENCY("saliency"),
  INTEGRATED_GRADIENTS("integrated gradients"),
  GRADIENT_SHAP("gradient SHAP"),
  /** Each draw explained by another sample's representation, by mistake. */
  PUBLISHED_GRADIENT_SHAP("gradient SHAP, as published"),
  RANDOM("random");

  private final String label;

  Importance(String label) {
    this.label = label;
  }

  /** The published code's way of it. */
  Importance published() {
    return this == GRADIENT_SHAP ? PUBLISHED_GRADIENT_SHAP : this;
  }

  /**
   * The method.
   *
   * @param baseline [D]
   */
  FeatureMethod method(PappScale scale, float[] baseline, long seed) {
    return switch (this) {
      case SALIENCY -> Saliency.magnitude();
      case INTEGRATED_GRADIENTS ->
          new IntegratedGradients(baseline, scale.steps(), Rule.GAUSS_LEGENDRE);
      case GRADIENT_SHAP -> shap(scale.draws(), baseline, Pairing.OWN, seed);
      case PUBLISHED_GRADIENT_SHAP ->
          shap(PappScale.PUBLISHED_DRAWS, baseline, Pairing.PUBLISHED, seed);
      case RANDOM -> new RandomImportance(seed);
    };
  }

  private static FeatureMethod shap(int draws, float[] baseline, Pairing pairing, long seed) {
    return new GradientShap(new float[][] {baseline}, 0, draws, pairing, seed);
  }

  @Override
  public String toString() {
    return label;
  }
}
