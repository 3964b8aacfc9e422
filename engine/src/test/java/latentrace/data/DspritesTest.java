package latentrace.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Some rows of an archive that is too large to be read whole. */
class DspritesTest {
  @TempDir private Path folder;

  private Path file(NpyArray images) {
    Path file = folder.resolve("dsprites.npz");
    Npz.write(file, Map.of("imgs", images));
    return file;
  }

  private static NpyArray bytes(int... shape) {
    int size = 1;
    for (int extent : shape) {
      size *= extent;
    }
    byte[] values = new byte[size];
    for (int i = 0; i < size; i++) {
      values[i] = (byte) i;
    }
    return NpyArray.ofBytes(values, shape);
  }

  @Test
  void rowsComeInTheOrderAskedFor() {
    Path file = file(bytes(5, 2, 2));
    assertArrayEquals(
        new byte[] {16, 17, 18, 19, 4, 5, 6, 7, 16, 17, 18, 19},
        Npz.readRows(file, "imgs", new int[] {5, 2, 2}, new int[] {4, 1, 4}));
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path file = file(bytes(5, 2, 2));
    String wrong = assertThrows(InputException.class, () -> Dsprites.read(file, 3, 1)).getMessage();
    assertTrue(wrong.contains("expected unsigned bytes [737280, 64, 64]"), wrong);
    String missing =
        assertThrows(
                InputException.class,
                () -> Npz.readRows(file, "x", new int[] {5, 2, 2}, new int[] {0}))
            .getMessage();
    assertTrue(missing.contains("holds no array 'x'"), missing);
    byte[] whole = Files.readAllBytes(file);
    for (int at = 60; at < whole.length - 22; at++) { // past the local header's name
      byte[] broken = whole.clone();
      broken[at] ^= 0x55;
      Files.write(file, broken);
      try {
        byte[] row = Npz.readRows(file, "imgs", new int[] {5, 2, 2}, new int[] {1});
        assertArrayEquals(new byte[] {4, 5, 6, 7}, row, "byte " + at);
      } catch (InputException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      }
    }
  }
}
