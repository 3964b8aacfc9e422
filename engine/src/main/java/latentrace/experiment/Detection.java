package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;
import latentrace.report.Statistics;

/**
 * Table 8: how well self-influence finds foreign images in the training data: the mean area under
 * the detection curve over repeats (section 5.2, appendix B.6).
 */
final class Detection implements Experiment<KongLab> {
  private static final List<String> PUBLISHED =
      List.of("0.858 ± 0.003", "0.887 ± 0.002", "0.735 ± 0.002", "0.760 ± 0.001");

  @Override
  public String name() {
    return "table8";
  }

  @Override
  public String title() {
    return "Table 8: foreign images found by self-influence";
  }

  /** One list of repeats for each row of the table. */
  static List<List<Subject>> subjects(KongLab lab) {
    KongScale scale = lab.scale();
    List<List<Subject>> all = new ArrayList<>();
    for (int d : scale.contaminatedLatents()) {
      all.add(
          IntStream.range(0, scale.repeatsOf(d))
              .mapToObj(repeat -> lab.contaminatedMnist(d, KongScale.MNIST_BETA, repeat))
              .toList());
    }
    for (int d : scale.cifarLatents()) {
      all.add(
          IntStream.range(0, scale.repeatsOf(d))
              .mapToObj(repeat -> lab.contaminatedCifar(d, repeat))
              .toList());
    }
    return all;
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects(lab).stream().flatMap(List::stream).<Stage<?>>map(Subject::self).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Row> rows = new ArrayList<>();
    List<List<Subject>> all = subjects(lab);
    for (int s = 0; s < all.size(); s++) {
      List<Subject> repeats = all.get(s);
      double[] areas =
          repeats.stream()
              .mapToDouble(subject -> Statistics.areaUnderCurve(curve(lab, subject)))
              .toArray();
      rows.add(
          Row.of(
              "%s, AUC, %,d of %,d foreign"
                  .formatted(
                      repeats.get(0).label(),
                      repeats.get(0).foreign(),
                      repeats.get(0).train().count()),
              PUBLISHED.get(s),
              Estimate.mean(Measures.summary(areas), 3)));
    }
    return Finding.table(
        rows,
        Finding.notes(
            all.stream().map(repeats -> repeats.get(0)).toList(),
            "n counts repeats, which differ in their seed."));
  }

  /** Found after k samples by falling self-influence [N]. */
  static double[] curve(KongLab lab, Subject subject) {
    return Statistics.detectionCurve(lab.get(subject.self()).self(), subject.intruders());
  }
}
