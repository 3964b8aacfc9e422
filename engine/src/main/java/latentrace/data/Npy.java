package latentrace.data;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;

/**
 * NumPy's .npy, versions 1.0 to 3.0: read in C or Fortran order, both byte orders, types b1, i1,
 * u1, i2, u2, i4, u4, i8, f4, f8; written as version 1.0, C order, little endian.
 */
public final class Npy {
  static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  private static final int LONGEST_HEADER = 1 << 16;
  private static final int HEADER_ALIGNMENT = 64;
  private static final int CHUNK_VALUES = 1 << 13;

  private Npy() {}

  /** What fills one row of an array that is written row by row. */
  @FunctionalInterface
  public interface RowSupplier {
    /** Overwrites {@code target}, the values of row {@code row} in C order. */
    void fill(long row, float[] target);
  }

  /**
   * The array of a file, plain or gzip.
   *
   * @throws InputException if the file is not whole or its type is not one of those above
   */
  public static NpyArray read(Path path) {
    try (ByteSource source = ByteSource.open(path)) {
      return read(source, path.toString());
    }
  }

  /** The array that a stream consists of. */
  static NpyArray read(ByteSource source, String name) {
    NpyHeader header = readHeader(source);
    long count = Inputs.countOf(source.file(), header.shape());
    long bytes = count * header.type().width();
    source.expectRemaining(bytes);
    Object values = readValues(source, header, count);
    source.expectEnd(bytes);
    if (header.fortranOrder() && header.shape().length > 1) {
      values = toRowMajor(source.file(), header, values);
    }
    return new NpyArray(name, header.type(), header.shape(), values);
  }

  static NpyHeader readHeader(ByteSource source) {
    byte[] magic = source.readFully(8, "npy magic string");
    if (!matches(magic)) {
      throw source.error("not an .npy file: expected it to begin with \\x93NUMPY");
    }
    int version = magic[6];
    if (version < 1 || version > 3 || magic[7] != 0) {
      throw source.error(
          "npy version %d.%d, expected 1.0, 2.0 or 3.0"
              .formatted(magic[6] & 0xff, magic[7] & 0xff));
    }
    int width = version == 1 ? 2 : 4;
    byte[] lengthBytes = Arrays.copyOf(source.readFully(width, "npy header length"), 4);
    long length =
        ByteBuffer.wrap(lengthBytes).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xffffffffL;
    if (length > LONGEST_HEADER) {
      throw source.error(
          "npy header of %d bytes, expected at most %d".formatted(length, LONGEST_HEADER));
    }
    byte[] text = source.readFully((int) length, "npy header");
    return NpyHeader.parse(
        source,
        new String(text, version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
  }

  /** Whether content that starts like this is .npy. */
  static boolean matches(byte[] start) {
    return start.length >= MAGIC.length
        && Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  private static Object allocate(Object file, NpyArray.Type type, long count) {
    int width = type.width();
    return switch (type) {
      case B1, I1, U1 -> Inputs.allocate(file, count, width, byte[]::new);
      case I2, U2 -> Inputs.allocate(file, count, width, short[]::new);
      case I4, U4 -> Inputs.allocate(file, count, width, int[]::new);
      case I8 -> Inputs.allocate(file, count, width, long[]::new);
      case F4 -> Inputs.allocate(file, count, width, float[]::new);
      case F8 -> Inputs.allocate(file, count, width, double[]::new);
    };
  }

  private static Object readValues(ByteSource source, NpyHeader header, long count) {
    Object values = allocate(source.file(), header.type(), count);
    int width = header.type().width();
    byte[] chunk = new byte[width * CHUNK_VALUES];
    ByteBuffer buffer = ByteBuffer.wrap(chunk).order(header.order());
    for (int done = 0; done < count; ) {
      int n = (int) Math.min(CHUNK_VALUES, count - done);
      source.readFully(chunk, 0, width * n, "values");
      transfer(buffer, values, done, n, true);
      done += n;
    }
    return values;
  }

  /** Moves n values between the start of the buffer and {@code values[from..]}. */
  private static void transfer(ByteBuffer buffer, Object values, int from, int n, boolean read) {
    buffer.clear();
    if (values instanceof byte[] bytes) {
      ByteBuffer unused = read ? buffer.get(bytes, from, n) : buffer.put(bytes, from, n);
    } else if (values instanceof short[] shorts) {
      var view = buffer.asShortBuffer();
      var unused = read ? view.get(shorts, from, n) : view.put(shorts, from, n);
    } else if (values instanceof int[] ints) {
      var view = buffer.asIntBuffer();
      var unused = read ? view.get(ints, from, n) : view.put(ints, from, n);
    } else if (values instanceof long[] longs) {
      var view = buffer.asLongBuffer();
      var unused = read ? view.get(longs, from, n) : view.put(longs, from, n);
    } else if (values instanceof float[] floats) {
      var view = buffer.asFloatBuffer();
      var unused = read ? view.get(floats, from, n) : view.put(floats, from, n);
    } else if (values instanceof double[] doubles) {
      var view = buffer.asDoubleBuffer();
      var unused = read ? view.get(doubles, from, n) : view.put(doubles, from, n);
    }
  }

  private static Object toRowMajor(Object file, NpyHeader header, Object columnMajor) {
    int[] shape = header.shape();
    long[] stride = new long[shape.length];
    long count = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      stride[axis] = count;
      count *= shape[axis];
    }
    Object rowMajor = allocate(file, header.type(), count);
    int[] index = new int[shape.length];
    long target = 0;
    for (int i = 0; i < count; i++) {
      System.arraycopy(columnMajor, i, rowMajor, (int) target, 1);
      for (int axis = 0; axis < shape.length; axis++) {
        target += stride[axis];
        if (++index[axis] < shape[axis]) {
          break;
        }
        target -= stride[axis] * shape[axis];
        index[axis] = 0;
      }
    }
    return rowMajor;
  }

  /** Writes an array. */
  public static void write(Path path, NpyArray array) {
    AtomicFiles.write(path, out -> write(out, array));
  }

  static void write(OutputStream out, NpyArray array) throws IOException {
    writeHeader(out, array.type(), Arrays.stream(array.shape()).asLongStream().toArray());
    int width = array.type().width();
    byte[] chunk = new byte[width * CHUNK_VALUES];
    ByteBuffer buffer = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    int size = array.size();
    for (int done = 0; done < size; ) {
      int n = Math.min(CHUNK_VALUES, size - done);
      transfer(buffer, array.values(), done, n, false);
      out.write(chunk, 0, width * n);
      done += n;
    }
  }

  /**
   * Writes a float array row by row, so that only one row is in memory.
   *
   * @param shape [rows, ...], not empty; a row has as many values as the product of the rest
   * @throws IllegalArgumentException if the shape is empty, negative or a row has 2^31 - 9 values
   *     or more
   */
  public static void writeFloats(Path path, long[] shape, RowSupplier rows) {
    long columns = 1;
    for (int axis = 1; axis < shape.length && columns <= Inputs.MAX_VALUES / 4; axis++) {
      columns = Math.multiplyExact(columns, shape[axis]);
    }
    if (shape.length == 0
        || Arrays.stream(shape).anyMatch(extent -> extent < 0)
        || columns > Inputs.MAX_VALUES / 4) {
      throw new IllegalArgumentException(
          "Npy.writeFloats: shape %s, expected [rows, ...] with at most %d values a row"
              .formatted(Arrays.toString(shape), Inputs.MAX_VALUES / 4));
    }
    float[] row = new float[(int) columns];
    ByteBuffer buffer = ByteBuffer.allocate(4 * row.length).order(ByteOrder.LITTLE_ENDIAN);
    AtomicFiles.write(
        path,
        out -> {
          writeHeader(out, NpyArray.Type.F4, shape);
          for (long i = 0; i < shape[0]; i++) {
            rows.fill(i, row);
            transfer(buffer, row, 0, row.length, false);
            out.write(buffer.array());
          }
        });
  }

  private static void writeHeader(OutputStream out, NpyArray.Type type, long[] shape)
      throws IOException {
    StringJoiner extents = new StringJoiner(", ", "(", shape.length == 1 ? ",)" : ")");
    for (long extent : shape) {
      extents.add(Long.toString(extent));
    }
    String dict =
        "{'descr': '%s%s', 'fortran_order': False, 'shape': %s, }"
            .formatted(type.width() == 1 ? "|" : "<", type.code(), extents);
    int prefix = MAGIC.length + 4;
    int unpadded = prefix + dict.length() + 1;
    int total = (unpadded + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    String text = dict + " ".repeat(total - unpadded) + "\n";
    ByteBuffer header = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length());
    header.put(text.getBytes(StandardCharsets.ISO_8859_1));
    out.write(header.array());
  }

  /**
   * The samples of an array, [N,D], [N,H,W] or [N,C,H,W]; u1 means byte / 255, f4 is used as it is
   * and f8 rounded to f4.
   *
   * @throws InputException for any other type or shape, or values that are not finite
   */
  public static Dataset readDataset(Path path) {
    return toDataset(Inputs.nameOf(path), read(path), null);
  }

  static Dataset toDataset(String name, NpyArray array, int[] labels) {
    int[] shape = array.shape();
    int[] sampleShape = Inputs.sampleShape(array.name(), shape);
    if (labels != null && labels.length != shape[0]) {
      throw Inputs.error(
          array.name(), "%d labels for %d samples".formatted(labels.length, shape[0]));
    }
    if (array.type() == NpyArray.Type.U1) {
      return Inputs.dataset(array.name(), name, sampleShape, (byte[]) array.values(), labels);
    }
    if (array.type() != NpyArray.Type.F4 && array.type() != NpyArray.Type.F8) {
      throw Inputs.error(
          array.name(), "samples of type %s, expected u1, f4 or f8".formatted(array.type().code()));
    }
    float[] values = array.toFloats();
    return Inputs.dataset(array.name(), name, sampleShape, values, labels);
  }
}
