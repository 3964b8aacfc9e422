package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.report.Charts;
import latentrace.report.Statistics;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Samples of another data set, found by their self-influence (sections 5.2, B.6). */
final class Detection implements Experiment {
  private static final int CURVE = 400;

  @Override
  public List<String> ids() {
    return List.of("table8", "figure14", "figure15", "figure16", "figure17");
  }

  @Override
  public String title() {
    return "Data cleaning: foreign samples have high self-influence";
  }

  @Override
  public Result run(Context context) {
    Result result = new Result();
    Table table =
        new Table(
            "table8",
            "Table 8: area under the detection curve (fraction of foreign samples found against fraction"
                + " of all inspected by falling self-influence), mean over runs ± standard error.");
    Scale scale = context.scale();
    Source digits = context.data().digits(scale.samples());
    Source letters = context.data().letters(scale.extra());
    Dataset mixed = Dataset.concat("digits and letters", digits.data(), letters.data());
    for (int latent : scale.digitLatents()) {
      if (latent != 96) {
        List<Study> runs = new ArrayList<>();
        for (int r = 0; r < scale.repeats(); r++) {
          runs.add(
              Study.digits(
                  context,
                  "MNIST + EMNIST, d = " + latent,
                  latent,
                  mixed,
                  ExperimentData.notes(digits, letters),
                  1 + r));
        }
        add(
            runs,
            digits.data().count(),
            table,
            latent == 64 ? "0.858 ± 0.003" : latent == 128 ? "0.887 ± 0.002" : null,
            result);
      }
    }
    Source images = context.data().images(scale.imageSamples());
    if (images.data().isBytes()) {
      Source foreign =
          context
              .data()
              .foreignImages(
                  Math.max(1, Math.min(scale.extra(), images.data().count() / 10)), images.data());
      Dataset joined = Dataset.concat("images and foreign ones", images.data(), foreign.data());
      List<Study> runs = new ArrayList<>();
      for (int r = 0; r < Math.min(2, scale.repeats()); r++) {
        runs.add(
            Study.images(
                context,
                "CIFAR + foreign images",
                joined,
                ExperimentData.notes(images, foreign),
                1 + r));
      }
      add(runs, images.data().count(), table, "0.735 ± 0.002 (CelebA, d = 64)", result);
    }
    return result.with(table);
  }

  private static void add(
      List<Study> runs, int ordinary, Table table, String published, Result result) {
    double[] areas = new double[runs.size()];
    List<double[]> curves = new ArrayList<>();
    for (int r = 0; r < areas.length; r++) {
      float[] self = runs.get(r).selfInfluence().self();
      boolean[] foreign = new boolean[self.length];
      Arrays.fill(foreign, ordinary, self.length, true);
      double[] curve = Statistics.detectionCurve(self, foreign);
      areas[r] = Statistics.areaUnderCurve(curve);
      curves.add(curve);
      if (r == 0) {
        result.with(distributions(runs.get(r), self, ordinary));
      }
    }
    Study study = runs.get(0);
    table.mean(study.name(), published, "%.3f", areas);
    result.with(curves(study, curves, areas));
    study.notes().forEach(note -> result.note(study.name() + ": " + note));
  }

  private static Figure distributions(Study study, float[] self, int ordinary) {
    double[] values = Plots.normalised(self);
    return Figure.of(
        "figure14-" + SanityChecks.fileName(study),
        "Figures 14 and 16, %s: distributions of self-influence.".formatted(study.name()),
        Plots.densities(
            study.name(),
            "self-influence, normalised",
            List.of("ordinary samples", "foreign samples"),
            List.of(
                Arrays.copyOf(values, ordinary),
                Arrays.copyOfRange(values, ordinary, values.length)),
            List.of(Charts.BLUE, Charts.ORANGE)));
  }

  /** The mean curve, and one standard error to both sides. */
  private static Figure curves(Study study, List<double[]> curves, double... areas) {
    int n = curves.get(0).length;
    int[] at = Charts.thin(n, CURVE);
    double[] x = Arrays.stream(at).mapToDouble(k -> 100.0 * (k + 1) / n).toArray();
    double[] mean = new double[at.length];
    double[] error = new double[at.length];
    for (int k = 0; k < at.length; k++) {
      int position = at[k];
      double m = curves.stream().mapToDouble(c -> c[position]).average().orElse(0);
      double variance =
          curves.stream().mapToDouble(c -> Math.pow(c[position] - m, 2)).sum()
              / Math.max(1, curves.size() - 1);
      mean[k] = 100 * m;
      error[k] = 100 * Math.sqrt(variance / curves.size());
    }
    XYChart chart =
        Plots.chart(
            Table.format(
                "%s (AUC = %.3f)", study.name(), DoubleStream.of(areas).average().orElse(0)),
            "samples inspected (%)",
            "foreign samples found (%)");
    Charts.line(chart, "by falling self-influence", x, mean, Charts.BLUE);
    for (int side = -1; side <= 1; side += 2) {
      double[] edge = new double[mean.length];
      for (int k = 0; k < edge.length; k++) {
        edge[k] = Math.max(0, Math.min(100, mean[k] + side * error[k]));
      }
      Plots.dashed(
          Charts.line(
              chart, side < 0 ? "− standard error" : "+ standard error", x, edge, Charts.BLUE));
    }
    Plots.dashed(
        Charts.line(
            chart, "random order", new double[] {0, 100}, new double[] {0, 100}, Charts.GRAY));
    Charts.roundTicks(chart, x[0], x[1]);
    chart.getStyler().setXAxisMin(0.0).setXAxisMax(100.0).setYAxisMin(0.0).setYAxisMax(100.0);
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    return Figure.of(
        "figure15-" + SanityChecks.fileName(study),
        "Figures 15 and 17, %s: detection curve.".formatted(study.name()),
        chart);
  }
}
