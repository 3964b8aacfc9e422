/**
 * Models: what is learned, and one pass of it. A {@link latentrace.model.Model} is its layers and
 * parameters; a {@link latentrace.model.Pass} is the memory of one forward and backward over up to
 * {@code capacity} samples with m draws each, per-sample losses and gradient factors included.
 *
 * <p>The encoder runs once per sample and the decoder once per draw; the m cotangents at [μ|lv] are
 * summed before one backward pass through the encoder (exact, NUMERICS §3.1).
 */
package latentrace.model;
