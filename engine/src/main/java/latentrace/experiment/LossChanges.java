package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.NpyMatrix;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;

/**
 * Table 7: how well VAE-TracIn foretells what a step of training does to the loss of test samples:
 * Pearson's correlation over all steps and samples (appendix B.3; Pruthi et al. 2020, appendix G).
 */
final class LossChanges implements Experiment<KongLab> {
  /** Steps that one stage takes, so that not much is lost when it is cut off. */
  private static final int TOGETHER = 50;

  private static final List<String> PUBLISHED =
      List.of(
          "0.882", "0.910", "0.895", "0.934", "0.828", "0.865", "0.908", "0.852", "0.861", "0.613");

  @Override
  public String name() {
    return "table7";
  }

  @Override
  public String title() {
    return "Table 7: correlation of VAE-TracIn with loss change, CIFAR subclasses";
  }

  /** Those of a class: together all steps from the first checkpoint to the last. */
  private static List<LossChangeStage> stages(KongLab lab, int label) {
    int steps = lab.scale().lossChange().checkpoints() - 1;
    List<LossChangeStage> stages = new ArrayList<>();
    for (int done = 0; done < steps; done += TOGETHER) {
      stages.add(lab.lossChange(label, 1 + done, Math.min(TOGETHER, steps - done)));
    }
    return stages;
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    List<Stage<?>> all = new ArrayList<>();
    for (int label = 0; label < KongScale.CLASSES; label++) {
      all.addAll(stages(lab, label));
    }
    return all;
  }

  @Override
  public Finding report(KongLab lab) {
    List<Row> rows = new ArrayList<>();
    for (int label = 0; label < KongScale.CLASSES; label++) {
      List<NpyMatrix> parts = new ArrayList<>();
      stages(lab, label).forEach(stage -> parts.add(lab.get(stage)));
      rows.add(
          Row.of("CIFAR" + KongLab.subscript(label), PUBLISHED.get(label), correlation(parts)));
    }
    return Finding.table(
        rows,
        Finding.notes(
            lab.subclasses(),
            "The first %d iterations (paper: 1,000), %d test samples (paper: 128)."
                .formatted(
                    lab.scale().lossChange().checkpoints(), lab.scale().lossChange().tests()),
            "Predicted: lr/B times the scores of the step's batch, summed; the standard error is"
                + " (1 − ρ²)/√(n − 1)."));
  }

  /** Over all steps and test samples; rows are predicted and true changes in turn. */
  static Estimate correlation(List<NpyMatrix> parts) {
    List<Double> predicted = new ArrayList<>();
    List<Double> actual = new ArrayList<>();
    for (NpyMatrix part : parts) {
      for (int r = 0; r < part.rows(); r++) {
        for (float value : part.row(r)) {
          (r % 2 == 0 ? predicted : actual).add((double) value);
        }
      }
    }
    double rho =
        new PearsonsCorrelation()
            .correlation(
                predicted.stream().mapToDouble(v -> v).toArray(),
                actual.stream().mapToDouble(v -> v).toArray());
    int n = predicted.size();
    return new Estimate(rho, null, (1 - rho * rho) / Math.sqrt(n - 1.0), n, 3);
  }
}
