package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.data.NpyMatrix;
import latentrace.report.Picture;
import latentrace.report.Plots;

/**
 * Figures 18 and 19: distributions of the influences of training samples of a test sample's class
 * and of other classes, for test zeros and for every class of MNIST (appendix B.7).
 */
final class InfluenceByClass implements Experiment<KongLab> {
  private final boolean zeros;

  /**
   * One of the figures.
   *
   * @param zeros Figure 18, otherwise Figure 19
   */
  InfluenceByClass(boolean zeros) {
    this.zeros = zeros;
  }

  @Override
  public String name() {
    return zeros ? "figure18" : "figure19";
  }

  @Override
  public String title() {
    return zeros
        ? "Figure 18: influences on test zeros by class, MNIST"
        : "Figure 19: influences by class, MNIST";
  }

  private static Subject subject(KongLab lab) {
    return lab.mnist(lab.scale().mnistLatents().get(0));
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return List.of(subject(lab).scores());
  }

  @Override
  public Finding report(KongLab lab) {
    Subject subject = subject(lab);
    NpyMatrix scores = lab.get(subject.scores());
    List<Picture> panels = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (int label = 0; label < (zeros ? 1 : KongScale.CLASSES); label++) {
      Picture panel = panel(subject, scores, label);
      if (panel == null) {
        missing.add(Integer.toString(label));
      } else {
        panels.add(panel);
      }
    }
    List<String> notes =
        Finding.notes(
            List.of(subject),
            "Influences over the largest absolute value, d = " + subject.latent());
    if (!missing.isEmpty()) {
      notes.add(
          "No test sample of class %s was drawn: take more --tests."
              .formatted(String.join(", ", missing)));
    }
    return panels.isEmpty()
        ? new Finding(List.of(), List.of(), notes)
        : Finding.figure(Picture.panels(name(), title(), zeros ? 1 : 2, panels), notes);
  }

  private Picture panel(Subject subject, NpyMatrix scores, int label) {
    int[] tests =
        IntStream.range(0, scores.rows()).filter(t -> subject.test().label(t) == label).toArray();
    if (tests.length == 0) {
      return null;
    }
    List<Double> same = new ArrayList<>();
    List<Double> other = new ArrayList<>();
    double largest = 0;
    for (int t : tests) {
      float[] row = scores.row(t);
      for (int i = 0; i < row.length; i++) {
        largest = Math.max(largest, Math.abs(row[i]));
        (subject.train().label(i) == label ? same : other).add((double) row[i]);
      }
    }
    return Plots.densities(
        new Plots.Frame(
            "panel",
            "test samples of class " + label,
            "influence",
            "density (log scale)",
            zeros ? 640 : 480,
            zeros ? 380 : 280),
        List.of(
            new Plots.Sample("another class", scaled(other, largest)),
            new Plots.Sample("the same class", scaled(same, largest))),
        true);
  }

  private static double[] scaled(List<Double> values, double largest) {
    return values.stream().mapToDouble(value -> largest > 0 ? value / largest : 0).toArray();
  }
}
