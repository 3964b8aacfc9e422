package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Table 9: the loss of the MNIST test set after the samples of highest self-influence are removed
 * from MNIST + EMNIST and the model is trained anew (appendix B.6). Retraining shares seed and
 * initialisation.
 */
final class Retraining implements Experiment<KongLab> {
  private static final Map<Integer, String> PUBLISHED =
      Map.of(
          0, "4.24", 4, "4.21", 8, "4.18", 16, "4.19", 32, "4.18", 64, "4.21", 128, "4.17", 256,
          "4.17", 512, "4.18", 1024, "4.18");

  @Override
  public String name() {
    return "table9";
  }

  @Override
  public String title() {
    return "Table 9: test loss after removing the samples of highest self-influence";
  }

  private static Subject subject(KongLab lab) {
    return lab.contaminatedMnist(lab.scale().retrainedLatent(), KongScale.MNIST_BETA, 0);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    // what is removed is known only once self-influence is: report() asks for the rest
    return List.of(subject(lab).self(), lab.mnistTestLosses(subject(lab).model()));
  }

  @Override
  public Finding report(KongLab lab) {
    Subject subject = subject(lab);
    int[] order = Statistics.ranking(lab.get(subject.self()).self());
    List<Row> rows = new ArrayList<>();
    for (int removed : lab.scale().removals()) {
      ModelStage model =
          removed == 0 ? subject.model() : lab.retrained(subject, without(order, removed));
      SummaryStatistics losses = new SummaryStatistics();
      for (double loss : lab.get(lab.mnistTestLosses(model))) {
        losses.addValue(1e3 * loss);
      }
      rows.add(
          Row.of(
              "%,d removed, loss × 10³".formatted(removed),
              PUBLISHED.getOrDefault(removed, ""),
              Estimate.mean(losses, 3)));
    }
    return Finding.table(
        rows,
        Finding.notes(
            List.of(subject),
            "d = %d (paper: 128).".formatted(subject.latent()),
            "Loss (SSE + β·KL)/12288 as in the published code, over %,d test samples, with the"
                    .formatted(lab.mnistTestSource().data().count())
                + " standard error over them; one training each."));
  }

  /** The other positions, rising. */
  static int[] without(int[] order, int removed) {
    int[] kept = Arrays.copyOfRange(order, removed, order.length);
    Arrays.sort(kept);
    return kept;
  }
}
