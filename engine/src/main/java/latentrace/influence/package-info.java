/**
 * Which training samples raised or lowered the likelihood of a sample: VAE-TracIn (Kong &amp;
 * Chaudhuri 2021, eq. 10), computed exactly and without a per-sample backward pass.
 *
 * <p>A linear layer's gradient of one sample is Σ_r δ_r·a_rᵀ with rank 1 in the encoder and m in
 * the decoder. Its inner products are taken either from the factors ("ghost", cost r·r'·(in+out) a
 * pair) or from gradients written out as rows and multiplied by one GEMM (cost in·out a pair);
 * {@link latentrace.influence.LayerProducts} counts and chooses per layer. Training data are
 * streamed in tiles, checkpoint by checkpoint: working memory does not grow with N.
 */
package latentrace.influence;
