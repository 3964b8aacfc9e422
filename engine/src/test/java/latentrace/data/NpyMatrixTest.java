package latentrace.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyMatrixTest {
  @TempDir private Path folder;

  private Path written(NpyArray array) {
    Path file = folder.resolve("m.npy");
    Npy.write(file, array);
    return file;
  }

  @Test
  void rowsAreThoseWritten() {
    NpyMatrix matrix =
        NpyMatrix.open(written(NpyArray.ofFloats(new float[] {1, 2, 3, 4, 5, -6.5f}, 2, 3)));
    assertEquals(2, matrix.rows());
    assertEquals(3, matrix.columns());
    assertArrayEquals(new float[] {1, 2, 3}, matrix.row(0));
    assertArrayEquals(new float[] {4, 5, -6.5f}, matrix.row(1));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.row(2));
  }

  private static String refusal(Path file) {
    return assertThrows(InputException.class, () -> NpyMatrix.open(file)).getMessage();
  }

  @Test
  void otherArraysAreRefused() {
    Path file = written(NpyArray.ofDoubles(new double[] {1, 2}, 1, 2));
    assertEquals(
        file + ": f8 of shape [1, 2], expected float32 [rows, columns] in C order, little endian",
        refusal(file));
    assertTrue(refusal(written(NpyArray.ofFloats(new float[2], 2))).contains("shape [2]"));
  }

  @Test
  void brokenFilesAreRefused() throws Exception {
    Path file = written(NpyArray.ofFloats(new float[6], 2, 3));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 1));
    assertTrue(refusal(file).startsWith(file + ": "), refusal(file));
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(whole);
    }
    assertEquals(
        file + ": compressed, expected a plain .npy, to be mapped to memory", refusal(file));
  }
}
