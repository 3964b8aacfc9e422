package latentrace.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import latentrace.data.AtomicFiles;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Published numbers beside ours; where the published code does something else than the paper means,
 * what it gives, too.
 *
 * @param name of its files
 * @param title one line
 * @param caption what is different from the paper, units; a sentence each
 * @param scale see {@code --scale}
 * @param seed of everything random
 * @param rows in order
 */
public record ResultTable(
    String name, String title, List<String> caption, String scale, long seed, List<Row> rows) {
  private static final List<String> COLUMNS =
      List.of(
          "quantity",
          "published",
          "ours",
          "value",
          "standard_deviation",
          "standard_error",
          "n",
          "scale",
          "seed");
  private static final List<String> RERUN_COLUMNS =
      List.of("as_published", "as_published_value", "as_published_standard_error");

  /**
   * One number.
   *
   * @param what it is
   * @param published as printed, or an empty text
   * @param ours as shown
   * @param estimate the same in numbers, or null
   * @param rerun what the published way gives, or null
   */
  public record Row(String what, String published, String ours, Estimate estimate, Estimate rerun) {
    /** A row of a number; without one if it is not defined. */
    public static Row of(String what, String published, Estimate estimate) {
      return compared(what, published, null, estimate);
    }

    /** A row of two numbers: what the published way gives, and what is done right. */
    public static Row compared(String what, String published, Estimate rerun, Estimate estimate) {
      boolean defined = Double.isFinite(estimate.value());
      return new Row(
          what,
          published,
          defined ? estimate.text() : "undefined",
          defined ? estimate : null,
          rerun);
    }

    /** A row of words. */
    public static Row text(String what, String published, String ours) {
      return new Row(what, published, ours, null, null);
    }

    /** What the published way gives, as shown; an empty text if it was not asked for. */
    public String again() {
      return rerun == null ? "" : rerun.text();
    }

    /** Observations, or an empty text. */
    public String count() {
      return estimate == null ? "" : String.format(Locale.ROOT, "%,d", estimate.n());
    }
  }

  /** Whether it has a column of what the published way gives. */
  @JsonIgnore
  public boolean isCompared() {
    return rows.stream().anyMatch(row -> row.rerun() != null);
  }

  /** Writes {@code folder/name.csv} and {@code folder/name.md}, each whole or not at all. */
  public void write(Path folder) {
    AtomicFiles.writeString(folder.resolve(name + ".csv"), csv());
    AtomicFiles.writeString(folder.resolve(name + ".md"), markdown());
  }

  /** Comma-separated values with a header, numbers in full precision. */
  String csv() {
    StringBuilder text = new StringBuilder();
    List<String> header = new ArrayList<>(COLUMNS);
    if (isCompared()) {
      header.addAll(RERUN_COLUMNS);
    }
    CSVFormat format =
        CSVFormat.DEFAULT
            .builder()
            .setRecordSeparator('\n')
            .setHeader(header.toArray(String[]::new))
            .get();
    try (CSVPrinter printer = new CSVPrinter(text, format)) {
      for (Row row : rows) {
        Estimate e = row.estimate();
        List<Object> values =
            new ArrayList<>(
                Arrays.asList(
                    row.what(),
                    row.published(),
                    row.ours(),
                    e == null ? null : e.value(),
                    e == null ? null : e.deviation(),
                    e == null ? null : e.standardError(),
                    e == null ? null : e.n(),
                    scale,
                    seed));
        if (isCompared()) {
          Estimate again = row.rerun();
          values.add(row.again());
          values.add(again == null ? null : again.value());
          values.add(again == null ? null : again.standardError());
        }
        printer.printRecord(values);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** A heading, the table, the caption. */
  String markdown() {
    StringBuilder text = new StringBuilder("### ").append(title).append("\n\n");
    text.append(
        isCompared()
            ? "| | published | as published, re-run | done right | n |\n|---|---|---|---|---|\n"
            : "| | published | ours | n |\n|---|---|---|---|\n");
    for (Row row : rows) {
      text.append("| %s | %s |".formatted(cell(row.what()), cell(row.published())));
      if (isCompared()) {
        text.append(" %s |".formatted(row.again()));
      }
      text.append(" %s | %s |\n".formatted(cell(row.ours()), row.count()));
    }
    text.append("\nScale ").append(scale).append(", seed ").append(seed).append('.');
    caption.forEach(sentence -> text.append(' ').append(sentence));
    return text.append('\n').toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
