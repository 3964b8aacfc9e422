package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.NpyMatrix;
import latentrace.report.Picture;
import latentrace.report.Plots;
import latentrace.report.Statistics;

/**
 * Figures 20, 22 and 23: influences of training on test samples against their distance in latent
 * space (MNIST), or the latent norm of the training sample (CIFAR-10 and its subclasses)
 * (appendices B.7 and B.8).
 */
final class InfluenceAgainstLatents implements Experiment<KongLab> {
  private static final int PAIRS = 20;
  private static final long OTHERS = 1L << 42;

  private final int number;
  private final String what;
  private final boolean distance;
  private final Function<KongLab, List<Subject>> subjects;

  /**
   * One of the figures.
   *
   * @param number of the figure
   * @param what is shown
   * @param distance whether of the pair, or the training sample's norm
   * @param subjects a panel each
   */
  InfluenceAgainstLatents(
      int number, String what, boolean distance, Function<KongLab, List<Subject>> subjects) {
    this.number = number;
    this.what = what;
    this.distance = distance;
    this.subjects = subjects;
  }

  @Override
  public String name() {
    return "figure" + number;
  }

  @Override
  public String title() {
    return "Figure %d: influence against latent %s, %s"
        .formatted(number, distance ? "distance" : "norm", what);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Subject subject : subjects.apply(lab)) {
      stages.add(subject.scores());
      stages.add(subject.trainLatents());
      if (distance) {
        stages.add(subject.testLatents());
      }
    }
    return stages;
  }

  @Override
  public Finding report(KongLab lab) {
    List<Picture> panels = new ArrayList<>();
    for (Subject subject : subjects.apply(lab)) {
      panels.add(panel(lab, subject));
    }
    return Finding.figure(
        Picture.panels(name(), title(), panels.size() > 4 ? 3 : 2, panels),
        Finding.notes(
            subjects.apply(lab),
            ("Up to %d strongest of each test sample on both sides, and as many random pairs; thinned"
                    + " out.")
                .formatted(PAIRS)));
  }

  /** Pairs of a training and a test sample, as dots. */
  private static final class Dots {
    private final List<double[]> points = new ArrayList<>();

    Plots.Series series(String name, double largest) {
      return new Plots.Series(
          name,
          points.stream().mapToDouble(p -> p[0]).toArray(),
          points.stream().mapToDouble(p -> largest > 0 ? p[1] / largest : 0).toArray());
    }
  }

  private Picture panel(KongLab lab, Subject subject) {
    NpyMatrix scores = lab.get(subject.scores());
    float[][] train = Measures.rows(lab.get(subject.trainLatents()));
    float[][] test = distance ? Measures.rows(lab.get(subject.testLatents())) : null;
    PhiloxRandom random = new PhiloxRandom(lab.seed(), Philox.ROLE_DATA, OTHERS);
    Dots proponents = new Dots();
    Dots opponents = new Dots();
    Dots others = new Dots();
    double largest = 0;
    for (int t = 0; t < scores.rows(); t++) {
      float[] row = scores.row(t);
      float[] origin = distance ? test[t] : new float[train[0].length];
      int k = Math.min(PAIRS, Math.max(1, row.length / 4));
      add(proponents, Statistics.topK(row, k), row, train, origin);
      add(opponents, Statistics.bottomK(row, k), row, train, origin);
      int[] drawn = IntStream.range(0, k).map(j -> random.nextInt(row.length)).toArray();
      add(others, drawn, row, train, origin);
      for (float score : row) {
        largest = Math.max(largest, Math.abs(score));
      }
    }
    return Plots.scatter(
        new Plots.Frame(
            "panel",
            subject.label(),
            distance ? "latent distance" : "latent norm of the training sample",
            "influence",
            panelWidth(),
            320),
        List.of(
            others.series("random", largest),
            proponents.series("proponents", largest),
            opponents.series("opponents", largest)),
        false);
  }

  private int panelWidth() {
    return distance || number != 22 ? 360 : 480;
  }

  private static void add(
      Dots dots, int[] positions, float[] row, float[][] train, float[] origin) {
    for (int i : positions) {
      dots.points.add(new double[] {Measures.distance(train[i], origin), row[i]});
    }
  }
}
