package latentrace.experiment;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/** A table: what was published beside what was found. */
public final class Table {
  /** A quantity. */
  record Row(String quantity, String published, String ours, String count) {}

  private static final List<String> HEADER = List.of("quantity", "published", "ours", "n");

  private final String id;
  private final String caption;
  private final List<Row> rows = new ArrayList<>();

  /**
   * An empty table.
   *
   * @param id table1, …
   * @param caption what is in it
   */
  public Table(String id, String caption) {
    this.id = id;
    this.caption = caption;
  }

  /**
   * Adds a row.
   *
   * @param published as printed, or null
   * @param ours as formatted
   * @param count of what it is the mean, or null
   */
  public Table row(String quantity, String published, String ours, Object count) {
    rows.add(
        new Row(
            quantity,
            published == null ? "–" : published,
            ours,
            count == null ? "" : count.toString()));
    return this;
  }

  /** Adds a share of n. */
  public Table share(String quantity, String published, double share, int n) {
    double error = Math.sqrt(share * (1 - share) / n);
    return row(quantity, published, format("%.3f ± %.3f", share, error), n);
  }

  /** Adds the mean of values and its standard error. */
  public Table mean(String quantity, String published, String format, double... values) {
    SummaryStatistics s = statistics(values);
    String mean = format(format, s.getMean());
    return row(
        quantity,
        published,
        values.length < 2
            ? mean
            : mean + " ± " + format(format, s.getStandardDeviation() / Math.sqrt(values.length)),
        values.length);
  }

  /** Adds the mean of values and their standard deviation, as the paper's "standard errors" are. */
  public Table spread(String quantity, String published, double... values) {
    SummaryStatistics s = statistics(values);
    return row(
        quantity,
        published,
        format("%.2f ± %.2f", s.getMean(), s.getStandardDeviation()),
        s.getN());
  }

  private static SummaryStatistics statistics(double... values) {
    SummaryStatistics s = new SummaryStatistics();
    for (double value : values) {
      s.addValue(value);
    }
    return s;
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** Its name. */
  public String id() {
    return id;
  }

  /** What is in it. */
  public String caption() {
    return caption;
  }

  /** In order. */
  public List<Row> rows() {
    return rows;
  }

  /** With a header, RFC 4180 but for line ends. */
  public String csv() {
    StringBuilder text = new StringBuilder();
    try (CSVPrinter printer =
        new CSVPrinter(text, CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get())) {
      printer.printRecord(HEADER);
      for (Row row : rows) {
        printer.printRecord(row.quantity(), row.published(), row.ours(), row.count());
      }
    } catch (IOException e) {
      throw new IllegalStateException(e); // a StringBuilder does not fail
    }
    return text.toString();
  }

  /** With its caption. */
  public String markdown() {
    StringBuilder text = new StringBuilder(caption).append("\n\n");
    text.append("| ").append(String.join(" | ", HEADER)).append(" |\n| --- | --- | --- | ---: |\n");
    for (Row row : rows) {
      text.append(
          "| %s | %s | %s | %s |%n"
              .formatted(row.quantity(), row.published(), row.ours(), row.count()));
    }
    return text.toString();
  }
}
