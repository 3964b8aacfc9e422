package latentrace.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import latentrace.report.InfluenceReport.TrainingPoint;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.Styler.LegendPosition;

/**
 * The report's charts, each an {@code <svg>} element to stand in an HTML page. Text is drawn as
 * outlines and the ground is transparent.
 */
public final class Charts {
  /** The most points a scatter chart draws; more are thinned out evenly. */
  public static final int MAX_SCATTER_POINTS = 2000;

  private static final int MAX_INTRUDER_POINTS = 500;
  private static final int MAX_LINE_POINTS = 500;
  private static final double LOG_AXIS_RATIO = 50;

  private Charts() {}

  /**
   * Training curve: loss, reconstruction term and KL term by iteration, in the loss's unit; the
   * axis is logarithmic where the values span a factor of 50. Values that are not finite leave a
   * gap.
   *
   * @param history at least 2 points, by rising iteration; thinned out to 500 if more
   * @throws IllegalArgumentException if there are fewer, or no finite value
   */
  public static String training(List<TrainingPoint> history) {
    if (history.size() < 2) {
      throw new IllegalArgumentException(
          "training curve: %d points, expected at least 2".formatted(history.size()));
    }
    List<TrainingPoint> points =
        Arrays.stream(ChartStyle.thin(history.size(), MAX_LINE_POINTS))
            .mapToObj(history::get)
            .toList();
    double[] iterations = points.stream().mapToDouble(TrainingPoint::iteration).toArray();
    XYChart chart =
        ChartStyle.chart(1080, 340, "Training curve", "iteration", "loss and its terms");
    addTerm(chart, "loss", points, iterations, TrainingPoint::loss, ChartStyle.INK);
    addTerm(
        chart,
        "reconstruction",
        points,
        iterations,
        TrainingPoint::reconstruction,
        ChartStyle.BLUE);
    addTerm(chart, "KL", points, iterations, TrainingPoint::kl, ChartStyle.ORANGE);
    double[] drawn =
        chart.getSeriesMap().values().stream()
            .flatMapToDouble(series -> DoubleStream.of(series.getYData()))
            .filter(Double::isFinite)
            .toArray();
    double low =
        DoubleStream.of(drawn)
            .min()
            .orElseThrow(() -> new IllegalArgumentException("training curve: no finite value"));
    double high = DoubleStream.of(drawn).max().getAsDouble();
    if (low > 0 && high / low >= LOG_AXIS_RATIO) {
      chart.getStyler().setYAxisLogarithmic(true);
      chart.setYAxisTitle("loss and its terms (log scale)");
    }
    ChartStyle.roundTicks(chart, iterations[0], iterations[1]);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    return svg(chart, "training");
  }

  private static void addTerm(
      XYChart chart,
      String name,
      List<TrainingPoint> points,
      double[] iterations,
      ToDoubleFunction<TrainingPoint> term,
      Color color) {
    double[] values =
        points.stream()
            .mapToDouble(term)
            .map(value -> Double.isFinite(value) ? value : Double.NaN)
            .toArray();
    if (DoubleStream.of(values).anyMatch(Double::isFinite)) {
      ChartStyle.line(chart, name, iterations, values, color);
    }
  }

  /**
   * Self-influence against loss, one dot a training sample, with the regression line and its R² in
   * the title.
   *
   * @param losses [N], finite; read
   * @param selfInfluence [N], finite; read
   * @param intruders [N], drawn in a second colour, or null; read
   * @throws IllegalArgumentException if lengths differ, N is 0 or a value is not finite
   */
  public static String selfInfluenceAgainstLoss(
      float[] losses, float[] selfInfluence, boolean[] intruders) {
    SimpleRegression regression = Statistics.regression(losses, selfInfluence);
    int count = losses.length;
    if (count == 0) {
      throw new IllegalArgumentException("self-influence against loss: no samples");
    }
    if (intruders != null) {
      Statistics.requireLength("intruders", intruders.length, "losses", count);
    }
    double rSquared = regression.getRSquare();
    XYChart chart =
        ChartStyle.chart(
            520,
            380,
            Double.isNaN(rSquared)
                ? "Self-influence against loss"
                : String.format(Locale.ROOT, "Self-influence against loss (R² = %.2f)", rSquared),
            "loss",
            "self-influence");
    int[] marked =
        IntStream.range(0, count).filter(i -> intruders != null && intruders[i]).toArray();
    int[] others =
        IntStream.range(0, count).filter(i -> intruders == null || !intruders[i]).toArray();
    int[] drawnMarked = ChartStyle.thinned(marked, MAX_INTRUDER_POINTS);
    ChartStyle.dots(
        chart,
        intruders == null ? "training sample" : "ordinary sample",
        ChartStyle.thinned(others, MAX_SCATTER_POINTS - drawnMarked.length),
        losses,
        selfInfluence,
        ChartStyle.BLUE);
    ChartStyle.dots(chart, "intruder", drawnMarked, losses, selfInfluence, ChartStyle.ORANGE);
    if (!Double.isNaN(rSquared)) {
      double[] ends = IntStream.range(0, count).mapToDouble(i -> losses[i]).sorted().toArray();
      double[] x = {ends[0], ends[count - 1]};
      double[] y = {regression.predict(x[0]), regression.predict(x[1])};
      ChartStyle.line(chart, "linear regression", x, y, ChartStyle.SOFT_INK)
          .setLineStyle(new BasicStroke(1.2f));
    }
    chart.getStyler().setLegendPosition(LegendPosition.InsideNW);
    return svg(chart, "scatter");
  }

  /**
   * Detection curve, with the diagonal that random inspection would give and the area under the
   * curve in the title.
   *
   * @param found [N], from {@link Statistics#detectionCurve}; read
   * @throws IllegalArgumentException if N is 0
   */
  public static String detection(double[] found) {
    XYChart chart =
        ChartStyle.chart(
            520,
            380,
            String.format(
                Locale.ROOT, "Detection curve (AUC = %.3f)", Statistics.areaUnderCurve(found)),
            "training samples inspected (%)",
            "intruders found (%)");
    int[] ranks = ChartStyle.thin(found.length, MAX_LINE_POINTS);
    double[] inspected =
        DoubleStream.concat(
                DoubleStream.of(0),
                Arrays.stream(ranks).mapToDouble(k -> 100.0 * (k + 1) / found.length))
            .toArray();
    double[] percent =
        DoubleStream.concat(
                DoubleStream.of(0), Arrays.stream(ranks).mapToDouble(k -> 100 * found[k]))
            .toArray();
    ChartStyle.line(chart, "by falling self-influence", inspected, percent, ChartStyle.BLUE);
    ChartStyle.diagonal(chart);
    ChartStyle.roundTicks(chart, inspected[0], inspected[1]);
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    return svg(chart, "detection");
  }

  /** Encodes a chart, without the XML prologue, its identifiers made the page's own. */
  private static String svg(XYChart chart, String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      VectorGraphicsEncoder.saveVectorGraphic(chart, bytes, VectorGraphicsFormat.SVG);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String document = bytes.toString(StandardCharsets.UTF_8);
    return document
        .substring(document.indexOf("<svg"))
        .replace("id=\"clip", "id=\"" + name + "-clip")
        .replace("url(#clip", "url(#" + name + "-clip");
  }
}
