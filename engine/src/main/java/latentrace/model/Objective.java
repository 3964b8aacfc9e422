package latentrace.model;

import latentrace.backend.Reconstruction;

/**
 * A per-sample loss to be minimised: ℓ = lossScale·(reconstruction + penalty), penalty = weight·KL
 * (β-VAE, Higgins et al. 2017), or weight·|KL − capacity| (Burgess et al. 2018) when capacity is
 * not NaN. Models without a KL term use the first part only, a classifier neither.
 *
 * <p>In Burgess' form the absolute value is taken per sample; 1Konny's Beta-VAE takes it of the
 * batch mean, which has no per-sample loss.
 *
 * @param reconstruction decoder distribution
 * @param weight β, or γ
 * @param capacity C in nats, or NaN
 * @param lossScale factor on everything
 */
public record Objective(
    Reconstruction reconstruction, double weight, double capacity, double lossScale) {
  /** Whether the penalty is linear in KL, as the score-function estimator needs. */
  public boolean isLinearInKl() {
    return Double.isNaN(capacity);
  }
}
