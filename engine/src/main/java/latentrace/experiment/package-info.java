/**
 * The papers' tables and figures, re-run: one class for each, or for those that show the same thing
 * of other data. {@link latentrace.experiment.Kong2021} lists those of Kong &amp; Chaudhuri 2021.
 *
 * <p>What takes long, training and scoring, is a stage ({@link latentrace.experiment.Stages}): kept
 * under the hash of everything it depends on, shared by all experiments, and gone on with after a
 * kill.
 */
package latentrace.experiment;
