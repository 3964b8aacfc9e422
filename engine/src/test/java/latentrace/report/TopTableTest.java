package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import latentrace.data.Dataset;
import latentrace.report.TopTable.Entry;
import latentrace.report.TopTable.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopTableTest {
  private static final float[][] SCORES = {{0.5f, -1.25f, 3e-9f}, {2, 2, -7}};

  @Test
  void entriesByHand() {
    assertEquals(
        List.of(
            new Entry(0, Kind.PROPONENT, 1, 0, 0.5f),
            new Entry(0, Kind.OPPONENT, 1, 1, -1.25f),
            new Entry(1, Kind.PROPONENT, 1, 0, 2f),
            new Entry(1, Kind.OPPONENT, 1, 2, -7f)),
        TopTable.top(SCORES, 1));
    assertEquals(12, TopTable.top(SCORES, 10).size());
    assertThrows(
        IllegalArgumentException.class, () -> TopTable.top(new float[][] {{Float.NaN}}, 1));
  }

  @Test
  void csvTextIsExact(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("top.csv");
    TopTable.writeCsv(file, TopTable.top(SCORES, 2));
    assertEquals(
        """
        test,kind,rank,train,score
        0,proponent,1,0,0.5
        0,proponent,2,2,3.0E-9
        0,opponent,1,1,-1.25
        0,opponent,2,2,3.0E-9
        1,proponent,1,0,2.0
        1,proponent,2,1,2.0
        1,opponent,1,2,-7.0
        1,opponent,2,0,2.0
        """,
        Files.readString(file));
    TopTable.writeCsv(file, List.of());
    assertEquals("test,kind,rank,train,score\n", Files.readString(file));
  }

  @Test
  void pageHasPicturesOnlyWithDatasets(@TempDir Path folder) throws Exception {
    List<Entry> entries = TopTable.top(SCORES, 2);
    Path file = folder.resolve("top.html");
    TopTable.writeHtml(file, entries, null, null);
    String bare = Files.readString(file);
    Xhtml.parse(bare);
    assertFalse(bare.contains("<img"));
    assertTrue(bare.contains("Training sample 1; opponent 1, score \u22121.25"), bare);

    Dataset train = Dataset.ofFloats("a", new int[] {2, 2}, new float[12], new int[] {4, 5, 6});
    Dataset test = Dataset.ofFloats("b", new int[] {4}, new float[8], null);
    String full = TopTable.html(entries, train, test);
    Xhtml.parse(full);
    assertEquals(2 + 8, full.split("<img ", -1).length - 1);
    assertTrue(full.contains("Training sample 1, label 5; opponent 1, score"));
  }
}
