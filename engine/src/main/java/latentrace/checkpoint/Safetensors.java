package latentrace.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;

/**
 * The safetensors format (huggingface/safetensors): an 8-byte little-endian header length, a JSON
 * header, then the tensors' bytes without gaps. F32 and F64 are written; {@link ElementType} says
 * what is read.
 */
public final class Safetensors {
  private static final long MAX_HEADER = 100_000_000;
  private static final String METADATA = "__metadata__";

  private Safetensors() {}

  /**
   * A tensor; one of {@code floats} and {@code doubles} is null.
   *
   * @param shape row-major; empty for a scalar
   * @param floats values of an F32 tensor
   * @param doubles values of an F64 tensor
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data, never compared
  public record Tensor(List<Integer> shape, float[] floats, double[] doubles) {
    /** Checks that the values fill the shape. */
    public Tensor {
      shape = List.copyOf(shape);
      long size = shape.stream().mapToLong(s -> s).reduce(1, Math::multiplyExact);
      int length = floats != null ? floats.length : doubles.length;
      if (size != length) {
        throw new IllegalArgumentException("%d values for shape %s".formatted(length, shape));
      }
    }

    /** An F32 tensor. */
    public static Tensor of(List<Integer> shape, float... values) {
      return new Tensor(shape, values, null);
    }

    /** An F64 tensor. */
    public static Tensor of(List<Integer> shape, double... values) {
      return new Tensor(shape, null, values);
    }

    private int length() {
      return floats != null ? floats.length : doubles.length;
    }

    private int bytesEach() {
      return floats != null ? Float.BYTES : Double.BYTES;
    }

    /** Values as doubles. */
    public double[] toDoubles() {
      if (doubles != null) {
        return doubles;
      }
      double[] values = new double[floats.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = floats[i];
      }
      return values;
    }

    /** Whether no value is infinite or NaN. */
    public boolean isFinite() {
      for (int i = 0; i < length(); i++) {
        if (!Double.isFinite(floats != null ? floats[i] : doubles[i])) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * A file's content.
   *
   * @param tensors by name, in the order of the header
   * @param metadata text by key
   */
  public record Contents(Map<String, Tensor> tensors, Map<String, String> metadata) {}

  /** Writes a file, whole or not at all; same content, same bytes. */
  public static void write(Path file, Contents contents) {
    ObjectNode header = Json.mapper().createObjectNode();
    if (!contents.metadata().isEmpty()) {
      ObjectNode metadata = header.putObject(METADATA);
      contents.metadata().forEach(metadata::put);
    }
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : contents.tensors().entrySet()) {
      Tensor tensor = entry.getValue();
      ObjectNode node = header.putObject(entry.getKey());
      node.put("dtype", tensor.floats() != null ? "F32" : "F64");
      tensor.shape().forEach(node.putArray("shape")::add);
      long end = offset + (long) tensor.length() * tensor.bytesEach();
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    int padded = (text.length + 7) / 8 * 8;
    AtomicFiles.write(
        file,
        out -> {
          ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          out.write(length.putLong(padded).array());
          out.write(text);
          for (int i = text.length; i < padded; i++) {
            out.write(' ');
          }
          for (Tensor tensor : contents.tensors().values()) {
            ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(tensor.length(), tensor.bytesEach()))
                    .order(ByteOrder.LITTLE_ENDIAN);
            if (tensor.floats() != null) {
              bytes.asFloatBuffer().put(tensor.floats());
            } else {
              bytes.asDoubleBuffer().put(tensor.doubles());
            }
            out.write(bytes.array());
          }
        });
  }

  /**
   * Reads and checks a whole file.
   *
   * @throws InputException naming the file, what was found and what was expected
   */
  public static Contents read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(file, channel);
    } catch (IOException e) {
      throw new InputException(file + ": " + AtomicFiles.reason(e), e);
    }
  }

  private static Contents read(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < 8) {
      throw bad(file, "%d bytes, a safetensors file has at least 8", size);
    }
    long headerLength = readFully(file, channel, 0, 8).getLong();
    if (headerLength < 2 || headerLength > MAX_HEADER || headerLength > size - 8) {
      throw bad(
          file,
          "not a safetensors file: header of %s bytes in a file of %d",
          Long.toUnsignedString(headerLength),
          size);
    }
    JsonNode header;
    try {
      byte[] text = readFully(file, channel, 8, (int) headerLength).array();
      header = Json.mapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw bad(
          file,
          "not a safetensors file: its header is no JSON: %s",
          Json.firstLine(e.getOriginalMessage()));
    }
    if (!header.isObject()) {
      throw bad(file, "not a safetensors file: its header is no JSON object");
    }

    Map<String, String> metadata = new LinkedHashMap<>();
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (field.getKey().equals(METADATA)) {
        field.getValue().properties().forEach(m -> metadata.put(m.getKey(), m.getValue().asText()));
      } else {
        entries.add(entry(file, field.getKey(), field.getValue()));
      }
    }
    checkLayout(file, entries, size - 8 - headerLength);

    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      ByteBuffer bytes =
          readFully(
              file, channel, 8 + headerLength + entry.begin, Math.toIntExact(entry.byteLength()));
      tensors.put(entry.name, entry.type.tensor(entry.shape, bytes));
    }
    return new Contents(tensors, metadata);
  }

  private record Entry(String name, List<Integer> shape, ElementType type, long begin, long end) {
    long byteLength() {
      return end - begin;
    }
  }

  private static Entry entry(Path file, String name, JsonNode node) {
    String dtype = node.path("dtype").asText();
    ElementType type = ElementType.of(dtype);
    if (type == null) {
      throw bad(file, "tensor %s: dtype '%s', expected %s", name, dtype, ElementType.names());
    }
    JsonNode offsets = node.path("data_offsets");
    if (!offsets.isArray()
        || offsets.size() != 2
        || !offsets.get(0).isIntegralNumber()
        || !offsets.get(1).isIntegralNumber()
        || !offsets.get(0).canConvertToLong()
        || !offsets.get(1).canConvertToLong()) {
      throw bad(file, "tensor %s: data_offsets %s, expected two integers", name, offsets);
    }
    long begin = offsets.get(0).longValue();
    long end = offsets.get(1).longValue();
    List<Integer> shape = new ArrayList<>();
    long bytes = type.bytes();
    JsonNode shapeNode = node.path("shape");
    boolean usable = shapeNode.isArray() && begin >= 0 && end >= begin;
    for (JsonNode extent : shapeNode) {
      usable &= extent.isInt() && extent.intValue() >= 0 && bytes <= Integer.MAX_VALUE;
      if (usable) {
        shape.add(extent.intValue());
        bytes *= extent.intValue();
      }
    }
    if (!usable || bytes != end - begin || bytes > Integer.MAX_VALUE - 8) {
      throw bad(file, "tensor %s: shape %s does not fit data_offsets %s", name, shapeNode, offsets);
    }
    return new Entry(name, shape, type, begin, end);
  }

  private static void checkLayout(Path file, List<Entry> entries, long dataLength) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long expected = 0;
    for (Entry entry : sorted) {
      if (entry.begin != expected) {
        throw bad(
            file,
            "tensor %s begins at %d, expected %d: tensors overlap or leave a gap",
            entry.name,
            entry.begin,
            expected);
      }
      expected = entry.end;
    }
    if (expected != dataLength) {
      throw bad(file, "tensors of %d bytes, but %d bytes are there", expected, dataLength);
    }
  }

  private static ByteBuffer readFully(Path file, FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw bad(file, "ends early");
      }
    }
    return bytes.flip();
  }

  @SuppressWarnings("AnnotateFormatMethod") // would need a dependency for one annotation
  private static InputException bad(Path file, String message, Object... arguments) {
    return new InputException(file + ": " + String.format(message, arguments));
  }
}
