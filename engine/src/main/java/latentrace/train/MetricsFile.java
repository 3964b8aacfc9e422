package latentrace.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * {@code metrics.csv}: one line per window of iterations, with the means over the window. Columns
 * iteration, loss, reconstruction, kl, lr, validation (empty where it was not evaluated).
 */
public final class MetricsFile implements AutoCloseable {
  /** The file's name in a checkpoint folder. */
  public static final String NAME = "metrics.csv";

  private static final String[] COLUMNS = {
    "iteration", "loss", "reconstruction", "kl", "lr", "validation"
  };
  private static final CSVFormat FORMAT =
      CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();

  private final Path file;
  private final CSVPrinter printer;

  /**
   * Opens it for appending.
   *
   * @param keepUpTo lines of later iterations are dropped: they were written after the state that
   *     is resumed; 0 begins anew
   */
  MetricsFile(Path folder, long keepUpTo) {
    file = folder.resolve(NAME);
    List<String> kept = new ArrayList<>();
    kept.add(String.join(",", COLUMNS));
    try {
      if (keepUpTo > 0 && Files.exists(file)) {
        for (String line : Files.readAllLines(file).stream().skip(1).toList()) {
          int comma = line.indexOf(',');
          if (comma > 0 && Long.parseLong(line.substring(0, comma)) <= keepUpTo) {
            kept.add(line);
          }
        }
      }
      AtomicFiles.writeString(file, String.join("\n", kept) + "\n");
      Writer writer = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
      printer = new CSVPrinter(writer, FORMAT);
    } catch (NumberFormatException e) {
      throw new InputException(file + ": not a metrics file: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    }
  }

  /** Appends a line. */
  void append(long iteration, Map<String, Double> values) {
    try {
      printer.print(iteration);
      for (int c = 1; c < COLUMNS.length; c++) {
        Double value = values.get(COLUMNS[c]);
        printer.print(value == null ? "" : Double.toString(value));
      }
      printer.println();
      printer.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    }
  }

  @Override
  public void close() {
    try {
      printer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    }
  }

  /** Reads {@code folder/metrics.csv}: by iteration, the columns that hold a number. */
  public static SortedMap<Long, Map<String, Double>> read(Path folder) {
    Path file = folder.resolve(NAME);
    SortedMap<Long, Map<String, Double>> metrics = new TreeMap<>();
    CSVFormat format = FORMAT.builder().setHeader().setSkipHeaderRecord(true).get();
    try (CSVParser parser = CSVParser.parse(file, StandardCharsets.UTF_8, format)) {
      for (CSVRecord record : parser) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (int c = 1; c < COLUMNS.length; c++) {
          String text = record.get(COLUMNS[c]);
          if (!text.isEmpty()) {
            values.put(COLUMNS[c], Double.parseDouble(text));
          }
        }
        metrics.put(Long.parseLong(record.get(COLUMNS[0])), values);
      }
    } catch (IllegalArgumentException e) {
      throw new InputException(file + ": not a metrics file: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new InputException(file + ": " + AtomicFiles.reason(e), e);
    }
    return metrics;
  }
}
