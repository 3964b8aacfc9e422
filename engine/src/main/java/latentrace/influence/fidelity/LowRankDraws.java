package latentrace.influence.fidelity;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.curvature.KroneckerBlock;
import latentrace.model.Pass;
import org.ejml.data.DMatrixRMaj;

/**
 * What compressing the m draws of every linear decoder layer to rank k costs and keeps of the
 * scores at one checkpoint. All other layers stay as they are. Scores are computed on the host,
 * from factors.
 */
public final class LowRankDraws {
  /**
   * What rank k does.
   *
   * @param rank k
   * @param gradientError ‖G − G_k‖/‖G‖ over all samples and compressed layers
   * @param tradeoff seconds are those of the inner products
   */
  public record Point(int rank, double gradientError, Tradeoff tradeoff) {}

  private LowRankDraws() {}

  /**
   * Measures.
   *
   * @param ranks the k; one that is m or more is exact
   * @param k proponents that recall counts
   */
  public static List<Point> measure(
      Gradients gradients, int[] ranks, Dataset train, Dataset test, int k) {
    List<Point> curve = new ArrayList<>();
    try (ScoreMatrix exact = new ScoreMatrix(test.count(), train.count())) {
      score(gradients, Integer.MAX_VALUE, train, test, exact);
      for (int rank : ranks) {
        try (ScoreMatrix scores = new ScoreMatrix(test.count(), train.count())) {
          double[] measured = score(gradients, rank, train, test, scores);
          Tradeoff tradeoff =
              new Tradeoff("rank " + rank, measured[1], Agreement.of(exact, scores, k));
          curve.add(new Point(rank, measured[0], tradeoff));
        }
      }
    }
    return curve;
  }

  /** Fills scores; relative error of the gradients, and seconds of the inner products. */
  private static double[] score(
      Gradients gradients, int rank, Dataset train, Dataset test, ScoreMatrix scores) {
    List<List<LowRankFactors>> left = factors(gradients, rank, test, Philox.ROLE_TEST_SIDE);
    List<List<LowRankFactors>> right = factors(gradients, rank, train, Philox.ROLE_TRAIN_SIDE);
    double lost = 0;
    double all = 0;
    for (List<List<LowRankFactors>> side : List.of(left, right)) {
      for (List<LowRankFactors> sample : side) {
        for (LowRankFactors layer : sample) {
          lost += layer.error() * layer.error();
          all += layer.norm() * layer.norm();
        }
      }
    }
    double seconds =
        Tradeoff.Timed.of(
                () -> {
                  products(left, right, scores);
                  return scores;
                })
            .seconds();
    return new double[] {Math.sqrt(lost / all), seconds};
  }

  private static void products(
      List<List<LowRankFactors>> left, List<List<LowRankFactors>> right, ScoreMatrix scores) {
    double[] row = new double[right.size()];
    for (int t = 0; t < left.size(); t++) {
      for (int i = 0; i < row.length; i++) {
        row[i] = 0;
        for (int l = 0; l < left.get(t).size(); l++) {
          row[i] += left.get(t).get(l).dot(right.get(i).get(l));
        }
      }
      scores.setSums(t, row);
    }
  }

  /** Of every sample, those of every block. */
  private static List<List<LowRankFactors>> factors(
      Gradients gradients, int rank, Dataset data, int role) {
    List<KroneckerBlock> blocks = KroneckerBlock.of(gradients);
    List<List<LowRankFactors>> all = new ArrayList<>();
    DMatrixRMaj left = new DMatrixRMaj(1, 1);
    DMatrixRMaj right = new DMatrixRMaj(1, 1);
    for (int from = 0; from < data.count(); from += gradients.tile()) {
      int count = Math.min(gradients.tile(), data.count() - from);
      Pass pass = gradients.run(data, role, from, count, Pass.Wanted.FACTORS);
      for (int i = 0; i < count; i++) {
        all.add(new ArrayList<>());
      }
      KroneckerBlock.load(blocks, gradients, pass);
      for (KroneckerBlock block : blocks) {
        for (int i = 0; i < count; i++) {
          block.factors(i, left, right);
          boolean compressed = block.isLinear() && block.part() > 0 && rank < left.numRows;
          all.get(from + i)
              .add(
                  compressed
                      ? LowRankFactors.of(left, right, rank)
                      : new LowRankFactors(left.copy(), right.copy(), 0, norm(left, right)));
        }
      }
    }
    return all;
  }

  private static double norm(DMatrixRMaj left, DMatrixRMaj right) {
    LowRankFactors whole = new LowRankFactors(left, right, 0, 0);
    return Math.sqrt(whole.dot(whole));
  }
}
