/**
 * What training samples do, by training without them: leave-one-out and the linear datamodelling
 * score, the measures that cheaper influence scores are judged by.
 */
package latentrace.influence.retraining;
