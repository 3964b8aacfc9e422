package latentrace.influence.fidelity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.InfluenceMethod;
import latentrace.influence.ScoreMatrix;
import latentrace.model.Pass;

/**
 * What scoring only the nearest training samples costs and finds: for each test sample the k whose
 * latent means (or codes) lie nearest to its own.
 */
public final class NeighborPrefilter {
  /**
   * What k neighbours do.
   *
   * @param neighbors k
   * @param scored part of the training samples that is a neighbour of any test sample, and so
   *     scored
   * @param seconds that it took to score them
   * @param recall which part of the strongest proponents of a test sample are among its neighbours
   */
  public record Point(int neighbors, double scored, double seconds, double recall) {}

  private NeighborPrefilter() {}

  /**
   * Measures.
   *
   * @param gradients of the model whose latents are taken
   * @param method what scores
   * @param neighbors the k
   * @param proponents how many of the strongest recall counts
   */
  public static List<Point> measure(
      Gradients gradients,
      InfluenceMethod method,
      int[] neighbors,
      int proponents,
      Dataset train,
      Dataset test) {
    int[][] strongest = new int[test.count()][];
    try (ScoreMatrix exact = method.scores(train, test)) {
      double[] row = new double[train.count()];
      for (int t = 0; t < strongest.length; t++) {
        exact.sums(t, row);
        strongest[t] = Agreement.top(row, proponents);
      }
    }
    int[][] nearest = nearest(latents(gradients, train), latents(gradients, test));
    List<Point> curve = new ArrayList<>();
    for (int k : neighbors) {
      BitSet scored = new BitSet();
      double found = 0;
      for (int t = 0; t < strongest.length; t++) {
        BitSet own = new BitSet();
        Arrays.stream(nearest[t], 0, Math.min(k, train.count())).forEach(own::set);
        found += Arrays.stream(strongest[t]).filter(own::get).count();
        scored.or(own);
      }
      Dataset candidates = train.select(scored.stream().toArray());
      Tradeoff.Timed<ScoreMatrix> run = Tradeoff.Timed.of(() -> method.scores(candidates, test));
      run.value().close();
      curve.add(
          new Point(
              k,
              (double) candidates.count() / train.count(),
              run.seconds(),
              found / strongest.length / proponents));
    }
    return curve;
  }

  /** Latent means [N][d]. */
  static double[][] latents(Gradients gradients, Dataset data) {
    int d = gradients.model().spec().latent();
    int width = gradients.model().parts().get(0).outputSize();
    double[][] latents = new double[data.count()][d];
    for (int from = 0; from < data.count(); from += gradients.tile()) {
      int count = Math.min(gradients.tile(), data.count() - from);
      Pass pass = gradients.run(data, Philox.ROLE_TRAIN_SIDE, from, count, Pass.Wanted.LOSSES);
      Buffer code = pass.code();
      for (int i = 0; i < count; i++) {
        code.download((long) i * width, latents[from + i], 0, d);
      }
    }
    return latents;
  }

  /** For each test sample, all training samples by rising distance. */
  private static int[][] nearest(double[][] train, double[][] test) {
    int[][] order = new int[test.length][];
    double[] closeness = new double[train.length];
    for (int t = 0; t < test.length; t++) {
      for (int i = 0; i < train.length; i++) {
        closeness[i] = 0;
        for (int l = 0; l < test[t].length; l++) {
          double difference = train[i][l] - test[t][l];
          closeness[i] -= difference * difference;
        }
      }
      order[t] = Agreement.top(closeness, train.length);
    }
    return order;
  }
}
