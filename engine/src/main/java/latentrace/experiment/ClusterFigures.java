package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import latentrace.density.DensityEstimator;
import latentrace.report.Estimate;
import latentrace.report.Picture;
import latentrace.report.Plots;
import latentrace.report.ResultTable.Row;

/**
 * Figures 5 to 7: six clusters in the plane, the self-influence of their points in three density
 * estimators, and their influence on a test point (section 3.1, appendix B.1). Figure 6 says in
 * numbers how far the closed forms are from exact refits.
 */
final class ClusterFigures implements Experiment<KongLab> {
  private static final int[] COUNTS = {100, 400, 1600, 6400};

  private final int number;

  /**
   * One of the figures.
   *
   * @param number 5, 6 or 7
   */
  ClusterFigures(int number) {
    this.number = number;
  }

  @Override
  public String name() {
    return "figure" + number;
  }

  @Override
  public String title() {
    return switch (number) {
      case 5 -> "Figure 5: six clusters";
      case 6 -> "Figure 6: self-influence in density estimators";
      default -> "Figure 7: influence on a test point in density estimators";
    };
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return List.of();
  }

  @Override
  public Finding report(KongLab lab) {
    Clusters clusters = new Clusters(Clusters.COUNT, lab.seed());
    List<String> notes =
        List.of("The paper does not print the centres: here they lie on a circle of radius 4.");
    return switch (number) {
      case 5 -> Finding.figure(plane(clusters), notes);
      case 6 -> new Finding(accuracy(clusters, lab.seed()), List.of(self(clusters)), notes);
      default -> Finding.figure(influence(clusters), notes);
    };
  }

  private Picture plane(Clusters clusters) {
    List<Plots.Series> series = new ArrayList<>();
    for (int label = 0; label < 6; label++) {
      int cluster = label;
      int[] members =
          IntStream.range(0, Clusters.COUNT).filter(i -> clusters.label(i) == cluster).toArray();
      series.add(
          new Plots.Series(
              "%d: %d points".formatted(label, members.length),
              Arrays.stream(members).mapToDouble(i -> clusters.points().point(i)[0]).toArray(),
              Arrays.stream(members).mapToDouble(i -> clusters.points().point(i)[1]).toArray()));
    }
    return Plots.scatter(
        new Plots.Frame(name(), "Six clusters", "x₁", "x₂", 560, 480), series, false);
  }

  private Picture self(Clusters clusters) {
    List<Picture> panels = new ArrayList<>();
    for (Map.Entry<String, DensityEstimator> entry : clusters.estimators().entrySet()) {
      panels.add(map(clusters, entry.getKey(), clusters.self(entry.getValue()), "self-influence"));
    }
    for (Map.Entry<String, DensityEstimator> entry : clusters.estimators().entrySet()) {
      panels.add(
          against(
              entry.getKey(),
              "log-likelihood",
              "self-influence",
              clusters.logLikelihood(entry.getValue()),
              clusters.self(entry.getValue())));
    }
    return Picture.panels(name(), title(), 3, panels);
  }

  private Picture influence(Clusters clusters) {
    List<Picture> panels = new ArrayList<>();
    for (Map.Entry<String, DensityEstimator> entry : clusters.estimators().entrySet()) {
      panels.add(map(clusters, entry.getKey(), clusters.influence(entry.getValue()), "influence"));
    }
    double[] distances = clusters.distances(Clusters.test());
    for (Map.Entry<String, DensityEstimator> entry : clusters.estimators().entrySet()) {
      panels.add(
          against(
              entry.getKey(),
              "distance to z",
              "influence on z",
              distances,
              clusters.influence(entry.getValue())));
    }
    return Picture.panels(name(), title(), 3, panels);
  }

  /** Points in the plane, coloured by a value. */
  private Picture map(Clusters clusters, String title, double[] values, String what) {
    double[] x = new double[values.length];
    double[] y = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      x[i] = clusters.points().point(i)[0];
      y[i] = clusters.points().point(i)[1];
    }
    return Plots.map(
        new Plots.Frame("panel", "%s: %s".formatted(title, what), "x₁", "x₂", 360, 330),
        new Plots.Series(what, x, y),
        values,
        number == 7 ? Clusters.test() : null);
  }

  private static Picture against(
      String title, String xTitle, String yTitle, double[] x, double[] y) {
    return Plots.scatter(
        new Plots.Frame("panel", title, xTitle, yTitle, 360, 300),
        List.of(new Plots.Series("points", x, y)),
        false);
  }

  private static List<Row> accuracy(Clusters clusters, long seed) {
    List<Row> rows = new ArrayList<>();
    clusters
        .estimators()
        .forEach(
            (name, estimator) ->
                rows.add(
                    Row.text(
                        name + ": largest |closed form − exact refit|",
                        name.equals(Clusters.MIXTURE) ? "O(N⁻²)" : "0",
                        "%.1e".formatted(clusters.worstError(estimator)))));
    double order = Clusters.orderOfError(seed, COUNTS);
    rows.add(
        Row.of(
            "WS-GMM: p of error ∝ N^p, N = 100 to 6,400",
            "−2",
            Estimate.of(order, COUNTS.length, 2)));
    return rows;
  }
}
