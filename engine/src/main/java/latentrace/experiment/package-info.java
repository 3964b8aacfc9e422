/**
 * The papers' experiments, one class per table or figure (families of figures that are the same
 * plot of other data share one), published numbers beside ours.
 *
 * <p>Everything long is a {@link latentrace.experiment.Stage}: training, scores, self-influence,
 * latent means, losses. Stages are kept in folders named by a hash of everything they depend on and
 * shared between experiments; a run that is killed goes on where it was, and one that is repeated
 * only writes its report anew. {@link latentrace.experiment.Scale} has all numbers that the scales
 * differ in.
 */
package latentrace.experiment;
