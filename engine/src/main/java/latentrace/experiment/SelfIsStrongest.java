package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.NpyMatrix;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;

/**
 * Tables 1 and 5: how often the strongest proponent of a training sample is the sample itself, over
 * the first 128 (section 5.1, appendix B.3).
 */
final class SelfIsStrongest implements Experiment<KongLab> {
  private static final List<String> PUBLISHED_SUBCLASSES =
      List.of(
          "1.000", "1.000", "0.992", "1.000", "0.984", "1.000", "1.000", "1.000", "1.000", "1.000");

  private final boolean subclasses;

  /**
   * One of the two tables.
   *
   * @param subclasses Table 5, otherwise Table 1
   */
  SelfIsStrongest(boolean subclasses) {
    this.subclasses = subclasses;
  }

  @Override
  public String name() {
    return subclasses ? "table5" : "table1";
  }

  @Override
  public String title() {
    return subclasses
        ? "Table 5: the strongest proponent of a training sample is itself, CIFAR subclasses"
        : "Table 1: the strongest proponent of a training sample is itself";
  }

  private static List<Subject> wholes(KongLab lab) {
    return List.of(lab.mnist(64), lab.mnist(128), lab.cifar(64), lab.cifar(128));
  }

  private List<Subject> subjects(KongLab lab) {
    List<Subject> subjects = new ArrayList<>(subclasses ? List.of() : wholes(lab));
    subjects.addAll(lab.subclasses());
    return subjects;
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects(lab).stream().<Stage<?>>map(Subject::sanityScores).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Row> rows = new ArrayList<>();
    if (subclasses) {
      List<Subject> subjects = lab.subclasses();
      for (int label = 0; label < subjects.size(); label++) {
        rows.add(row(lab, subjects.get(label), PUBLISHED_SUBCLASSES.get(label)));
      }
    } else {
      List<Subject> subjects = wholes(lab);
      List<String> published = List.of("0.992", "1.000", "0.609", "0.602");
      for (int s = 0; s < subjects.size(); s++) {
        rows.add(row(lab, subjects.get(s), published.get(s)));
      }
      rows.add(averaged(lab));
    }
    return Finding.table(
        rows,
        Finding.notes(
            subjects(lab),
            "Fractions of the first training samples, with binomial standard errors."));
  }

  private static Row row(KongLab lab, Subject subject, String published) {
    NpyMatrix scores = lab.get(subject.sanityScores());
    return Row.of(
        subject.label(),
        published,
        Estimate.rate(Measures.strongestForThemselves(scores), scores.rows()));
  }

  private static Row averaged(KongLab lab) {
    int hits = 0;
    int tests = 0;
    for (Subject subject : lab.subclasses()) {
      NpyMatrix scores = lab.get(subject.sanityScores());
      hits += Measures.strongestForThemselves(scores);
      tests += scores.rows();
    }
    return Row.of("CIFAR subclasses, averaged, d = 64", "0.998", Estimate.rate(hits, tests));
  }
}
