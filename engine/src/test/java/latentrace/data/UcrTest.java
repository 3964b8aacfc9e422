package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static latentrace.data.TestFiles.gzip;
import static latentrace.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UcrTest {
  @TempDir private Path folder;

  @Test
  void readsBlanksTabsCommas() {
    String[] texts = {
      "  1.0000000e+00  -1.5e0   2\r\n\r\n -3 0.25 1e-3\n",
      "1\t-1.5\t2\n-3\t0.25\t.001",
      "1,-1.5 , 2\n\n-3,0.25,0.001\n"
    };
    for (String text : texts) {
      byte[] content = text.getBytes(StandardCharsets.US_ASCII);
      for (byte[] stored : new byte[][] {content, gzip(content)}) {
        Dataset data = Ucr.read(write(folder.resolve("series.txt"), stored));
        assertArrayEquals(new int[] {2}, data.sampleShape());
        assertArrayEquals(new int[] {1, -3}, data.labels());
        assertArrayEquals(new float[] {-1.5f, 2}, data.sample(0));
        assertArrayEquals(new float[] {0.25f, 0.001f}, data.sample(1));
      }
    }
  }

  @Test
  void readsMoreThanItsFirstBuffers() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.append(i).append(" 1 2 3 4 5 6 7 8 9 ").append(i).append('\n');
    }
    Dataset data = Ucr.read(write(folder.resolve("series.txt"), text.toString()));
    assertEquals(300, data.count());
    assertEquals(299, data.label(299));
    assertEquals(299f, data.sample(299)[9]);
  }

  private void refused(String content, String text) {
    Path file = write(folder.resolve("series.txt"), content);
    assertRefused(file, text, () -> Ucr.read(file));
  }

  @Test
  void saysWhatIsWrong() {
    refused("1 2 3\n\n1 2\n", "line 3: has 1 samples, expected 2 as on line 1");
    refused("1 2\n1.5 2\n", "line 2: class '1.5', expected an integer");
    refused("1 2 NaN\n", "line 1: sample 2 is 'NaN', expected a finite number");
    refused("1 1e39\n", "line 1: sample 1 is '1e39', expected a finite number");
    refused("1 0x1p3\n", "line 1: sample 1 is '0x1p3', expected a finite number");
    refused("1,,3\n", "line 1: sample 1 is '', expected a finite number");
    refused("1,2,\n", "line 1: ends in a comma, expected a number after it");
    refused("1\n", "line 1: has a class but no samples");
    refused("\n\n", "no series in it, expected lines of class and samples");
    refused("t\u0001x 1\n", "line 1: class 't?x', expected an integer");
  }
}
