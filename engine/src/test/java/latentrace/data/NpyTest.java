package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static latentrace.data.TestFiles.bytes;
import static latentrace.data.TestFiles.concat;
import static latentrace.data.TestFiles.gzip;
import static latentrace.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir private Path folder;

  private static byte[] npy(int version, String dict, int... values) {
    byte[] text = (dict + "\n").getBytes(StandardCharsets.ISO_8859_1);
    byte[] length = version == 1 ? bytes(text.length, 0) : bytes(text.length, 0, 0, 0);
    return concat(bytes(0x93, 'N', 'U', 'M', 'P', 'Y', version, 0), length, text, bytes(values));
  }

  private static String dict(String descr, boolean fortran, String shape) {
    return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"
        .formatted(descr, fortran ? "True" : "False", shape);
  }

  private NpyArray read(byte[] content) {
    return Npy.read(write(folder.resolve("a.npy"), content));
  }

  @Test
  void readsEveryTypeInBothByteOrders() {
    assertArrayEquals(new int[] {-2, 3}, read(npy(1, dict("|i1", false, "(2,)"), 254, 3)).toInts());
    assertArrayEquals(
        new int[] {254, 3}, read(npy(1, dict("|u1", false, "(2,)"), 254, 3)).toInts());
    assertArrayEquals(
        new float[] {1, 0}, read(npy(1, dict("|b1", false, "(2,)"), 1, 0)).toFloats());
    assertArrayEquals(
        new int[] {-2}, read(npy(2, dict("<i2", false, "(1,)"), 0xfe, 0xff)).toInts());
    assertArrayEquals(
        new int[] {0xfffe}, read(npy(3, dict(">u2", false, "(1,)"), 0xff, 0xfe)).toInts());
    assertArrayEquals(new int[] {258}, read(npy(1, dict(">i4", false, "()"), 0, 0, 1, 2)).toInts());
    assertArrayEquals(
        new double[] {4294967295.0},
        read(npy(1, dict("<u4", false, "(1,)"), 255, 255, 255, 255)).toDoubles());
    assertArrayEquals(
        new int[] {-1},
        read(npy(1, dict("<i8", false, "(1,)"), 255, 255, 255, 255, 255, 255, 255, 255)).toInts());
    assertArrayEquals(
        new float[] {1.5f}, read(npy(1, dict(">f4", false, "(1,)"), 0x3f, 0xc0, 0, 0)).toFloats());
    assertArrayEquals(
        new float[] {1.5f},
        read(npy(1, dict("<f8", false, "(1,)"), 0, 0, 0, 0, 0, 0, 0xf8, 0x3f)).toFloats());
  }

  @Test
  void turnsFortranOrderIntoRowMajor() {
    NpyArray array = read(npy(1, dict("|u1", true, "(2, 3)"), 1, 4, 2, 5, 3, 6));
    assertArrayEquals(new int[] {2, 3}, array.shape());
    assertArrayEquals(new int[] {1, 2, 3, 4, 5, 6}, array.toInts());
    assertArrayEquals(
        new int[] {0, 1, 2, 3, 4, 5, 6, 7},
        read(npy(1, dict("|u1", true, "(2, 2, 2)"), 0, 4, 2, 6, 1, 5, 3, 7)).toInts());
  }

  @Test
  void writesWhatItReads() throws Exception {
    Path file = folder.resolve("a.npy");
    List<NpyArray> arrays =
        List.of(
            NpyArray.ofFloats(new float[] {1, -2.5f, Float.NaN, 4, 5, 6}, 2, 3),
            NpyArray.ofDoubles(new double[] {Math.PI}),
            NpyArray.ofBytes(bytes(1, 255), 2),
            NpyArray.ofInts(new int[] {Integer.MIN_VALUE, 7}, 1, 2, 1),
            NpyArray.ofLongs(new long[20_000], 20_000),
            NpyArray.ofFloats(new float[0], 0, 5));
    Map<String, NpyArray> all = new LinkedHashMap<>();
    for (NpyArray array : arrays) {
      Npy.write(file, array);
      NpyArray back = Npy.read(file);
      assertArrayEquals(array.shape(), back.shape());
      assertEquals(array.type(), back.type());
      assertArrayEquals(array.toDoubles(), back.toDoubles());
      all.put("a" + all.size(), array);
    }
    Path npz = folder.resolve("all.npz");
    Npz.write(npz, all);
    byte[] first = Files.readAllBytes(npz);
    Map<String, NpyArray> back = Npz.read(npz);
    assertEquals(List.copyOf(all.keySet()), List.copyOf(back.keySet()));
    assertArrayEquals(all.get("a0").toFloats(), back.get("a0").toFloats());
    Npz.write(npz, back);
    assertArrayEquals(first, Files.readAllBytes(npz));
  }

  @Test
  void writesRowByRow() throws Exception {
    Path file = folder.resolve("rows.npy");
    Npy.writeFloats(
        file,
        new long[] {3, 2},
        (row, target) -> {
          target[0] = row;
          target[1] = row + 0.5f;
        });
    assertArrayEquals(new float[] {0, 0.5f, 1, 1.5f, 2, 2.5f}, Npy.read(file).toFloats());
    byte[] content = Files.readAllBytes(file);
    assertEquals(128 + 24, content.length);
    assertEquals(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
        new String(content, 10, 117, StandardCharsets.ISO_8859_1).strip());
    Path failing = folder.resolve("failing.npy");
    assertThrows(
        IllegalStateException.class,
        () ->
            Npy.writeFloats(
                failing,
                new long[] {3, 2},
                (row, target) -> {
                  throw new IllegalStateException("row");
                }));
    assertFalse(Files.exists(failing));
    assertThrows(
        IllegalArgumentException.class,
        () -> Npy.writeFloats(failing, new long[0], (row, target) -> {}));
  }

  @Test
  void makesDatasets() {
    Path file = folder.resolve("x.npy");
    Npy.write(file, NpyArray.ofBytes(bytes(0, 51, 255, 1, 2, 3), 1, 2, 3));
    Dataset images = Datasets.read(file, null);
    assertArrayEquals(new int[] {1, 2, 3}, images.sampleShape());
    assertEquals(0.2f, images.sample(0)[1]);
    Npy.write(file, NpyArray.ofDoubles(new double[] {0.1, 2, 3, 4}, 2, 2));
    Dataset points = Datasets.read(file, null);
    assertArrayEquals(new float[] {0.1f, 2}, points.sample(0));
    Npy.write(file, NpyArray.ofFloats(new float[] {1, 2, 3, Float.POSITIVE_INFINITY}, 2, 2));
    assertRefused(
        file,
        "value 1 of sample 1 is Infinity, expected a finite float",
        () -> Datasets.read(file, null));
    Npy.write(file, NpyArray.ofInts(new int[] {1, 2}, 2, 1));
    assertRefused(
        file, "samples of type i4, expected u1, f4 or f8", () -> Datasets.read(file, null));
    Npy.write(file, NpyArray.ofFloats(new float[] {1, 2}, 2));
    assertRefused(
        file,
        "shape [2] is no array of samples, expected [N,D], [N,H,W] or [N,C,H,W]",
        () -> Datasets.read(file, null));
  }

  @Test
  void picksSamplesAndLabelsFromNpz() throws Exception {
    NpyArray samples = NpyArray.ofFloats(new float[] {1, 2, 3, 4}, 2, 2);
    NpyArray labels = NpyArray.ofLongs(new long[] {5, 6}, 2);
    Path file = folder.resolve("a.npz");
    Npz.write(file, Map.of("images", samples, "latents_classes", samples, "targets", labels));
    assertArrayEquals(new int[] {5, 6}, Datasets.read(file, null).labels());
    Npz.write(file, Map.of("anything", samples, "scale", labels));
    assertEquals(4f, Datasets.read(file, null).sample(1)[1]);
    Map<String, NpyArray> two = new LinkedHashMap<>();
    two.put("a", samples);
    two.put("b", samples);
    Npz.write(file, two);
    assertRefused(
        file,
        "holds [a, b], expected samples under one of [x, images, data, arr_0, imgs] or in the only"
            + " array of 2 dimensions or more",
        () -> Datasets.read(file, null));
    write(file, concat(Files.readAllBytes(file), bytes(1, 2)));
    assertRefused(
        file,
        "does not end with a zip end record: cut off, or followed by other bytes",
        () -> Npz.read(file));
    Npz.write(file, Map.of("x", samples, "y", NpyArray.ofInts(new int[] {1}, 1)));
    assertEquals(
        file + "[x]: 1 labels for 2 samples",
        assertThrows(InputException.class, () -> Datasets.read(file, null)).getMessage());
  }

  private void refused(byte[] content, String text) {
    Path file = write(folder.resolve("bad.npy"), content);
    assertRefused(file, text, () -> Npy.read(file));
  }

  @Test
  void saysWhatIsWrong() {
    refused(new byte[20], "not an .npy file: expected it to begin with \\x93NUMPY");
    refused(npy(4, dict("|u1", false, "(1,)"), 1), "npy version 4.0, expected 1.0, 2.0 or 3.0");
    refused(
        npy(1, dict("<f2", false, "(1,)"), 1, 2),
        "npy type '<f2', expected one of b1, i1, u1, i2, u2, i4, u4, i8, f4, f8");
    refused(
        npy(1, dict("|f4", false, "(1,)"), 1, 2, 3, 4),
        "npy type '|f4', expected one of b1, i1, u1, i2, u2, i4, u4, i8, f4, f8");
    refused(
        npy(1, dict("<f4", false, "(2,)"), 1, 2, 3, 4),
        "its header declares 8 bytes of values, but 4 follow");
    refused(
        gzip(npy(1, dict("|u1", false, "(2,)"), 1, 2, 3)), "goes on after the 2 bytes of values");
    refused(
        npy(1, dict("|u1", false, "(65536, 65536)"), 1),
        "shape [65536, 65536] has more than 2147483639 values");
    refused(
        npy(1, "{'descr': '|u1'}"),
        "npy header at character 17: expected the keys descr, fortran_order and shape:"
            + " {'descr': '|u1'}?");
    refused(
        npy(1, "{'shape': (3)}"), "npy header at character 12: expected a tuple: {'shape': (3)}?");
    refused(
        npy(1, "{'shape': (-3,)}"),
        "npy header at character 11: expected an extent: {'shape': (-3,)}?");
    Path file = folder.resolve("labels.npy");
    Npy.write(file, NpyArray.ofLongs(new long[] {1, 5_000_000_000L}, 2));
    assertRefused(
        file,
        "value 5000000000 at position 1, expected -2147483648 to 2147483647",
        () -> Datasets.readLabels(file));
    Npy.write(file, NpyArray.ofFloats(new float[] {1}, 1));
    assertRefused(file, "type f4, expected integers", () -> Datasets.readLabels(file));
  }
}
