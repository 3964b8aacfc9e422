package latentrace.data;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/**
 * IDX, the format of MNIST: magic 0x0000TTDD (type, number of dimensions), the extents, then the
 * values, all big endian. Types 0x08 (unsigned byte) and 0x0D (float), 1 to 4 dimensions; plain or
 * gzip, told apart by content.
 */
public final class Idx {
  private static final int UNSIGNED_BYTE = 0x08;
  private static final int FLOAT = 0x0D;
  private static final int CHUNK_VALUES = 1 << 14;

  private Idx() {}

  /**
   * The samples of a file: [N,D], [N,H,W] (sample shape [1,H,W]) or [N,C,H,W]; bytes mean byte /
   * 255, floats are used as they are.
   *
   * @throws InputException if the file is not whole, or holds labels or values that are not finite
   */
  public static Dataset read(Path path) {
    try (ByteSource source = ByteSource.open(path)) {
      Header header = readHeader(source);
      if (header.shape.length == 1) {
        throw source.error("IDX with 1 dimension: these are labels, expected samples");
      }
      int[] sampleShape = Inputs.sampleShape(path, header.shape);
      String name = Inputs.nameOf(path);
      if (header.type == UNSIGNED_BYTE) {
        return Inputs.dataset(path, name, sampleShape, readBytes(source, header), null);
      }
      return Inputs.dataset(path, name, sampleShape, readFloats(source, header), null);
    }
  }

  /**
   * The labels [N] of a file of type 0x08 with one dimension (magic 2049), each 0..255.
   *
   * @throws InputException if the file is not whole or no such file
   */
  public static int[] readLabels(Path path) {
    try (ByteSource source = ByteSource.open(path)) {
      Header header = readHeader(source);
      if (header.shape.length != 1 || header.type != UNSIGNED_BYTE) {
        throw source.error(
            "IDX of type 0x%02x and shape %s, expected labels: type 0x08, 1 dimension"
                .formatted(header.type, Arrays.toString(header.shape)));
      }
      byte[] bytes = readBytes(source, header);
      int[] labels = Inputs.allocate(path, bytes.length, 4, int[]::new);
      for (int i = 0; i < labels.length; i++) {
        labels[i] = bytes[i] & 0xff;
      }
      return labels;
    }
  }

  /** Whether content that starts like this is IDX. */
  static boolean matches(byte[] start) {
    return start.length >= 4
        && start[0] == 0
        && start[1] == 0
        && (start[2] == UNSIGNED_BYTE || start[2] == FLOAT)
        && start[3] >= 1
        && start[3] <= 4;
  }

  private static final class Header {
    private final int type;
    private final int[] shape;
    private final long count;

    Header(int type, int[] shape, long count) {
      this.type = type;
      this.shape = shape;
      this.count = count;
    }
  }

  private static Header readHeader(ByteSource source) {
    byte[] magic = source.readFully(4, "IDX magic number");
    if (!matches(magic)) {
      throw source.error(
          "not an IDX file: magic 0x%08x, expected 0x00000801 to 0x00000804 or 0x00000d01 to"
                  .formatted(ByteBuffer.wrap(magic).getInt())
              + " 0x00000d04");
    }
    int[] shape = new int[magic[3]];
    ByteBuffer extents = ByteBuffer.wrap(source.readFully(4 * shape.length, "IDX header"));
    for (int i = 0; i < shape.length; i++) {
      shape[i] = extents.getInt();
      if (shape[i] <= 0) {
        throw source.error(
            "IDX extent %d is %d, expected 1 to %d"
                .formatted(i, shape[i] & 0xffffffffL, Integer.MAX_VALUE));
      }
    }
    long count = Inputs.countOf(source.file(), shape);
    source.expectRemaining(count * (magic[2] == FLOAT ? 4 : 1));
    return new Header(magic[2], shape, count);
  }

  private static byte[] readBytes(ByteSource source, Header header) {
    byte[] values = Inputs.allocate(source.file(), header.count, 1, byte[]::new);
    source.readFully(values, 0, values.length, "values");
    source.expectEnd(header.count);
    return values;
  }

  private static float[] readFloats(ByteSource source, Header header) {
    float[] values = Inputs.allocate(source.file(), header.count, 4, float[]::new);
    byte[] chunk = new byte[4 * CHUNK_VALUES];
    for (int done = 0; done < values.length; ) {
      int count = Math.min(CHUNK_VALUES, values.length - done);
      source.readFully(chunk, 0, 4 * count, "values");
      ByteBuffer.wrap(chunk).asFloatBuffer().get(values, done, count);
      done += count;
    }
    source.expectEnd(4 * header.count);
    return values;
  }

  /**
   * Writes the samples, as bytes where they are stored so and as floats otherwise: [1,H,W] as
   * [N,H,W], [D] as [N,D], [C,H,W] as [N,C,H,W]. Gzip if the name ends in .gz.
   *
   * @throws IllegalArgumentException for any other sample shape
   */
  public static void write(Path path, Dataset data) {
    int[] sample = data.sampleShape();
    if (sample.length != 1 && sample.length != 3) {
      throw new IllegalArgumentException(
          "Idx.write: sample shape %s, expected [D] or [C,H,W]".formatted(Arrays.toString(sample)));
    }
    int skipped = sample.length == 3 && sample[0] == 1 ? 1 : 0;
    int[] shape = new int[1 + sample.length - skipped];
    shape[0] = data.count();
    System.arraycopy(sample, skipped, shape, 1, shape.length - 1);
    int width = data.isBytes() ? 1 : 4;
    writeFile(
        path,
        data.isBytes() ? UNSIGNED_BYTE : FLOAT,
        shape,
        out -> {
          float[] values = new float[data.sampleSize()];
          ByteBuffer row = ByteBuffer.allocate(width * values.length);
          for (int i = 0; i < data.count(); i++) {
            data.copySample(i, values, 0);
            row.clear();
            for (float value : values) {
              if (width == 1) {
                row.put((byte) Math.round(value * 255));
              } else {
                row.putFloat(value);
              }
            }
            out.write(row.array());
          }
        });
  }

  /**
   * Writes labels [N], each 0..255; gzip if the name ends in .gz.
   *
   * @throws IllegalArgumentException if a label is outside 0..255
   */
  public static void writeLabels(Path path, int[] labels) {
    byte[] bytes = new byte[labels.length];
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] > 255) {
        throw new IllegalArgumentException(
            "Idx.writeLabels: label %d of sample %d is outside 0..255".formatted(labels[i], i));
      }
      bytes[i] = (byte) labels[i];
    }
    writeFile(path, UNSIGNED_BYTE, new int[] {labels.length}, out -> out.write(bytes));
  }

  @FunctionalInterface
  private interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  private static void writeFile(Path path, int type, int[] shape, Body body) {
    boolean gzip = Inputs.nameOf(path).endsWith(".gz");
    AtomicFiles.write(
        path,
        stream -> {
          DataOutputStream out = new DataOutputStream(gzip ? new GZIPOutputStream(stream) : stream);
          out.writeInt(type << 8 | shape.length);
          for (int extent : shape) {
            out.writeInt(extent);
          }
          body.write(out);
          out.close();
        });
  }
}
