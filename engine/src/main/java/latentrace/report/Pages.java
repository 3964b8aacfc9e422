package latentrace.report;

import com.samskivert.mustache.Mustache;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import latentrace.data.Dataset;
import latentrace.report.TopTable.Entry;
import latentrace.report.TopTable.Kind;

/** The templates, and what they show of samples and of the table of proponents and opponents. */
public final class Pages {
  private static final Mustache.Compiler COMPILER =
      Mustache.compiler().withLoader(Pages::template).emptyStringIsFalse(true);

  private static final int MAX_COLUMNS = 6;

  private Pages() {}

  /**
   * One sample.
   *
   * @param image data URI, or null
   * @param pixels whether the image is enlarged without smoothing
   * @param text alternative text and tooltip
   * @param name e.g. #12
   * @param label or null
   * @param match whether the label is that of the test sample
   * @param value score or self-influence as shown, or null
   * @param intruder whether it is marked as one
   */
  record Tile(
      String image,
      boolean pixels,
      String text,
      String name,
      String label,
      boolean match,
      String value,
      boolean intruder) {}

  /** One test sample with its strongest proponents and opponents. */
  record Row(Tile test, List<Tile> proponents, List<Tile> opponents) {}

  /** Rows, and how many samples stand side by side in a wide window. */
  record Grid(List<Row> rows, int columns) {}

  /** The page of a {@link TopTable}. */
  record Table(String title, Grid grid) {}

  /** A template of this package, filled in. */
  public static String render(String template, Object context) {
    return COMPILER.loadTemplate(template).execute(context);
  }

  private static Reader template(String name) {
    String file = name + ".mustache";
    InputStream in = Objects.requireNonNull(Pages.class.getResourceAsStream(file), file);
    return new InputStreamReader(in, StandardCharsets.UTF_8);
  }

  /** A grid for a list in the order of {@link TopTable#top}; all but the entries may be null. */
  static Grid grid(List<Entry> entries, Dataset train, Dataset test, boolean[] intruders) {
    Map<Integer, Row> rows = new LinkedHashMap<>();
    for (Entry entry : entries) {
      Row row =
          rows.computeIfAbsent(
              entry.test(),
              t ->
                  new Row(
                      tile(test, "Test sample", t, null, null, false),
                      new ArrayList<>(),
                      new ArrayList<>()));
      Tile tile =
          tile(
              train,
              "Training sample",
              entry.train(),
              row.test().label(),
              "%s %d, score ".formatted(entry.kind(), entry.rank()) + number(entry.score()),
              intruders != null && intruders[entry.train()]);
      (entry.kind() == Kind.PROPONENT ? row.proponents() : row.opponents())
          .add(withValue(tile, number(entry.score())));
    }
    int longest = 1;
    for (Row row : rows.values()) {
      longest = Math.max(longest, Math.max(row.proponents().size(), row.opponents().size()));
    }
    int lines = (longest + MAX_COLUMNS - 1) / MAX_COLUMNS;
    return new Grid(List.copyOf(rows.values()), (longest + lines - 1) / lines);
  }

  /** One sample. */
  static Tile sampleTile(Dataset data, int position) {
    return tile(data, "Sample", position, null, null, false);
  }

  /** One training sample with its self-influence. */
  static Tile selfInfluenceTile(Dataset train, int position, float value, boolean intruder) {
    Tile tile =
        tile(train, "Training sample", position, null, "self-influence " + number(value), intruder);
    return withValue(tile, number(value));
  }

  private static Tile withValue(Tile tile, String value) {
    return new Tile(
        tile.image(),
        tile.pixels(),
        tile.text(),
        tile.name(),
        tile.label(),
        tile.match(),
        value,
        tile.intruder());
  }

  private static Tile tile(
      Dataset data, String what, int position, String wanted, String detail, boolean intruder) {
    StringBuilder text = new StringBuilder(what).append(' ').append(position);
    String image = null;
    String label = null;
    boolean pixels = false;
    if (data != null) {
      Objects.checkIndex(position, data.count());
      int[] shape = data.sampleShape();
      if (SampleImages.canRender(shape)) {
        image = SampleImages.dataUri(data.sample(position), shape);
        pixels = SampleImages.isPixels(shape);
      }
      if (data.hasLabels()) {
        label = String.valueOf(data.label(position));
        text.append(", label ").append(label);
      }
      if (data.fileIndex(position) != position) {
        text.append(", number ").append(data.fileIndex(position)).append(" in its file");
      }
    }
    if (detail != null) {
      text.append("; ").append(detail);
    }
    if (intruder) {
      text.append(", intruder");
    }
    boolean match = label != null && label.equals(wanted);
    return new Tile(image, pixels, text.toString(), "#" + position, label, match, null, intruder);
  }

  /** Three significant digits, with a true minus sign; plain where that is short. */
  static String number(float value) {
    if (!Float.isFinite(value) || value == 0) {
      return value == 0 ? "0" : String.valueOf(value).replace('-', '\u2212');
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(3));
    int exponent = rounded.precision() - rounded.scale() - 1;
    String text =
        exponent < -4 || exponent > 6
            ? String.format(Locale.ROOT, "%.2e", rounded)
            : String.format(Locale.ROOT, "%,." + Math.max(0, 2 - exponent) + "f", rounded);
    return text.replace('-', '\u2212');
  }
}
