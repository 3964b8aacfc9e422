package latentrace.backend;

/**
 * Weights of the three parts that the KL term of a VAE decomposes into (Chen, Li, Grosse &amp;
 * Duvenaud 2018, eq. 2); all 1 is the KL term.
 *
 * @param mutualInformation α, of KL(q(ξ,x) ‖ q(ξ)p(x))
 * @param totalCorrelation β, of KL(q(ξ) ‖ Π_l q(ξ_l))
 * @param dimensionWise γ, of Σ_l KL(q(ξ_l) ‖ p(ξ_l))
 */
public record KlWeights(double mutualInformation, double totalCorrelation, double dimensionWise) {}
