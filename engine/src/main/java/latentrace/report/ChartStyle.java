package latentrace.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.AxesChartStyler.TextAlignment;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How charts look: colours, fonts, lines and dots. */
final class ChartStyle {
  static final Color BLUE = new Color(0x2f6db3);
  static final Color ORANGE = new Color(0xc8501e);
  static final Color GRAY = new Color(0x8b9199);
  static final Color INK = new Color(0x23272e);
  static final Color SOFT_INK = new Color(0x565d66);
  private static final Color GRID = new Color(0xe3e6ea);
  private static final Color CLEAR = new Color(255, 255, 255, 0);
  private static final double SMALLEST_PLAIN = 1e-5;
  private static final double LARGEST_PLAIN = 1e9;

  /** Of six clusters or curves. */
  private static final Color[] SERIES = {
    BLUE, ORANGE, new Color(0x3b8f5a), new Color(0x8a5fb0), new Color(0xb08a1e), new Color(0x4a4f57)
  };

  private ChartStyle() {}

  /** A colour of its own for each of six series; the seventh has the first's. */
  static Color series(int position) {
    return SERIES[position % SERIES.length];
  }

  /** Step {@code level} of {@code levels} from blue over gray to orange. */
  static Color level(int level, int levels) {
    double at = 2.0 * level / (levels - 1);
    return at <= 1 ? between(BLUE, GRAY, at) : between(GRAY, ORANGE, at - 1);
  }

  private static Color between(Color from, Color to, double share) {
    return new Color(
        (int) Math.round(from.getRed() + share * (to.getRed() - from.getRed())),
        (int) Math.round(from.getGreen() + share * (to.getGreen() - from.getGreen())),
        (int) Math.round(from.getBlue() + share * (to.getBlue() - from.getBlue())));
  }

  /** The same colour, {@code alpha} of 255 opaque. */
  static Color translucent(Color color, int alpha) {
    return new Color(color.getRed(), color.getGreen(), color.getBlue(), alpha);
  }

  /** Titles and labels. */
  static Font plain() {
    return new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  }

  /** An empty chart on a transparent ground. */
  static XYChart chart(int width, int height, String title, String xTitle, String yTitle) {
    XYChart chart =
        new XYChartBuilder()
            .width(width)
            .height(height)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    XYStyler style = chart.getStyler();
    Font plain = plain();
    style.setBaseFont(plain);
    style.setChartTitleFont(plain.deriveFont(14f)).setLegendFont(plain);
    style.setAxisTitleFont(plain).setAxisTickLabelsFont(plain.deriveFont(11f));
    style.setChartBackgroundColor(CLEAR).setPlotBackgroundColor(CLEAR).setChartFontColor(INK);
    style.setLegendBackgroundColor(CLEAR).setLegendBorderColor(CLEAR);
    style.setChartTitlePadding(8).setChartPadding(4).setMarkerSize(5);
    style.setLegendLayout(LegendLayout.Vertical);
    style.setPlotBorderVisible(false).setLegendPadding(4).setLegendSeriesLineLength(18);
    style.setAxisTickLabelsColor(SOFT_INK).setAxisTickMarksColor(GRAY);
    style.setXAxisTitleColor(SOFT_INK).setYAxisTitleColor(SOFT_INK);
    style.setPlotGridLinesColor(GRID).setPlotGridLinesStroke(new BasicStroke(0.8f));
    style.setPlotGridVerticalLinesVisible(false).setAxisTicksMarksVisible(false);
    style.setXAxisTickMarkSpacingHint(80).setYAxisTickMarkSpacingHint(48);
    style.setYAxisLabelAlignment(TextAlignment.Right);
    style.setLocale(Locale.ROOT).setPlotMargin(0);
    style.setxAxisTickLabelsFormattingFunction(ChartStyle::tick);
    style.setyAxisTickLabelsFormattingFunction(ChartStyle::tick);
    return chart;
  }

  /** A number at an axis; XChart's own have no zero before the point. */
  static String tick(double value) {
    double size = Math.abs(value);
    boolean plain = size == 0 || (size >= SMALLEST_PLAIN && size < LARGEST_PLAIN);
    String pattern = plain ? "#,##0.######" : "0.###E0";
    return new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT)).format(value);
  }

  /** Adds a line without markers. */
  static XYSeries line(XYChart chart, String name, double[] x, double[] y, Color color) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Line);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(color);
    series.setLineStyle(new BasicStroke(1.8f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
    return series;
  }

  /** Adds translucent dots for the samples at {@code positions}; nothing if there are none. */
  static void dots(XYChart chart, String name, int[] positions, float[] x, float[] y, Color color) {
    dots(
        chart,
        name,
        Arrays.stream(positions).mapToDouble(i -> x[i]).toArray(),
        Arrays.stream(positions).mapToDouble(i -> y[i]).toArray(),
        color);
  }

  /** Adds translucent dots; nothing if there are none. */
  static void dots(XYChart chart, String name, double[] x, double[] y, Color color) {
    if (x.length > 0) {
      XYSeries series = chart.addSeries(name, x, y);
      series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
      series.setMarker(SeriesMarkers.CIRCLE);
      series.setMarkerColor(translucent(color, 120));
    }
  }

  /** Adds the dashed line that random order gives, over axes in percent. */
  static void diagonal(XYChart chart) {
    double[] ends = {0, 100};
    line(chart, "random order", ends, ends, GRAY)
        .setLineStyle(
            new BasicStroke(
                1.2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1f, new float[] {5, 4}, 0));
    chart.getStyler().setXAxisMin(0.0).setXAxisMax(100.0).setYAxisMin(0.0).setYAxisMax(100.0);
  }

  /**
   * Makes XChart tick at round numbers. Where all x values are equally spaced it would tick at
   * every so many of them; a hidden point between the first two breaks the spacing.
   */
  static void roundTicks(XYChart chart, double first, double second) {
    double[] between = {first + (second - first) / 2};
    chart.addSeries("hidden", between, between).setEnabled(false).setShowInLegend(false);
  }

  static int[] thinned(int[] positions, int limit) {
    return Arrays.stream(thin(positions.length, limit)).map(i -> positions[i]).toArray();
  }

  /** At most {@code limit} of 0..count-1, evenly spaced, the first and the last among them. */
  static int[] thin(int count, int limit) {
    int kept = Math.min(count, limit);
    return IntStream.range(0, kept)
        .map(i -> kept < 2 ? i : (int) ((long) i * (count - 1) / (kept - 1)))
        .toArray();
  }
}
