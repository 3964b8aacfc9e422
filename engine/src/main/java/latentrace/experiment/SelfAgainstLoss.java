package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import latentrace.report.Picture;
import latentrace.report.Plots;

/**
 * Figures 2, 9, 10 and 11: self-influence, normalised to [0,1], against negative loss, with the
 * regression line and R²; with marginal densities in all but the first (section 5.2, appendices B.4
 * and B.5).
 */
final class SelfAgainstLoss implements Experiment<KongLab> {
  private final int number;
  private final String what;
  private final boolean marginals;
  private final Function<KongLab, List<Subject>> subjects;

  /**
   * One of the figures.
   *
   * @param number of the figure
   * @param what is shown
   * @param marginals whether densities stand beside
   * @param subjects a panel each
   */
  SelfAgainstLoss(
      int number, String what, boolean marginals, Function<KongLab, List<Subject>> subjects) {
    this.number = number;
    this.what = what;
    this.marginals = marginals;
    this.subjects = subjects;
  }

  @Override
  public String name() {
    return "figure" + number;
  }

  @Override
  public String title() {
    return "Figure %d: self-influence against loss, %s".formatted(number, what);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects.apply(lab).stream().<Stage<?>>map(Subject::self).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Picture> panels = new ArrayList<>();
    for (Subject subject : subjects.apply(lab)) {
      SelfStage.Values values = lab.get(subject.self());
      double[] self = Measures.normalised(values.self());
      double[] negativeLoss = new double[self.length];
      Arrays.setAll(negativeLoss, i -> -values.losses()[i]);
      panels.add(
          Plots.scatter(
              frame(subject.label(), "negative loss", "self-influence"),
              List.of(new Plots.Series("training samples", negativeLoss, self)),
              true));
      if (marginals) {
        panels.add(density(subject, "negative loss", negativeLoss));
        panels.add(density(subject, "self-influence", self));
      }
    }
    Picture picture = Picture.panels(name(), title(), 3, panels);
    return Finding.figure(
        picture,
        Finding.notes(
            subjects.apply(lab), "Self-influence at the last checkpoint, over its largest value."));
  }

  private static Picture density(Subject subject, String axis, double[] values) {
    return Plots.densities(
        frame(subject.label(), axis, "density"),
        List.of(new Plots.Sample("training samples", values)),
        false);
  }

  private static Plots.Frame frame(String title, String x, String y) {
    return new Plots.Frame("panel", title, x, y, 340, 280);
  }
}
