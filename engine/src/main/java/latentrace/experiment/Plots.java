package latentrace.experiment;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.data.Dataset;
import latentrace.report.Charts;
import latentrace.report.SampleImages;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The papers' kinds of pictures. */
final class Plots {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 400;
  private static final int POINTS = 4000;
  private static final int BINS = 60;
  private static final int TILE = 56;
  private static final int GAP = 4;
  private static final int GUTTER = 16;
  private static final int HEAD = 24;
  private static final float ALPHA = 0.45f;
  private static final Color FOUND = new Color(0x2e8b57);

  private Plots() {}

  static XYChart chart(String title, String x, String y) {
    XYChart chart = Charts.chart(WIDTH, HEIGHT, title, x, y);
    chart.getStyler().setMarkerSize(4);
    return chart;
  }

  /** Dots, thinned out evenly if they are many. */
  static void dots(XYChart chart, String name, double[] x, double[] y, Color color) {
    int[] kept = Charts.thin(x.length, POINTS);
    if (kept.length == 0) {
      return;
    }
    XYSeries series =
        chart.addSeries(
            name,
            Arrays.stream(kept).mapToDouble(i -> x[i]).toArray(),
            Arrays.stream(kept).mapToDouble(i -> y[i]).toArray());
    series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setMarkerColor(
        new Color(color.getRed(), color.getGreen(), color.getBlue(), Math.round(255 * ALPHA)));
  }

  /** A line from the least to the greatest x. */
  static void regression(XYChart chart, SimpleRegression regression, double[] x) {
    double low = Arrays.stream(x).min().orElse(0);
    double high = Arrays.stream(x).max().orElse(1);
    Charts.line(
        chart,
        "linear regression",
        new double[] {low, high},
        new double[] {regression.predict(low), regression.predict(high)},
        Charts.INK);
  }

  /** Densities of values in equal bins over the range of all of them. */
  static XYChart densities(
      String title, String x, List<String> names, List<double[]> values, List<Color> colors) {
    double low = values.stream().flatMapToDouble(Arrays::stream).min().orElse(0);
    double high = values.stream().flatMapToDouble(Arrays::stream).max().orElse(1);
    double width = high > low ? (high - low) / BINS : 1;
    XYChart chart = chart(title, x, "density");
    for (int v = 0; v < values.size(); v++) {
      double[] centres = new double[BINS];
      double[] density = new double[BINS];
      for (double value : values.get(v)) {
        density[(int) Math.min(BINS - 1, (value - low) / width)] +=
            1 / (width * values.get(v).length);
      }
      Arrays.setAll(centres, b -> low + (b + 0.5) * width);
      if (values.get(v).length > 0) {
        Charts.line(chart, names.get(v), centres, density, colors.get(v));
      }
    }
    Charts.roundTicks(chart, low, low + width);
    chart.getStyler().setLegendPosition(LegendPosition.InsideNE);
    return chart;
  }

  static void dashed(XYSeries series) {
    series.setLineStyle(
        new BasicStroke(
            1.2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1f, new float[] {5, 4}, 0));
  }

  /** Values divided by the greatest magnitude, as the paper draws influences. */
  static double[] normalised(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    double scale = largest > 0 ? largest : 1;
    return IntStream.range(0, values.length).mapToDouble(i -> values[i] / scale).toArray();
  }

  static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  /**
   * Rows of a sample, its strongest proponents and, unless 0, its strongest opponents.
   *
   * @param scores [T][N]
   * @param own whether test t is training sample t, marked green where its own score is the
   *     greatest and red where not
   */
  static BufferedImage neighbours(
      Dataset test,
      Dataset train,
      float[][] scores,
      int rows,
      int each,
      int opponents,
      boolean own) {
    int shown = Math.min(rows, scores.length);
    int columns = 1 + each + opponents;
    int gutters = GUTTER * (opponents > 0 ? 2 : 1);
    BufferedImage sheet = sheet(columns, gutters, shown);
    Graphics2D g = graphics(sheet);
    title(g, 0, 0, "sample");
    title(g, 1, GUTTER, "proponents");
    if (opponents > 0) {
      title(g, 1 + each, 2 * GUTTER, "opponents");
    }
    for (int t = 0; t < shown; t++) {
      int[] best = Statistics.topK(scores[t], each);
      draw(g, test, t, 0, 0, t);
      if (own) {
        frame(g, 0, 0, t, best[0] == t ? FOUND : Charts.ORANGE);
      }
      for (int k = 0; k < best.length; k++) {
        draw(g, train, best[k], 1 + k, GUTTER, t);
      }
      int[] worst = opponents > 0 ? Statistics.bottomK(scores[t], opponents) : new int[0];
      for (int k = 0; k < worst.length; k++) {
        draw(g, train, worst[k], 1 + each + k, 2 * GUTTER, t);
      }
    }
    g.dispose();
    return sheet;
  }

  /** Samples in rows under titles. */
  static BufferedImage rows(Dataset data, List<String> titles, List<int[]> rows) {
    int columns = rows.stream().mapToInt(r -> r.length).max().orElse(1);
    BufferedImage sheet =
        new BufferedImage(
            columns * (TILE + GAP) + GAP,
            rows.size() * (TILE + GAP + HEAD) + GAP,
            BufferedImage.TYPE_INT_RGB);
    Graphics2D g = graphics(sheet);
    for (int r = 0; r < rows.size(); r++) {
      int top = r * (TILE + GAP + HEAD);
      g.setColor(Charts.INK);
      g.drawString(titles.get(r), GAP, top + HEAD - 8);
      for (int k = 0; k < rows.get(r).length; k++) {
        image(g, data, rows.get(r)[k], GAP + k * (TILE + GAP), top + HEAD);
      }
    }
    g.dispose();
    return sheet;
  }

  private static BufferedImage sheet(int columns, int gutters, int rows) {
    return new BufferedImage(
        columns * (TILE + GAP) + gutters + GAP,
        HEAD + rows * (TILE + GAP) + GAP,
        BufferedImage.TYPE_INT_RGB);
  }

  private static Graphics2D graphics(BufferedImage sheet) {
    Graphics2D g = sheet.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    return g;
  }

  private static int x(int column, int gutter) {
    return GAP + gutter + column * (TILE + GAP);
  }

  private static int y(int row) {
    return HEAD + row * (TILE + GAP);
  }

  private static void title(Graphics2D g, int column, int gutter, String text) {
    g.setColor(Charts.INK);
    g.drawString(text, x(column, gutter), HEAD - 8);
  }

  private static void draw(Graphics2D g, Dataset data, int i, int column, int gutter, int row) {
    image(g, data, i, x(column, gutter), y(row));
  }

  private static void image(Graphics2D g, Dataset data, int i, int x, int y) {
    g.drawImage(SampleImages.render(data.sample(i), data.sampleShape()), x, y, TILE, TILE, null);
  }

  private static void frame(Graphics2D g, int column, int gutter, int row, Color color) {
    g.setColor(color);
    g.setStroke(new BasicStroke(3));
    g.drawRect(x(column, gutter), y(row), TILE - 1, TILE - 1);
  }
}
