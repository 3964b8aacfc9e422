/**
 * Models: what is learned, and one pass of it. A {@link latentrace.model.Model} is its layers and
 * parameters; a {@link latentrace.model.Pass} is the memory of one forward and backward over up to
 * {@code capacity} samples with m draws each, per-sample losses and gradient factors included.
 *
 * <p>What an encoder is trained for beyond its own reconstruction is a {@link
 * latentrace.model.Pretext}, or {@link latentrace.model.SimClr}'s views. Losses of a batch
 * (objective TC, NT-Xent) train a model but give no gradients of single samples.
 *
 * <p>The encoder runs once per sample and the decoder once per draw; the m cotangents at [μ|lv] are
 * summed before one backward pass through the encoder (exact, NUMERICS §3.1).
 */
package latentrace.model;
