package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.report.Picture;
import latentrace.report.Plots;

/**
 * Figures 14 to 17: self-influence of foreign and of original samples, and detection curves, of
 * Table 8's data sets (14, 15) and of MNIST + EMNIST with other latent sizes and β (16, 17)
 * (appendix B.6).
 */
final class ForeignSelf implements Experiment<KongLab> {
  private final int number;
  private final boolean curves;
  private final boolean variants;

  /**
   * One of the figures.
   *
   * @param number of the figure
   * @param curves whether detection curves are drawn, or distributions
   * @param variants whether of other hyperparameters
   */
  ForeignSelf(int number, boolean curves, boolean variants) {
    this.number = number;
    this.curves = curves;
    this.variants = variants;
  }

  @Override
  public String name() {
    return "figure" + number;
  }

  @Override
  public String title() {
    return "Figure %d: %s of foreign images, %s"
        .formatted(
            number,
            curves ? "detection curves" : "self-influence",
            variants ? "MNIST + EMNIST, hyperparameters" : "Table 8's data");
  }

  private List<List<Subject>> subjects(KongLab lab) {
    return variants
        ? lab.scale().mnistVariants().stream()
            .map(v -> List.of(lab.contaminatedMnist(v.latent(), v.beta(), 0)))
            .toList()
        : Detection.subjects(lab);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects(lab).stream().flatMap(List::stream).<Stage<?>>map(Subject::self).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Picture> panels = new ArrayList<>();
    for (List<Subject> repeats : subjects(lab)) {
      panels.add(curves ? curves(lab, repeats) : distribution(lab, repeats.get(0)));
    }
    return Finding.figure(
        Picture.panels(name(), title(), 2, panels),
        Finding.notes(subjects(lab).stream().map(repeats -> repeats.get(0)).toList()));
  }

  private static Picture distribution(KongLab lab, Subject subject) {
    double[] self = Measures.normalised(lab.get(subject.self()).self());
    boolean[] intruders = subject.intruders();
    return Plots.densities(
        new Plots.Frame("panel", subject.label(), "self-influence", "density", 480, 320),
        List.of(
            new Plots.Sample("original", kept(self, intruders, false)),
            new Plots.Sample("foreign", kept(self, intruders, true))),
        false);
  }

  private static double[] kept(double[] values, boolean[] marks, boolean mark) {
    return IntStream.range(0, values.length)
        .filter(i -> marks[i] == mark)
        .mapToDouble(i -> values[i])
        .toArray();
  }

  /** The mean over repeats, one standard error above and below it, and the diagonal. */
  private static Picture curves(KongLab lab, List<Subject> repeats) {
    List<double[]> found = repeats.stream().map(s -> Detection.curve(lab, s)).toList();
    int count = found.get(0).length;
    double[] checked = new double[count];
    double[] mean = new double[count];
    double[] low = new double[count];
    double[] high = new double[count];
    for (int k = 0; k < count; k++) {
      int at = k;
      var summary = Measures.summary(found.stream().mapToDouble(f -> 100 * f[at]).toArray());
      double error = summary.getStandardDeviation() / Math.sqrt(found.size());
      checked[k] = 100.0 * (k + 1) / count;
      mean[k] = summary.getMean();
      low[k] = mean[k] - error;
      high[k] = mean[k] + error;
    }
    return Plots.detection(
        new Plots.Frame(
            "panel",
            repeats.get(0).label(),
            "training samples checked (%)",
            "foreign images found (%)",
            480,
            340),
        new Plots.Series("by falling self-influence", checked, mean),
        found.size() == 1
            ? List.of()
            : List.of(
                new Plots.Series("one standard error less", checked, low),
                new Plots.Series("one standard error more", checked, high)));
  }
}
