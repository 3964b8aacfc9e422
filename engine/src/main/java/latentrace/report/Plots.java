package latentrace.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The kinds of plot that the experiments share, as pictures. */
public final class Plots {
  private static final int MAX_DOTS = 1500;
  private static final int MAX_LINE_POINTS = 400;
  private static final int FEWEST_BINS = 12;
  private static final int MOST_BINS = 60;

  /** XChart sets a legend below so close that it would touch the axis title. */
  private static final int LEGEND_PADDING = 10;

  /** Of a legend's entry, about: its marker with the space around, and a character. */
  private static final int LEGEND_MARKER = 45;

  private static final int LEGEND_CHARACTER = 8;

  /** How much longer all values' range is than most values' where it is cut. */
  private static final double FAR = 2;

  private static final int MOST_PERCENT = 99;

  /** Colours of a map. */
  private static final int LEVELS = 5;

  /** Values closer than this part of their range are alike. */
  private static final double ROUNDING = 1e-9;

  private Plots() {}

  /**
   * What every plot has.
   *
   * @param name of the picture's files
   * @param title above it
   * @param xTitle with the unit
   * @param yTitle with the unit
   * @param width in CSS pixels
   * @param height in CSS pixels
   */
  public record Frame(
      String name, String title, String xTitle, String yTitle, int width, int height) {
    private XYChart chart() {
      return ChartStyle.chart(width, height, title, xTitle, yTitle);
    }

    private Picture picture(XYChart chart) {
      return new Picture(
          name,
          "%s: %s against %s".formatted(title, yTitle, xTitle),
          width,
          height,
          graphics -> chart.paint(graphics, width, height));
    }
  }

  /**
   * Dots of one colour, or points of a curve.
   *
   * @param name in the legend
   * @param x [n]
   * @param y [n], finite
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Series(String name, double[] x, double[] y) {
    /** Checks the lengths. */
    public Series {
      Statistics.requireLength("y of " + name, y.length, "x", x.length);
    }

    private Series thinned(int limit) {
      return at(ChartStyle.thin(x.length, limit));
    }

    private Series at(int[] kept) {
      return new Series(
          name,
          Arrays.stream(kept).mapToDouble(i -> x[i]).toArray(),
          Arrays.stream(kept).mapToDouble(i -> y[i]).toArray());
    }
  }

  /**
   * Values whose distribution is drawn.
   *
   * @param name in the legend
   * @param values [n], finite
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Sample(String name, double[] values) {}

  /**
   * Dots; each series is thinned out to its share of 1,500.
   *
   * @param regression whether the least-squares line of the first series is drawn, its R² in the
   *     title
   */
  public static Picture scatter(Frame frame, List<Series> clouds, boolean regression) {
    SimpleRegression fit = new SimpleRegression();
    if (regression) {
      Series first = clouds.get(0);
      for (int i = 0; i < first.x().length; i++) {
        fit.addData(first.x()[i], first.y()[i]);
      }
    }
    double rSquared = fit.getRSquare();
    XYChart chart = frame.chart();
    if (!Double.isNaN(rSquared)) {
      chart.setTitle(String.format(Locale.ROOT, "%s (R² = %.2f)", frame.title(), rSquared));
    }
    for (int c = 0; c < clouds.size(); c++) {
      Series cloud = clouds.get(c).thinned(MAX_DOTS / clouds.size());
      ChartStyle.dots(chart, cloud.name(), cloud.x(), cloud.y(), colour(clouds.size(), c));
    }
    if (!Double.isNaN(rSquared)) {
      double low = Arrays.stream(clouds.get(0).x()).min().getAsDouble();
      double high = Arrays.stream(clouds.get(0).x()).max().getAsDouble();
      double[] x = {low, high};
      double[] y = {fit.predict(low), fit.predict(high)};
      ChartStyle.line(chart, "linear regression", x, y, ChartStyle.SOFT_INK)
          .setLineStyle(new BasicStroke(1.2f));
    }
    chart.getStyler().setMarkerSize(4);
    legend(chart, clouds.size() > 1);
    return frame.picture(chart);
  }

  /** With three clouds the first is the background, in gray. */
  private static Color colour(int clouds, int position) {
    if (clouds != 3) {
      return ChartStyle.series(position);
    }
    return position == 0 ? ChartStyle.GRAY : ChartStyle.series(position - 1);
  }

  /**
   * Dots in the plane, coloured by a value: its lowest fifth blue, over gray, to its highest fifth
   * orange; the legend has the highest value of each.
   *
   * @param values [n]
   * @param star a point marked with a black cross, or null
   */
  public static Picture map(Frame frame, Series points, double[] values, double[] star) {
    XYChart chart = frame.chart();
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(i -> i)
            .toArray();
    double rounding = ROUNDING * (StatUtils.max(values) - StatUtils.min(values));
    int from = 0;
    for (int level = 0; level < LEVELS; level++) {
      int to = (level + 1) * order.length / LEVELS;
      while (to > 0 && to < order.length && values[order[to]] <= values[order[to - 1]] + rounding) {
        to++; // values that are alike have one colour
      }
      if (to > from) {
        String most = Pages.number((float) values[order[to - 1]]);
        Series part = points.at(Arrays.copyOfRange(order, from, to));
        ChartStyle.dots(
            chart,
            "to " + most + " ".repeat(level),
            part.x(),
            part.y(),
            ChartStyle.level(level, LEVELS));
        from = to;
      }
    }
    if (star != null) {
      double[] x = {star[0]};
      double[] y = {star[1]};
      var series = chart.addSeries("z", x, y);
      series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
      series.setMarker(SeriesMarkers.CROSS).setMarkerColor(ChartStyle.INK);
    }
    legend(chart, true);
    return frame.picture(chart);
  }

  /**
   * Histograms as densities, over a common range; empty bins are left out of a logarithmic one. The
   * number of bins is the root of the smallest sample's size, 12 to 60. Where a few values lie far
   * above the rest, the range of one that is not logarithmic ends at the 99th percentile, which the
   * axis says.
   *
   * @param logarithmic whether the density's axis is
   */
  public static Picture densities(Frame frame, List<Sample> samples, boolean logarithmic) {
    double low = values(samples).min().orElse(0);
    double high = values(samples).max().orElse(1);
    double most =
        samples.stream()
            .mapToDouble(sample -> StatUtils.percentile(sample.values(), MOST_PERCENT))
            .max()
            .orElse(high);
    boolean cut = !logarithmic && high - low > FAR * (most - low) && most > low;
    if (cut) {
      high = most;
    }
    int least = samples.stream().mapToInt(sample -> sample.values().length).min().orElse(0);
    int bins = (int) Math.max(FEWEST_BINS, Math.min(MOST_BINS, Math.sqrt(least)));
    double width = high > low ? (high - low) / bins : 1;
    XYChart chart = frame.chart();
    if (cut) {
      chart.setXAxisTitle("%s, to the %dth percentile".formatted(frame.xTitle(), MOST_PERCENT));
    }
    for (int s = 0; s < samples.size(); s++) {
      double[] values = samples.get(s).values();
      double end = high;
      double[] shown = Arrays.stream(values).filter(value -> value <= end).toArray();
      double[] density = density(shown, low, width, bins);
      double[] centre = new double[bins];
      for (int b = 0; b < bins; b++) {
        centre[b] = low + (b + 0.5) * width;
        if (logarithmic && density[b] == 0) {
          density[b] = Double.NaN;
        }
      }
      Color color = ChartStyle.series(s);
      var series = ChartStyle.line(chart, samples.get(s).name(), centre, density, color);
      if (!logarithmic) {
        series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Area);
        series.setFillColor(ChartStyle.translucent(color, 60));
      }
    }
    ChartStyle.roundTicks(chart, low + 0.5 * width, low + 1.5 * width);
    chart.getStyler().setYAxisLogarithmic(logarithmic);
    legend(chart, samples.size() > 1);
    return frame.picture(chart);
  }

  private static DoubleStream values(List<Sample> samples) {
    return samples.stream().flatMapToDouble(sample -> Arrays.stream(sample.values()));
  }

  /** Shares of the values in bins of equal width from {@code low} on, divided by the width. */
  static double[] density(double[] values, double low, double width, int bins) {
    double[] density = new double[bins];
    for (double value : values) {
      int bin = (int) Math.max(0, Math.min(bins - 1, Math.floor((value - low) / width)));
      density[bin] += 1 / (values.length * width);
    }
    return density;
  }

  /**
   * A detection curve in percent, with the dashed line of random order.
   *
   * @param curve thinned out to 400 points
   * @param bounds thin lines above and below it, without an entry in the legend; may be empty
   */
  public static Picture detection(Frame frame, Series curve, List<Series> bounds) {
    XYChart chart = frame.chart();
    for (Series bound : bounds) {
      Series thin = bound.thinned(MAX_LINE_POINTS);
      var line = ChartStyle.line(chart, bound.name(), thin.x(), thin.y(), ChartStyle.BLUE);
      line.setLineStyle(new BasicStroke(0.6f)).setShowInLegend(false);
    }
    Series drawn = curve.thinned(MAX_LINE_POINTS);
    ChartStyle.line(chart, curve.name(), drawn.x(), drawn.y(), ChartStyle.BLUE);
    ChartStyle.diagonal(chart);
    ChartStyle.roundTicks(chart, drawn.x()[0], drawn.x()[Math.min(1, drawn.x().length - 1)]);
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    return frame.picture(chart);
  }

  /** Curves of measured points, a colour for each. */
  public static Picture curves(Frame frame, List<Series> curves) {
    XYChart chart = frame.chart();
    for (int c = 0; c < curves.size(); c++) {
      Series curve = curves.get(c);
      ChartStyle.line(chart, curve.name(), curve.x(), curve.y(), ChartStyle.series(c));
    }
    double[] x = curves.get(0).x();
    ChartStyle.roundTicks(chart, x[0], x[Math.min(1, x.length - 1)]);
    legend(chart, true);
    return frame.picture(chart);
  }

  /** All entries side by side, in pixels, about. */
  private static int legendWidth(XYChart chart) {
    return chart.getSeriesMap().values().stream()
        .filter(series -> series.isShowInLegend())
        .mapToInt(series -> LEGEND_MARKER + LEGEND_CHARACTER * series.getName().length())
        .sum();
  }

  /** Below the plot, or beside it if it is too wide for that. */
  private static void legend(XYChart chart, boolean wanted) {
    XYStyler style = chart.getStyler();
    style.setLegendVisible(wanted).setLegendPadding(LEGEND_PADDING);
    if (legendWidth(chart) < chart.getWidth()) {
      style.setLegendPosition(LegendPosition.OutsideS).setLegendLayout(LegendLayout.Horizontal);
    } else {
      style.setLegendPosition(LegendPosition.OutsideE).setLegendLayout(LegendLayout.Vertical);
    }
  }
}
