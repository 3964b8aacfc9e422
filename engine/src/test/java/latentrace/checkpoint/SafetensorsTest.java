package latentrace.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Safetensors.Contents;
import latentrace.checkpoint.Safetensors.Tensor;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.nn.Initialisation;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  @TempDir private Path folder;

  private Path write(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    return Files.write(folder.resolve("a.safetensors"), bytes.array());
  }

  private static String refused(Path file) {
    String message = assertThrows(InputException.class, () -> Safetensors.read(file)).getMessage();
    assertOneLine(file, message);
    return message.substring(file.toString().length() + 2);
  }

  private static void assertOneLine(Path file, String message) {
    assertTrue(message.startsWith(file + ": "), message);
    assertTrue(message.length() > file.toString().length() + 4, message);
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      assertFalse(
          Character.isISOControl(c) || c == '\u2028' || c == '\u2029',
          () -> "control character in: " + message);
    }
  }

  /** Byte for byte, as the format's description says. */
  @Test
  void exactBytes() throws IOException {
    Path file = folder.resolve("tiny.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("w", Tensor.of(List.of(1, 2), 1f, -2f));
    tensors.put("b", Tensor.of(List.of(), 0.5));
    Safetensors.write(file, new Contents(tensors, Map.of("k", "v")));
    byte[] bytes = Files.readAllBytes(file);
    long headerLength = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertEquals(0, headerLength % 8);
    String header = new String(bytes, 8, (int) headerLength, StandardCharsets.UTF_8);
    assertEquals(
        "{\"__metadata__\":{\"k\":\"v\"},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[8,16]}}",
        header.replaceAll("\\s", ""));
    assertEquals(
        "0000803f" + "000000c0" + "000000000000e03f",
        HexFormat.of().formatHex(bytes, 8 + (int) headerLength, bytes.length));
  }

  @Test
  void roundTrip() {
    Path file = folder.resolve("round.safetensors");
    float[] floats = {0, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, -1.5f};
    double[] doubles = {Math.PI, -0.0, Double.MIN_VALUE, Double.NEGATIVE_INFINITY};
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("second", Tensor.of(List.of(2, 3), floats));
    tensors.put("first ä\n\"", Tensor.of(List.of(4), doubles));
    tensors.put("empty", Tensor.of(List.of(0, 7), new float[0]));
    Contents written = new Contents(tensors, Map.of("a", "1", "ö", "\"\\\n"));
    Safetensors.write(file, written);
    Contents read = Safetensors.read(file);
    assertEquals(written.metadata(), read.metadata());
    assertEquals(new ArrayList<>(tensors.keySet()), new ArrayList<>(read.tensors().keySet()));
    assertArrayEquals(floats, read.tensors().get("second").floats());
    assertEquals(List.of(2, 3), read.tensors().get("second").shape());
    assertArrayEquals(doubles, read.tensors().get("first ä\n\"").doubles());
    assertEquals(List.of(0, 7), read.tensors().get("empty").shape());
    assertFalse(read.tensors().get("second").isFinite());
    assertEquals(
        "3 values for shape [2, 2]",
        assertThrows(IllegalArgumentException.class, () -> Tensor.of(List.of(2, 2), 1f, 2f, 3f))
            .getMessage());
  }

  @Test
  void exactMessages() throws IOException {
    assertEquals("no such file", refused(folder.resolve("none.safetensors")));
    assertEquals(
        "3 bytes, a safetensors file has at least 8",
        refused(Files.write(folder.resolve("a.safetensors"), new byte[3])));
    assertEquals(
        "not a safetensors file: header of 0 bytes in a file of 20",
        refused(Files.write(folder.resolve("a.safetensors"), new byte[20])));
    byte[] huge = new byte[20];
    Arrays.fill(huge, (byte) -1);
    assertEquals(
        "not a safetensors file: header of 18446744073709551615 bytes in a file of 20",
        refused(Files.write(folder.resolve("a.safetensors"), huge)));
    assertEquals("not a safetensors file: its header is no JSON object", refused(write("[]", 0)));
    assertEquals("tensors of 0 bytes, but 3 bytes are there", refused(write("{}", 3)));
    assertEquals(
        "tensor w: dtype 'I16', expected F32, F64, F16, BF16, I64",
        refused(write("{\"w\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2)));
    assertEquals(
        "tensor w: shape [2] does not fit data_offsets [0,4]",
        refused(write("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4)));
    assertEquals(
        "tensor w begins at 4, expected 0: tensors overlap or leave a gap",
        refused(write("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8)));
    assertEquals(
        "tensors of 4 bytes, but 3 bytes are there",
        refused(write("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3)));
    assertEquals(
        "tensor w: data_offsets [0], expected two integers",
        refused(write("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4)));
  }

  /** Each of these is well-formed JSON, and none of it may be believed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[65536,65536,65536,65536],\"data_offsets\":[0,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2147483647],\"data_offsets\":[0,8589934588]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[99999999999999999999,3]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":3,\"data_offsets\":[0,4]}}",
        "{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"w\":[]}",
        "{\"w\":null}",
        "{\"a\\nb\":{\"dtype\":\"F\\u000a32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\\u2028b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      })
  void hostileHeaders(String header) throws IOException {
    assertFalse(refused(write(header, 4)).isBlank());
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    assertFalse(refused(write("{\"w\":" + "[".repeat(200_000), 4)).isBlank());
  }

  /** Seeded mutations of a good file: read, or refused in one line; never anything else. */
  @Test
  void fuzz() throws IOException {
    Path good = folder.resolve("good.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("encoder.0.weight", Tensor.of(List.of(3, 2), 1f, 2f, 3f, 4f, 5f, 6f));
    tensors.put("encoder.0.bias", Tensor.of(List.of(3), 1.0, 2.0, 3.0));
    Safetensors.write(good, new Contents(tensors, Map.of("iteration", "7")));
    byte[] original = Files.readAllBytes(good);
    String alphabet = "0123456789{}[],:\"\\-+.eEnulF32 \n\t\u0000\u007f";
    Random random = new Random(20261122);
    Path file = folder.resolve("fuzzed.safetensors");
    int readable = 0;
    int refused = 0;
    for (int trial = 0; trial < 4000; trial++) {
      byte[] bytes = original.clone();
      int edits = 1 + random.nextInt(3);
      for (int e = 0; e < edits; e++) {
        bytes = mutate(bytes, random, alphabet);
      }
      Files.write(file, bytes);
      int number = trial;
      try {
        Safetensors.read(file);
        readable++;
      } catch (InputException e) {
        assertOneLine(file, e.getMessage());
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("mutation " + number + " gives " + e, e);
      }
    }
    assertTrue(readable > 100 && refused > 2000, readable + " read, " + refused + " refused");
  }

  private static byte[] mutate(byte[] bytes, Random random, String alphabet) {
    if (bytes.length == 0) {
      return bytes;
    }
    int at = random.nextInt(bytes.length);
    int other = random.nextInt(bytes.length);
    byte[] result = bytes.clone();
    switch (random.nextInt(7)) {
      case 0 -> result[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> result[at] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
      case 2 -> result = Arrays.copyOf(bytes, at);
      case 3 -> result = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(9));
      case 4 -> {
        // a piece repeated or removed
        ByteBuffer joined = ByteBuffer.allocate(at + bytes.length - other);
        joined.put(bytes, 0, at).put(bytes, other, bytes.length - other);
        result = joined.array();
      }
      case 5 -> result[random.nextInt(Math.min(8, bytes.length))] = (byte) random.nextInt();
      default -> {
        // the header's length follows an insertion, so that JSON is reached
        byte inserted = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
        if (bytes.length > 16) {
          int position = 8 + random.nextInt(bytes.length - 8);
          ByteBuffer longer = ByteBuffer.allocate(bytes.length + 1).order(ByteOrder.LITTLE_ENDIAN);
          longer.put(bytes, 0, position).put(inserted);
          longer.put(bytes, position, bytes.length - position);
          longer.putLong(0, longer.getLong(0) + 1);
          result = longer.array();
        }
      }
    }
    return result;
  }

  @Test
  void checkpointsOfAnotherModelAreRefused() throws IOException {
    ModelSpec spec = ModelSpec.mlpVae(List.of(4), 1, 1, Reconstruction.MSE).withHidden(List.of(3));
    try (EjmlBackend backend = new EjmlBackend(1);
        Model model = Model.create(backend, spec);
        Model wide = Model.create(backend, spec.withHidden(List.of(5)));
        Model deep = Model.create(backend, spec.withHidden(List.of(3, 3)))) {
      model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 1);
      double[] before = model.parameters().values().toDoubles();
      Checkpoint checkpoint = Checkpoint.save(model, folder, 12);
      String file = folder.resolve("checkpoint-12.safetensors").toString();
      assertEquals(file, checkpoint.file().toString());
      model.parameters().values().fill(0);
      checkpoint.load(model);
      assertArrayEquals(before, model.parameters().values().toDoubles());

      assertEquals(
          file + ": tensor encoder.0.weight is [3, 4], the model's is [5, 4]",
          assertThrows(InputException.class, () -> checkpoint.load(wide)).getMessage());
      assertEquals(
          file + ": tensor encoder.1.weight is [2, 3], the model's is [3, 3]",
          assertThrows(InputException.class, () -> checkpoint.load(deep)).getMessage());
      assertArrayEquals(
          new double[(int) wide.parameters().count()], wide.parameters().values().toDoubles());

      Checkpoint deeper = Checkpoint.save(deep, folder, 13);
      assertEquals(
          deeper.file() + ": tensor encoder.2.weight is not one of the model's",
          assertThrows(InputException.class, () -> deeper.load(model)).getMessage());
      model.parameters().named().get("decoder.1.bias").value().fill(Double.NaN);
      assertEquals(
          "training diverged: decoder.1.bias has values that are not finite at iteration 14; try a"
              + " smaller --lr",
          assertThrows(InputException.class, () -> Checkpoint.save(model, folder, 14))
              .getMessage());
      Map<String, Tensor> tensors = new LinkedHashMap<>(Safetensors.read(file(12)).tensors());
      tensors.computeIfPresent(
          "decoder.1.bias",
          (name, t) -> {
            float[] values = t.floats().clone();
            values[0] = Float.NaN;
            return Tensor.of(t.shape(), values);
          });
      Safetensors.write(file(14), new Contents(tensors, Map.of()));
      Checkpoint broken = Checkpoint.of(file(14));
      assertEquals(
          broken.file() + ": tensor decoder.1.bias has values that are not finite",
          assertThrows(InputException.class, () -> broken.load(model)).getMessage());
    }
    assertEquals(
        List.of(12L, 13L, 14L),
        Checkpoint.list(folder).stream().map(Checkpoint::iteration).toList());
    Path misnamed = folder.resolve("weights.safetensors");
    assertEquals(
        misnamed + ": expected a file named checkpoint-<iteration>.safetensors",
        assertThrows(InputException.class, () -> Checkpoint.of(misnamed)).getMessage());
    Path missing = folder.resolve("checkpoint-99.safetensors");
    assertEquals(
        missing + ": no such file",
        assertThrows(InputException.class, () -> Checkpoint.of(missing)).getMessage());
  }

  private Path file(int iteration) {
    return folder.resolve("checkpoint-" + iteration + ".safetensors");
  }

  /** A failed write leaves the old file and no temporary one. */
  @Test
  void writesWholeOrNotAtAll() throws IOException {
    Path file = folder.resolve("kept.safetensors");
    Safetensors.write(file, new Contents(Map.of("a", Tensor.of(List.of(1), 1f)), Map.of()));
    byte[] before = Files.readAllBytes(file);
    Map<String, Tensor> bad = new LinkedHashMap<>();
    bad.put("a", Tensor.of(List.of(1), 2f));
    bad.put("b", null);
    assertThrows(
        NullPointerException.class, () -> Safetensors.write(file, new Contents(bad, Map.of())));
    assertArrayEquals(before, Files.readAllBytes(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }
}
