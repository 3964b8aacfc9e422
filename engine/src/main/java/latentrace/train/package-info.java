/**
 * Training: optimisers, learning-rate schedules, the loop with evenly spaced checkpoints, early
 * stopping, metrics, and resuming to the same bytes as without an interruption.
 */
package latentrace.train;
