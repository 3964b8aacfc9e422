package latentrace.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Known answers of the generator and of the noise contract on top of it. */
class PhiloxTest {
  private static int[] block(long key, int... counter) {
    int[] out = new int[4];
    Philox.block(key, counter[0], counter[1], counter[2], counter[3], out);
    return out;
  }

  /** The three vectors for philox4x32-10 published with Random123 (kat_vectors). */
  @Test
  void random123Vectors() {
    assertArrayEquals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0));
    assertArrayEquals(
        new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1L, -1, -1, -1, -1));
    assertArrayEquals(
        new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        block(0x299f31d0a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
  }

  /** Words bit for bit and normals to 1e-6 against the table of fixtures/philox_normals.py. */
  @Test
  void numpyTable() throws IOException {
    int rows = 0;
    for (String line : table()) {
      String[] field = line.split("\t", -1);
      int[] words =
          block(
              Long.parseUnsignedLong(field[0], 16),
              Integer.parseInt(field[4]),
              Integer.parseInt(field[3]),
              Integer.parseInt(field[2]),
              Integer.parseInt(field[1]));
      float[] normals = new float[4];
      Philox.normals(words, normals);
      for (int i = 0; i < 4; i++) {
        assertEquals(Integer.parseUnsignedInt(field[5 + i], 16), words[i], line);
        double expected = Double.parseDouble(field[9 + i]);
        double error = Math.abs(normals[i] - expected);
        assertTrue(error <= 1e-6 * Math.max(1e-3, Math.abs(expected)), () -> "error in " + line);
      }
      rows++;
    }
    assertEquals(120, rows);
  }

  static List<String> table() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    PhiloxTest.class.getResourceAsStream("philox_normals.tsv"), "table"),
                StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }

  @Test
  void uniformIsInOpenZeroToOne() {
    assertEquals(0x1p-33f, Philox.uniform(0));
    assertEquals(1f, Philox.uniform(-1));
    assertEquals(0.5f, Philox.uniform(0x80000000));
    assertEquals(0x1p-32f + 0x1p-33f, Philox.uniform(1));
    // the extreme words give finite normals: ln never sees 0
    float[] normals = new float[4];
    Philox.normals(new int[] {0, 0, -1, -1}, normals);
    assertEquals(6.7637, normals[0], 1e-4); // sqrt(66 ln 2)
    assertEquals(0, Math.abs(normals[2]));
    assertTrue(Float.isFinite(normals[1]) && Float.isFinite(normals[3]));
  }

  /** Every word of key and counter matters: no two of these blocks agree. */
  @Test
  void everyInputMatters() {
    int[] origin = block(0, 0, 0, 0, 0);
    assertDiffers(origin, block(1, 0, 0, 0, 0));
    assertDiffers(origin, block(1L << 32, 0, 0, 0, 0));
    for (int word = 0; word < 4; word++) {
      int[] counter = new int[4];
      counter[word] = 1;
      assertDiffers(origin, block(0, counter));
    }
  }

  private static void assertDiffers(int[] a, int[] b) {
    for (int i = 0; i < 4; i++) {
      assertTrue(a[i] != b[i]);
    }
  }

  @Test
  void streamAndKey() {
    assertEquals(0, Philox.stream(Philox.ROLE_TRAIN_SIDE, 0));
    assertEquals(0x01000003, Philox.stream(Philox.ROLE_TEST_SIDE, 3));
    assertEquals(0xffffffff, Philox.stream(255, 0xffffff));
    assertEquals(0x0000000500000007L, Philox.trainingKey(7, 5));
    // seed with a high word: it is xor-ed, and only the step's low word counts
    assertEquals(0x0000000600000007L, Philox.trainingKey(0x300000007L, 5));
    assertEquals(7, Philox.trainingKey(7, 1L << 32));
    assertEquals(
        "stream: role 256 must be in 0..255 and ordinal 0 in 0..2^24-1",
        assertThrows(IllegalArgumentException.class, () -> Philox.stream(256, 0)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> Philox.stream(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> Philox.stream(0, 1 << 24));
    assertThrows(IllegalArgumentException.class, () -> Philox.stream(0, -1));
  }
}
