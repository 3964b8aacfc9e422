package latentrace.influence.retraining;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.Dataset;
import latentrace.influence.ScoreMatrix;
import latentrace.model.Positions;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * The linear datamodelling score (Park et al. 2023, eq. 3): models are learned on random subsets
 * S_j of the training data; of a test sample z it is Spearman's correlation over j between the loss
 * that z has, ℓ(z; A(S_j)), and what scores predict, −Σ_{i∈S_j} score(x_i,z).
 */
public final class LinearDatamodelingScore {
  private final List<int[]> omitted;
  private final double[][] losses;
  private final int samples;

  /**
   * Learns the models.
   *
   * @param fraction of the training samples in a subset, in (0,1)
   * @param subsets how many, at least 3
   * @param seed of the subsets
   */
  public LinearDatamodelingScore(
      Retraining retraining, Dataset train, Dataset test, double fraction, int subsets, long seed) {
    if (!(fraction > 0 && fraction < 1) || subsets < 3) {
      throw new IllegalArgumentException(
          "%d subsets of %s, expected at least 3 of a fraction in (0,1)"
              .formatted(subsets, fraction));
    }
    samples = train.count();
    int out = samples - (int) Math.round(fraction * samples);
    omitted = new ArrayList<>();
    for (int j = 0; j < subsets; j++) {
      int[] order = Arrays.copyOf(Positions.upTo(samples), samples);
      new PhiloxRandom(seed, Philox.ROLE_SHUFFLE, j).shuffle(order);
      omitted.add(Arrays.copyOf(order, out));
    }
    losses = retraining.losses(train, omitted, test);
  }

  /**
   * The score of each test sample.
   *
   * @param scores [T,N]
   * @return [T], in [−1,1]; NaN where the predictions or the losses are all the same
   */
  public double[] of(ScoreMatrix scores) {
    double[] row = new double[samples];
    double[] result = new double[scores.tests()];
    for (int t = 0; t < result.length; t++) {
      scores.sums(t, row);
      double[] predicted = new double[losses.length];
      double[] actual = new double[losses.length];
      for (int j = 0; j < losses.length; j++) {
        for (int i : omitted.get(j)) {
          predicted[j] += row[i]; // what is not in S_j is what its loss is higher by
        }
        actual[j] = losses[j][t];
      }
      result[t] = new SpearmansCorrelation().correlation(predicted, actual);
    }
    return result;
  }
}
