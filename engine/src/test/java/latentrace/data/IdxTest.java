package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static latentrace.data.TestFiles.bytes;
import static latentrace.data.TestFiles.concat;
import static latentrace.data.TestFiles.gzip;
import static latentrace.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
  @TempDir private Path folder;

  /** Two images of 1 x 3. */
  private static final byte[] IMAGES =
      bytes(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 51, 255, 1, 2, 128);

  @Test
  void readsImagesAndLabelsPlainOrGzip() {
    for (byte[] content : new byte[][] {IMAGES, gzip(IMAGES)}) {
      Dataset data = Idx.read(write(folder.resolve("images"), content));
      assertArrayEquals(new int[] {1, 1, 3}, data.sampleShape());
      assertArrayEquals(new float[] {0, 0.2f, 1}, data.sample(0));
      assertArrayEquals(new float[] {1 / 255f, 2 / 255f, 128 / 255f}, data.sample(1));
    }
    byte[] labels = bytes(0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 255);
    assertArrayEquals(
        new int[] {7, 0, 255}, Idx.readLabels(write(folder.resolve("labels"), labels)));
  }

  @Test
  void readsGzipOfSeveralMembers() {
    byte[] two =
        concat(gzip(Arrays.copyOf(IMAGES, 9)), gzip(Arrays.copyOfRange(IMAGES, 9, IMAGES.length)));
    assertEquals(2, Idx.read(write(folder.resolve("images.gz"), two)).count());
  }

  @Test
  void writesWhatItReads() throws Exception {
    Dataset digits = DigitsGenerator.digits(20, 1);
    Path plain = folder.resolve("digits-idx3-ubyte");
    Path compressed = folder.resolve("digits-idx3-ubyte.gz");
    Idx.write(plain, digits);
    Idx.write(compressed, digits);
    Idx.writeLabels(folder.resolve("labels.gz"), digits.labels());
    assertEquals(16 + 20 * 784, Files.size(plain));
    for (Path images : new Path[] {plain, compressed}) {
      assertEquals(digits.hash(), Datasets.read(images, folder.resolve("labels.gz")).hash());
    }
    float[] values = {1.5f, -2, 3, Float.MIN_VALUE, 5, 6, 7, 8, 9, 10, 11, 12};
    for (int[] shape : new int[][] {{3}, {2, 3, 1}, {1, 3, 2}}) {
      Dataset floats = Dataset.ofFloats("floats", shape, values, null);
      Idx.write(plain, floats);
      assertEquals(floats.hash(), Idx.read(plain).hash());
    }
    assertThrows(IllegalArgumentException.class, () -> Idx.writeLabels(plain, new int[] {256}));
  }

  @Test
  void saysWhatIsWrong() {
    Path file = folder.resolve("images");
    write(file, bytes(1, 2, 3, 4, 5));
    assertRefused(
        file,
        "not an IDX file: magic 0x01020304, expected 0x00000801 to 0x00000804 or 0x00000d01 to"
            + " 0x00000d04",
        () -> Idx.read(file));
    write(file, Arrays.copyOf(IMAGES, 20));
    assertRefused(
        file, "its header declares 6 bytes of values, but 4 follow", () -> Idx.read(file));
    write(file, Arrays.copyOf(IMAGES, 23));
    assertRefused(
        file, "its header declares 6 bytes of values, but 7 follow", () -> Idx.read(file));
    write(file, gzip(Arrays.copyOf(IMAGES, 20)));
    assertRefused(file, "ends after 20 bytes, inside the values", () -> Idx.read(file));
    write(file, gzip(Arrays.copyOf(IMAGES, 23)));
    assertRefused(file, "goes on after the 6 bytes of values", () -> Idx.read(file));
    write(file, concat(gzip(IMAGES), bytes(1)));
    assertRefused(
        file,
        "damaged compressed data: bytes after the end of the gzip data",
        () -> Idx.read(file));
    byte[] cut = gzip(IMAGES);
    write(file, Arrays.copyOf(cut, cut.length - 3));
    assertRefused(file, "damaged compressed data: the data end early", () -> Idx.read(file));
    cut[cut.length - 6] ^= 1;
    write(file, cut);
    assertRefused(
        file, "damaged compressed data: the checksum does not match", () -> Idx.read(file));
    write(file, bytes(0, 0, 8, 1, 0, 0, 0, 1, 5));
    assertRefused(
        file, "IDX with 1 dimension: these are labels, expected samples", () -> Idx.read(file));
    write(file, IMAGES);
    assertRefused(
        file,
        "IDX of type 0x08 and shape [2, 1, 3], expected labels: type 0x08, 1 dimension",
        () -> Idx.readLabels(file));
    assertRefused(folder, "is a folder, expected a file", () -> Idx.read(folder));
    Path missing = folder.resolve("missing");
    assertRefused(missing, "no such file", () -> Idx.read(missing));
  }

  @Test
  void refusesBeforeAllocating() {
    Path file = folder.resolve("bomb.gz");
    byte[] huge = bytes(0, 0, 8, 2, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1);
    write(file, gzip(huge));
    InputException declared = assertThrows(InputException.class, () -> Idx.read(file));
    assertEquals(
        file + ": shape [2147483647, 1] has more than 2147483639 values", declared.getMessage());
    huge[4] = 0x3f;
    write(file, gzip(huge));
    String message = assertThrows(InputException.class, () -> Idx.read(file)).getMessage();
    assertEquals(
        file + ": its header declares 1073741823 bytes of values, but at most",
        message.substring(0, message.indexOf(" most") + 5));
  }

  @Test
  void refusesValuesThatAreNotFinite() {
    Path file = folder.resolve("floats");
    ByteBuffer content = ByteBuffer.allocate(28).putInt(0x0d02).putInt(2).putInt(2);
    content.putFloat(1).putFloat(2).putFloat(Float.NaN).putFloat(4);
    write(file, content.array());
    assertRefused(
        file, "value 0 of sample 1 is NaN, expected a finite float", () -> Idx.read(file));
  }
}
