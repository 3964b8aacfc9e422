package latentrace.model;

/** How the gradient with respect to the encoder's parameters is estimated from m draws. */
public enum Estimator {
  /** Through ξ = μ + σ∘ε. */
  PATHWISE,
  /** Kong &amp; Chaudhuri 2021, eq. 9: more noise, no gradient through the decoder needed. */
  SCORE_FUNCTION
}
