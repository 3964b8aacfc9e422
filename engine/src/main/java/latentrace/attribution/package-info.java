/**
 * Which features of an input its representation rests on, without labels (Crabbé &amp; van der
 * Schaar, ICML 2022, section 2).
 *
 * <p>A representation f has no single output to explain. Label-free importance is that of the
 * function g_x(x̃) = ⟨f(x), f(x̃)⟩ at x̃ = x, with f(x) held constant: any method for functions
 * with one output serves ({@link latentrace.attribution.FeatureMethod}). {@link
 * latentrace.attribution.Target} replaces f(x) by other constant weights, for a single latent unit
 * or a class. All points of all samples that a method asks for go through the model in large
 * batches.
 *
 * <p>Design notes. Integrated gradients take an affine first layer once for a sample: 600 became
 * 690 to 750 images/s of one core (MNIST encoder of the second paper, 50 steps), as that layer has
 * the largest planes and the shortest sums. Gradient SHAP without noise could do the same.
 */
package latentrace.attribution;
