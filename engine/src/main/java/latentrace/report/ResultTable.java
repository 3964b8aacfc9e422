package latentrace.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import latentrace.data.AtomicFiles;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Published numbers beside ours.
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
  private static final String[] COLUMNS = {
    "quantity",
    "published",
    "ours",
    "value",
    "standard_deviation",
    "standard_error",
    "n",
    "scale",
    "seed"
  };

  /**
   * One number.
   *
   * @param what it is
   * @param published as printed, or an empty text
   * @param ours as shown
   * @param estimate the same in numbers, or null
   */
  public record Row(String what, String published, String ours, Estimate estimate) {
    /** A row of a number; without one if it is not defined. */
    public static Row of(String what, String published, Estimate estimate) {
      return Double.isFinite(estimate.value())
          ? new Row(what, published, estimate.text(), estimate)
          : text(what, published, "undefined");
    }

    /** A row of words. */
    public static Row text(String what, String published, String ours) {
      return new Row(what, published, ours, null);
    }

    /** Observations, or an empty text. */
    public String count() {
      return estimate == null ? "" : String.format(Locale.ROOT, "%,d", estimate.n());
    }
  }

  /** Writes {@code folder/name.csv} and {@code folder/name.md}, each whole or not at all. */
  public void write(Path folder) {
    AtomicFiles.writeString(folder.resolve(name + ".csv"), csv());
    AtomicFiles.writeString(folder.resolve(name + ".md"), markdown());
  }

  /** Comma-separated values with a header, numbers in full precision. */
  String csv() {
    StringBuilder text = new StringBuilder();
    CSVFormat format =
        CSVFormat.DEFAULT.builder().setRecordSeparator('\n').setHeader(COLUMNS).get();
    try (CSVPrinter printer = new CSVPrinter(text, format)) {
      for (Row row : rows) {
        Estimate e = row.estimate();
        printer.printRecord(
            row.what(),
            row.published(),
            row.ours(),
            e == null ? null : e.value(),
            e == null ? null : e.deviation(),
            e == null ? null : e.standardError(),
            e == null ? null : e.n(),
            scale,
            seed);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** A heading, the table, the caption. */
  String markdown() {
    StringBuilder text = new StringBuilder("### ").append(title).append("\n\n");
    text.append("| | published | ours | n |\n|---|---|---|---|\n");
    for (Row row : rows) {
      text.append(
          "| %s | %s | %s | %s |\n"
              .formatted(cell(row.what()), cell(row.published()), cell(row.ours()), row.count()));
    }
    text.append("\nScale ").append(scale).append(", seed ").append(seed).append('.');
    caption.forEach(sentence -> text.append(' ').append(sentence));
    return text.append('\n').toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
