package latentrace.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;

/**
 * A float32 .npy of two dimensions, C order, mapped to memory for reading: its rows come from the
 * disk as they are asked for. The file is not to be changed meanwhile.
 */
public final class NpyMatrix {
  private final FloatBuffer[] rows;
  private final int columns;

  private NpyMatrix(FloatBuffer[] rows, int columns) {
    this.rows = rows;
    this.columns = columns;
  }

  /**
   * Maps a file.
   *
   * @throws InputException if it is no .npy of float32 [rows, columns], or not whole
   */
  public static NpyMatrix open(Path path) {
    try (ByteSource source = ByteSource.open(path)) {
      NpyHeader header = Npy.readHeader(source);
      int[] shape = header.shape();
      if (header.type() != NpyArray.Type.F4
          || shape.length != 2
          || header.fortranOrder()
          || header.order() != ByteOrder.LITTLE_ENDIAN) {
        throw source.error(
            "%s of shape %s, expected float32 [rows, columns] in C order, little endian"
                .formatted(header.type().code(), Arrays.toString(shape)));
      }
      long bytes = (long) shape[0] * shape[1] * Float.BYTES;
      source.expectRemaining(bytes);
      return map(path, shape[0], shape[1]);
    }
  }

  private static NpyMatrix map(Path path, int count, int columns) {
    FloatBuffer[] rows = new FloatBuffer[count];
    long rowBytes = (long) columns * Float.BYTES;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long start = channel.size() - count * rowBytes;
      ByteBuffer magic = ByteBuffer.allocate(Npy.MAGIC.length);
      channel.read(magic, 0);
      if (!Npy.matches(magic.array())) {
        throw Inputs.error(path, "compressed, expected a plain .npy, to be mapped to memory");
      }
      int together = (int) Math.max(1, Math.min(count, (1 << 30) / Math.max(1, rowBytes)));
      for (int first = 0; first < count; first += together) {
        int number = Math.min(together, count - first);
        ByteBuffer region =
            channel
                .map(MapMode.READ_ONLY, start + first * rowBytes, number * rowBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int r = 0; r < number; r++) {
          rows[first + r] =
              region
                  .slice((int) (r * rowBytes), (int) rowBytes)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .asFloatBuffer();
        }
      }
    } catch (IOException e) {
      throw Inputs.failure(path, e);
    }
    return new NpyMatrix(rows, columns);
  }

  /** Number of rows. */
  public int rows() {
    return rows.length;
  }

  /** Values in a row. */
  public int columns() {
    return columns;
  }

  /** A copy of a row [columns]. */
  public float[] row(int row) {
    float[] values = new float[columns];
    rows[Objects.checkIndex(row, rows.length)].get(0, values);
    return values;
  }
}
