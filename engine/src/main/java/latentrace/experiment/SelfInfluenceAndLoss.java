package latentrace.experiment;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.knowm.xchart.XYChart;

/** Self-influence against loss, and the samples at both ends (sections 5.2, B.4, B.5). */
final class SelfInfluenceAndLoss implements Experiment {
  private static final int SHOWN = 14;

  @Override
  public List<String> ids() {
    return List.of("figure2", "figure3", "figure9", "figure10", "figure11", "figure12", "figure13");
  }

  @Override
  public String title() {
    return "Self-influence: large where the loss is";
  }

  @Override
  public Result run(Context context) {
    Result result = new Result();
    Table table =
        new Table(
            "self-influence",
            "Regression of self-influence on the negative loss over all training samples (the paper prints"
                + " R² in its figures only).");
    for (int latent : context.scale().digitLatents()) {
      add(Study.digits(context, latent), "figure9", table, result);
    }
    add(Study.cifar(context), "figure10", table, result);
    for (int c = 0; c < context.scale().classes(); c++) {
      Study study = Study.cifarClass(context, c);
      if (study != null) {
        add(study, "figure11", table, result);
      }
    }
    return result.with(table);
  }

  private static void add(Study study, String id, Table table, Result result) {
    Stages.SelfInfluence values = study.selfInfluence();
    double[] self = Plots.normalised(values.self());
    double[] loss = Arrays.stream(Plots.normalised(values.losses())).map(v -> -v).toArray();
    SimpleRegression regression = new SimpleRegression();
    for (int i = 0; i < self.length; i++) {
      regression.addData(loss[i], self[i]);
    }
    table.row(
        study.name() + ", R²", null, Table.format("%.3f", regression.getRSquare()), self.length);
    XYChart chart =
        Plots.chart(
            Table.format("%s (R² = %.2f)", study.name(), regression.getRSquare()),
            "negative loss, normalised",
            "self-influence, normalised");
    Plots.dots(chart, "training sample", loss, self, latentrace.report.Charts.BLUE);
    Plots.regression(chart, regression, loss);
    chart.getStyler().setLegendPosition(org.knowm.xchart.style.Styler.LegendPosition.InsideNE);
    String file = SanityChecks.fileName(study);
    result.with(
        Figure.of(
            id + "-" + file,
            "Figures 2 and %s, %s: self-influence against negative loss."
                .formatted(id.substring(6), study.name()),
            chart));
    result.with(
        Figure.of(
            id + "-" + file + "-marginals",
            "The distributions of both, %s.".formatted(study.name()),
            Plots.densities(
                study.name(),
                "normalised value",
                List.of("self-influence", "negative loss, from its least to its greatest"),
                List.of(self, rescaled(loss)),
                List.of(latentrace.report.Charts.ORANGE, latentrace.report.Charts.BLUE))));
    int shown = Math.min(SHOWN, self.length);
    int[] ranking = Statistics.ranking(values.self());
    int[] low = IntStream.range(0, shown).map(k -> ranking[ranking.length - 1 - k]).toArray();
    result.with(
        Figure.of(
            "figure3-" + file,
            "Figures 3, 12 and 13, %s: the samples of highest and of lowest self-influence."
                .formatted(study.name()),
            Plots.rows(
                study.train(),
                List.of("high self-influence", "low self-influence"),
                List.of(Arrays.copyOf(ranking, shown), low))));
    study.notes().forEach(note -> result.note(study.name() + ": " + note));
  }

  /** The least becomes 0, the greatest 1. */
  private static double[] rescaled(double... values) {
    double low = Arrays.stream(values).min().orElse(0);
    double high = Arrays.stream(values).max().orElse(1);
    double range = high > low ? high - low : 1;
    return Arrays.stream(values).map(v -> (v - low) / range).toArray();
  }
}
