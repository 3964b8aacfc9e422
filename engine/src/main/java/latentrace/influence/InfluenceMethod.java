package latentrace.influence;

import latentrace.data.Dataset;

/**
 * A way to say how much each training sample did for each test sample. Positive marks a proponent,
 * without which the loss of the test sample would be higher; negative an opponent.
 */
@FunctionalInterface
public interface InfluenceMethod {
  /**
   * Scores of all training samples for all test samples.
   *
   * @return [T,N]; the caller closes it
   */
  ScoreMatrix scores(Dataset train, Dataset test);
}
