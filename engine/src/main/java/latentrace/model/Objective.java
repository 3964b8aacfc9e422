package latentrace.model;

import latentrace.backend.KlWeights;
import latentrace.backend.Reconstruction;

/**
 * A loss to be minimised: ℓ = lossScale·(reconstruction + penalty), penalty = weight·KL (β-VAE,
 * Higgins et al. 2017), weight·|KL − capacity| (Burgess et al. 2018) when capacity is not NaN, or
 * the KL term decomposed (β-TCVAE, Chen et al. 2018). Models without a KL term use the first part
 * only, a classifier neither.
 *
 * <p>In Burgess' form the absolute value is taken per sample; 1Konny's Beta-VAE takes it of the
 * batch mean, which has no per-sample loss. The decomposed form has none either: a sample's ℓ is
 * its summand in the batch's, and depends on the other samples.
 *
 * @param reconstruction decoder distribution
 * @param weight β, or γ
 * @param capacity C in nats, or NaN
 * @param lossScale factor on everything
 * @param decomposition weights of the parts of the KL term; null if it is taken whole
 */
public record Objective(
    Reconstruction reconstruction,
    double weight,
    double capacity,
    double lossScale,
    KlWeights decomposition) {
  /** With the KL term whole. */
  public Objective(
      Reconstruction reconstruction, double weight, double capacity, double lossScale) {
    this(reconstruction, weight, capacity, lossScale, null);
  }

  /** β-TCVAE with α = γ = 1: reconstruction + MI + β·TC + dimension-wise KL. */
  public static Objective totalCorrelation(
      Reconstruction reconstruction, double beta, double lossScale) {
    return new Objective(reconstruction, beta, Double.NaN, lossScale, new KlWeights(1, beta, 1));
  }

  /** Whether the penalty is linear in KL, as the score-function estimator needs. */
  public boolean isLinearInKl() {
    return Double.isNaN(capacity) && isPerSample();
  }

  /** Whether a sample has a loss of its own, and so a gradient. */
  public boolean isPerSample() {
    return decomposition == null;
  }
}
