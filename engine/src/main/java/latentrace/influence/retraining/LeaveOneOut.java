package latentrace.influence.retraining;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.Dataset;
import latentrace.influence.InfluenceMethod;
import latentrace.influence.ScoreMatrix;

/**
 * Leave-one-out retraining, the definition of influence: IF(x_i,z) = ℓ(z; A(X∖x_i)) − ℓ(z; A(X))
 * (Kong &amp; Chaudhuri 2021, eqs. 2 and 7), in units of ℓ. A is learned once for the whole of X
 * and once without each sample.
 */
public final class LeaveOneOut implements InfluenceMethod {
  private final Retraining retraining;

  /** Prepares. */
  public LeaveOneOut(Retraining retraining) {
    this.retraining = retraining;
  }

  @Override
  public ScoreMatrix scores(Dataset train, Dataset test) {
    List<int[]> omitted = new ArrayList<>();
    omitted.add(new int[0]);
    for (int i = 0; i < train.count(); i++) {
      omitted.add(new int[] {i});
    }
    double[][] losses = retraining.losses(train, omitted, test);
    ScoreMatrix scores = new ScoreMatrix(test.count(), train.count());
    double[] row = new double[train.count()];
    for (int t = 0; t < test.count(); t++) {
      for (int i = 0; i < row.length; i++) {
        row[i] = losses[i + 1][t] - losses[0][t];
      }
      scores.setSums(t, row);
    }
    return scores;
  }
}
