package latentrace.report;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import latentrace.data.AtomicFiles;
import latentrace.data.Dataset;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** The strongest proponents and opponents of each test sample, as a list, CSV or a page. */
public final class TopTable {
  private static final CSVFormat CSV =
      CSVFormat.DEFAULT
          .builder()
          .setHeader("test", "kind", "rank", "train", "score")
          .setRecordSeparator('\n')
          .get();

  private TopTable() {}

  /** Which end of the scores an entry comes from. */
  public enum Kind {
    /** Among the highest scores: training on it lowers the test sample's loss. */
    PROPONENT,
    /** Among the lowest scores: training on it raises the test sample's loss, if negative. */
    OPPONENT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One line of the table.
   *
   * @param test position of the test sample, from 0
   * @param kind which end of the scores
   * @param rank 1 for the strongest
   * @param train position of the training sample, from 0
   * @param score influence of the training sample on the test sample
   */
  public record Entry(int test, Kind kind, int rank, int train, float score) {}

  /**
   * The {@code k} strongest proponents (highest score), then opponents (lowest score) of each test
   * sample; equal scores by rising training position.
   *
   * @param scores [T][N]; read
   * @param k at least 1; fewer of each if N is smaller
   * @throws IllegalArgumentException if a score is NaN or k is below 1
   */
  public static List<Entry> top(float[][] scores, int k) {
    List<Entry> entries = new ArrayList<>();
    for (int t = 0; t < scores.length; t++) {
      add(entries, t, Kind.PROPONENT, Statistics.topK(scores[t], k), scores[t]);
      add(entries, t, Kind.OPPONENT, Statistics.bottomK(scores[t], k), scores[t]);
    }
    return entries;
  }

  private static void add(
      List<Entry> entries, int test, Kind kind, int[] positions, float[] scores) {
    for (int r = 0; r < positions.length; r++) {
      entries.add(new Entry(test, kind, r + 1, positions[r], scores[positions[r]]));
    }
  }

  /**
   * Writes the entries as CSV, in UTF-8 with header {@code test,kind,rank,train,score} and {@code
   * \n} line ends; scores read back to the same float.
   *
   * @throws java.io.UncheckedIOException if the file cannot be written
   */
  public static void writeCsv(Path target, List<Entry> entries) {
    AtomicFiles.write(
        target,
        out -> {
          Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
          printCsv(writer, entries);
          writer.flush();
        });
  }

  private static void printCsv(Appendable target, List<Entry> entries) throws IOException {
    CSVPrinter printer = CSV.print(target);
    for (Entry entry : entries) {
      printer.printRecord(entry.test(), entry.kind(), entry.rank(), entry.train(), entry.score());
    }
  }

  /**
   * Writes the entries as one self-contained HTML page, a row for each test sample.
   *
   * @param train training samples, for pictures and labels, or null
   * @param test test samples, for pictures and labels, or null
   * @throws IndexOutOfBoundsException if an entry names a sample that a data set does not have
   * @throws java.io.UncheckedIOException if the file cannot be written
   */
  public static void writeHtml(Path target, List<Entry> entries, Dataset train, Dataset test) {
    AtomicFiles.writeString(target, html(entries, train, test));
  }

  static String html(List<Entry> entries, Dataset train, Dataset test) {
    return Pages.render(
        "table",
        new Pages.Table("Proponents and opponents", Pages.grid(entries, train, test, null)));
  }
}
