package latentrace.attribution;

import latentrace.data.Dataset;

/**
 * Remove and retrain (ROAR, Hooker et al. 2019): the most important features of every sample are
 * masked, in the training and in the test set, and a model is trained anew. The better the features
 * were found, the higher its error. Every sample is masked by its own attribution (the published
 * code of Label-Free-XAI takes those of a shuffled loader in the order of the data set).
 */
public final class Roar {
  /** Trains a model from the start, and measures it. */
  @FunctionalInterface
  public interface Retraining {
    /** The error on {@code test} after training on {@code train}. */
    double error(Dataset train, Dataset test);
  }

  private final FeatureMask mask;
  private final Retraining retraining;

  /** Prepares retraining with masked features. */
  public Roar(FeatureMask mask, Retraining retraining) {
    this.mask = mask;
    this.retraining = retraining;
  }

  /**
   * The error without the most important features.
   *
   * @param trainAttributions of training sample i in row i [N][D]
   * @param testAttributions of test sample t in row t [T][D]
   * @param fraction of the pixels that are masked, in [0,1]
   */
  public double error(
      Dataset train,
      float[][] trainAttributions,
      Dataset test,
      float[][] testAttributions,
      double fraction) {
    return retraining.error(
        mask.apply(train, trainAttributions, fraction),
        mask.apply(test, testAttributions, fraction));
  }
}
