package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.data.NpyMatrix;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Tables 3 and 10: latent norms ‖μ(x)‖ of the strongest 0.1 % proponents and opponents, and of all
 * training samples, CIFAR-10 and its subclasses (section 5.3, appendix B.8).
 */
final class LatentNorms implements Experiment<KongLab> {
  private static final List<String> PUBLISHED_ALL =
      List.of("7.42 ± 1.10", "3.89 ± 1.26", "5.06 ± 1.18");
  private static final List<List<String>> PUBLISHED =
      List.of(
          List.of("4.73 ± 0.78", "4.26 ± 0.91", "4.07 ± 0.83"),
          List.of("5.30 ± 0.71", "4.54 ± 0.65", "4.65 ± 0.64"),
          List.of("4.89 ± 0.78", "4.18 ± 0.88", "4.09 ± 0.93"),
          List.of("5.09 ± 0.75", "4.47 ± 0.78", "4.42 ± 0.79"),
          List.of("5.06 ± 0.72", "3.96 ± 1.00", "4.01 ± 0.89"),
          List.of("5.25 ± 0.75", "4.33 ± 0.94", "4.54 ± 0.81"),
          List.of("4.73 ± 0.66", "3.99 ± 0.80", "3.95 ± 0.82"),
          List.of("5.11 ± 0.76", "4.42 ± 0.73", "4.43 ± 0.74"),
          List.of("5.10 ± 0.72", "4.19 ± 0.88", "4.22 ± 0.84"),
          List.of("5.48 ± 0.62", "4.62 ± 0.69", "4.79 ± 0.64"));

  private final boolean subclasses;

  /**
   * One of the two tables.
   *
   * @param subclasses Table 10, otherwise Table 3
   */
  LatentNorms(boolean subclasses) {
    this.subclasses = subclasses;
  }

  @Override
  public String name() {
    return subclasses ? "table10" : "table3";
  }

  @Override
  public String title() {
    return subclasses
        ? "Table 10: latent norms of proponents and opponents, CIFAR subclasses"
        : "Table 3: latent norms of proponents and opponents, CIFAR";
  }

  private List<Subject> subjects(KongLab lab) {
    return subclasses ? lab.subclasses() : List.of(lab.cifar(128), lab.subclass(0));
  }

  private List<String> published(int subject) {
    return subclasses ? PUBLISHED.get(subject) : subject == 0 ? PUBLISHED_ALL : PUBLISHED.get(0);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects(lab).stream()
        .<Stage<?>>flatMap(subject -> List.of(subject.scores(), subject.trainLatents()).stream())
        .toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Subject> subjects = subjects(lab);
    List<Row> rows = new ArrayList<>();
    IntStream.range(0, subjects.size())
        .forEach(s -> addRows(rows, lab, subjects.get(s), published(s)));
    return Finding.table(
        rows,
        Finding.notes(
            subjects,
            "(+) strongest 0.1 % proponents, (−) strongest 0.1 % opponents of each test sample.",
            "Mean ± standard deviation."));
  }

  private static void addRows(
      List<Row> rows, KongLab lab, Subject subject, List<String> published) {
    NpyMatrix scores = lab.get(subject.scores());
    double[] norms = Measures.norms(lab.get(subject.trainLatents()));
    int k = Measures.strongest(scores.columns());
    SummaryStatistics proponents = new SummaryStatistics();
    SummaryStatistics opponents = new SummaryStatistics();
    for (int t = 0; t < scores.rows(); t++) {
      float[] row = scores.row(t);
      for (int i : Statistics.topK(row, k)) {
        proponents.addValue(norms[i]);
      }
      for (int i : Statistics.bottomK(row, k)) {
        opponents.addValue(norms[i]);
      }
    }
    String label = subject.label() + " ";
    rows.add(Row.of(label + "(+)", published.get(0), Estimate.spread(proponents, 2)));
    rows.add(Row.of(label + "(−)", published.get(1), Estimate.spread(opponents, 2)));
    rows.add(
        Row.of(label + "(all)", published.get(2), Estimate.spread(Measures.summary(norms), 2)));
  }
}
