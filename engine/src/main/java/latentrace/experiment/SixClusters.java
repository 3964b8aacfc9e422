package latentrace.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.data.ClustersGenerator;
import latentrace.data.Dataset;
import latentrace.density.DensityEstimator;
import latentrace.density.KernelDensity;
import latentrace.density.NearestNeighbors;
import latentrace.density.Points;
import latentrace.density.SeparatedMixture;
import latentrace.report.Charts;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Influence in density estimators on six Gaussian clusters (section 3.1, appendix B.1). */
final class SixClusters implements Experiment {
  private static final int NEIGHBOURS = 10;
  private static final double SIGMA = 0.5;
  private static final int POINTS = 100;

  @Override
  public List<String> ids() {
    return List.of("figure5", "figure6", "figure7");
  }

  @Override
  public String title() {
    return "Six clusters: influence in k-NN, KDE and Gaussian mixtures";
  }

  @Override
  public Result run(Context context) {
    Dataset data = ClustersGenerator.points(POINTS, context.seed());
    Points points = Points.of(data);
    Map<String, DensityEstimator> estimators = new LinkedHashMap<>();
    estimators.put("k-NN", new NearestNeighbors(points, NEIGHBOURS));
    estimators.put("KDE", new KernelDensity(points, SIGMA));
    estimators.put("GMM", new SeparatedMixture(points, data.labels()));
    double[] z = centre(points, data);
    Result result = new Result().with(figure5(points, data, z));
    Table exact =
        new Table(
            "clusters",
            "Closed-form influence against the exact refit without the sample, largest difference over"
                + " all samples. The mixture's closed form leaves out terms of order 1/N².");
    estimators.forEach(
        (name, estimator) -> {
          double[] self = new double[POINTS];
          double[] likelihood = new double[POINTS];
          double[] influence = new double[POINTS];
          double[] distance = new double[POINTS];
          double worst = 0;
          for (int i = 0; i < POINTS; i++) {
            self[i] = estimator.selfInfluence(i);
            likelihood[i] = estimator.logDensity(points.point(i));
            influence[i] = estimator.influence(i, z);
            distance[i] = Math.hypot(points.point(i)[0] - z[0], points.point(i)[1] - z[1]);
            double refit = estimator.leaveOneOut(i, z);
            worst = Math.max(worst, Math.abs(influence[i] - refit));
          }
          exact.row(name, null, Table.format("%.2g", worst), POINTS);
          String id = name.toLowerCase(java.util.Locale.ROOT).replace("-", "");
          XYChart six = Plots.chart(name, "log likelihood", "self-influence");
          byCluster(six, data, likelihood, self);
          XYChart seven = Plots.chart(name, "distance to z", "influence over z");
          byCluster(seven, data, distance, influence);
          result
              .with(
                  Figure.of(
                      "figure6-" + id, "Figure 6: self-influence against log likelihood.", six))
              .with(
                  Figure.of(
                      "figure7-" + id,
                      "Figure 7: influence over z near the centre of cluster 0.",
                      seven));
        });
    return result
        .with(exact)
        .note(
            "The paper does not print the clusters' centres: here they lie on a circle. The mixture's"
                + " influence is eqs. 4 and 5 put right (they miss a factor).");
  }

  /** The mean of cluster 0. */
  private static double[] centre(Points points, Dataset data) {
    double[] z = new double[2];
    int count = 0;
    for (int i = 0; i < points.count(); i++) {
      if (data.label(i) == 0) {
        z[0] += points.point(i)[0];
        z[1] += points.point(i)[1];
        count++;
      }
    }
    return new double[] {z[0] / count, z[1] / count};
  }

  private static Figure figure5(Points points, Dataset data, double... z) {
    double[] x = new double[points.count()];
    double[] y = new double[points.count()];
    for (int i = 0; i < x.length; i++) {
      x[i] = points.point(i)[0];
      y[i] = points.point(i)[1];
    }
    XYChart chart = Plots.chart("Six clusters", "x₁", "x₂");
    byCluster(chart, data, x, y);
    XYSeries test = chart.addSeries("z", new double[] {z[0]}, new double[] {z[1]});
    test.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    test.setMarker(SeriesMarkers.CROSS).setMarkerColor(Charts.INK);
    return Figure.of("figure5", "Figure 5: the six clusters and the test sample z.", chart);
  }

  private static void byCluster(XYChart chart, Dataset data, double[] x, double[] y) {
    List<java.awt.Color> colors =
        List.of(
            Charts.BLUE,
            Charts.ORANGE,
            new java.awt.Color(0x2e8b57),
            new java.awt.Color(0x8a4fa3),
            new java.awt.Color(0xb38b00),
            Charts.GRAY);
    for (int c = 0; c < colors.size(); c++) {
      List<Integer> members = new ArrayList<>();
      for (int i = 0; i < x.length; i++) {
        if (data.label(i) == c) {
          members.add(i);
        }
      }
      Plots.dots(
          chart,
          "cluster " + c,
          members.stream().mapToDouble(i -> x[i]).toArray(),
          members.stream().mapToDouble(i -> y[i]).toArray(),
          colors.get(c));
    }
    chart.getStyler().setMarkerSize(7);
    chart.getStyler().setLegendPosition(org.knowm.xchart.style.Styler.LegendPosition.OutsideE);
  }
}
