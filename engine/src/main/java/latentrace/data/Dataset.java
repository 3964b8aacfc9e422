package latentrace.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * Samples of one shape, in memory, with optional labels. Immutable.
 *
 * <p>Values are stored as unsigned bytes with a scale (images: value = byte / 255) or as floats.
 * Each sample remembers its position in the file it came from ({@link #fileIndex}); the noise
 * contract is keyed by it, so that ranges, shuffles and shards agree with the whole.
 */
public final class Dataset {
  private final String name;
  private final int[] sampleShape;
  private final int sampleSize;
  private final byte[] bytes;
  private final float[] floats;
  private final int[] labels;
  private final int[] rows;
  private final int[] fileIndices;
  private volatile String hash;

  private Dataset(
      String name,
      int[] sampleShape,
      byte[] bytes,
      float[] floats,
      int[] labels,
      int[] rows,
      int[] fileIndices) {
    this.name = name;
    this.sampleShape = sampleShape;
    this.sampleSize = sizeOf(sampleShape);
    this.bytes = bytes;
    this.floats = floats;
    this.labels = labels;
    this.rows = rows;
    this.fileIndices = fileIndices;
  }

  /**
   * Images or other byte data; a value is byte / 255, computed in float as PyTorch's ToTensor does.
   *
   * @param name what messages and provenance call it, usually the file's name
   * @param sampleShape shape of one sample, e.g. [C,H,W]
   * @param bytes [N, sample], row-major; kept, not copied
   * @param labels [N] or null
   */
  public static Dataset ofBytes(String name, int[] sampleShape, byte[] bytes, int[] labels) {
    int count = countOf(name, sampleShape, bytes.length, labels);
    return new Dataset(
        name, sampleShape.clone(), bytes, null, cloneOrNull(labels), range(count), range(count));
  }

  /** Real-valued data, used as they are; see {@link #ofBytes} for the arguments. */
  public static Dataset ofFloats(String name, int[] sampleShape, float[] floats, int[] labels) {
    int count = countOf(name, sampleShape, floats.length, labels);
    return new Dataset(
        name, sampleShape.clone(), null, floats, cloneOrNull(labels), range(count), range(count));
  }

  /**
   * The samples of {@code first}, then those of {@code second}, numbered anew.
   *
   * @throws InputException if their shapes, or how their values are stored, differ
   */
  public static Dataset concat(String name, Dataset first, Dataset second) {
    if (!first.shape().equals(second.shape()) || first.isBytes() != second.isBytes()) {
      throw new InputException(
          "%s and %s: samples of %s and %s do not go together"
              .formatted(first.name, second.name, first.shape(), second.shape()));
    }
    boolean labelled = first.hasLabels() && second.hasLabels();
    int count = Math.addExact(first.count(), second.count());
    int size = first.sampleSize;
    int[] labels = labelled ? new int[count] : null;
    byte[] bytes = first.isBytes() ? new byte[Math.multiplyExact(count, size)] : null;
    float[] floats = first.isBytes() ? null : new float[Math.multiplyExact(count, size)];
    for (int i = 0; i < count; i++) {
      Dataset source = i < first.count() ? first : second;
      int j = i < first.count() ? i : i - first.count();
      if (bytes != null) {
        System.arraycopy(source.bytes, source.rows[j] * size, bytes, i * size, size);
      } else {
        source.copySample(j, floats, i * size);
      }
      if (labelled) {
        labels[i] = source.label(j);
      }
    }
    return bytes != null
        ? ofBytes(name, first.sampleShape, bytes, labels)
        : ofFloats(name, first.sampleShape, floats, labels);
  }

  private static int countOf(String name, int[] sampleShape, int length, int[] labels) {
    int size = sizeOf(sampleShape);
    if (length % size != 0) {
      throw new InputException(
          "%s: %d values are no whole number of samples of shape %s"
              .formatted(name, length, Arrays.toString(sampleShape)));
    }
    int count = length / size;
    if (labels != null && labels.length != count) {
      throw new InputException(
          "%s: %d labels for %d samples".formatted(name, labels.length, count));
    }
    return count;
  }

  private static int sizeOf(int[] shape) {
    int size = 1;
    for (int extent : shape) {
      if (extent <= 0) {
        throw new IllegalArgumentException("sample shape " + Arrays.toString(shape));
      }
      size = Math.multiplyExact(size, extent);
    }
    return size;
  }

  private static int[] range(int count) {
    int[] indices = new int[count];
    Arrays.setAll(indices, i -> i);
    return indices;
  }

  private static int[] cloneOrNull(int[] values) {
    return values == null ? null : values.clone();
  }

  /** What messages and provenance call it. */
  public String name() {
    return name;
  }

  /** Number of samples N. */
  public int count() {
    return rows.length;
  }

  /** Shape of one sample, e.g. [C,H,W] or [D]; a copy. */
  public int[] sampleShape() {
    return sampleShape.clone();
  }

  /** {@link #sampleShape} as a list. */
  public List<Integer> shape() {
    return Arrays.stream(sampleShape).boxed().toList();
  }

  /** Number of values in one sample, D. */
  public int sampleSize() {
    return sampleSize;
  }

  /** Whether every sample has a label. */
  public boolean hasLabels() {
    return labels != null;
  }

  /** Whether values are stored as bytes, so that a value is byte / 255. */
  public boolean isBytes() {
    return bytes != null;
  }

  /**
   * The label of sample {@code i}.
   *
   * @throws IllegalStateException if there are none
   */
  public int label(int i) {
    if (labels == null) {
      throw new IllegalStateException(name + " has no labels");
    }
    return labels[rows[Objects.checkIndex(i, rows.length)]];
  }

  /** All labels [N], in order; a copy, or null if there are none. */
  public int[] labels() {
    return labels == null ? null : Arrays.stream(rows).map(r -> labels[r]).toArray();
  }

  /**
   * Position of sample {@code i} in the file it came from: the sample index of the noise contract.
   */
  public int fileIndex(int i) {
    return fileIndices[i];
  }

  /** Copies the values of sample {@code i} to {@code target[offset..offset+sampleSize)}. */
  public void copySample(int i, float[] target, int offset) {
    int from = Math.multiplyExact(rows[i], sampleSize);
    if (floats != null) {
      System.arraycopy(floats, from, target, offset, sampleSize);
    } else {
      for (int k = 0; k < sampleSize; k++) {
        target[offset + k] = (bytes[from + k] & 0xff) / 255f;
      }
    }
  }

  /**
   * Copies the bytes of sample {@code i} to {@code target[offset..offset+sampleSize)}.
   *
   * @throws IllegalStateException unless {@link #isBytes}
   */
  public void copyBytes(int i, byte[] target, int offset) {
    if (bytes == null) {
      throw new IllegalStateException(name + " is not stored as bytes");
    }
    System.arraycopy(bytes, Math.multiplyExact(rows[i], sampleSize), target, offset, sampleSize);
  }

  /** The values of sample {@code i}; a new array. */
  public float[] sample(int i) {
    float[] values = new float[sampleSize];
    copySample(i, values, 0);
    return values;
  }

  /**
   * The same images in another size, bilinear as Pillow's {@code Image.resize}; bytes stay bytes.
   *
   * @throws InputException if the samples are no images [C,H,W], or one array can't hold the result
   */
  public Dataset resized(int height, int width) {
    if (sampleShape.length != 3) {
      throw new InputException(
          "%s: samples of %s are no images [C,H,W], they have no other size"
              .formatted(name, shape()));
    }
    int planes = Math.multiplyExact(count(), sampleShape[0]);
    int from = sampleShape[1] * sampleShape[2];
    int to = (int) Inputs.countOf(name, new int[] {height, width});
    int[] shape = {sampleShape[0], height, width};
    Resampling resampling = new Resampling(sampleShape[1], sampleShape[2], height, width);
    long values = (long) planes * to;
    byte[] newBytes = null;
    float[] newFloats = null;
    if (bytes != null) {
      newBytes = Inputs.allocate(name, values, 1, byte[]::new);
      byte[] between = new byte[sampleShape[1] * width];
      for (int p = 0; p < planes; p++) {
        resampling.resize(bytes, planeOf(p) * from, between, newBytes, p * to);
      }
    } else {
      newFloats = Inputs.allocate(name, values, Float.BYTES, float[]::new);
      float[] between = new float[sampleShape[1] * width];
      for (int p = 0; p < planes; p++) {
        resampling.resize(floats, planeOf(p) * from, between, newFloats, p * to);
      }
    }
    return new Dataset(name, shape, newBytes, newFloats, labels(), range(count()), fileIndices);
  }

  /** Where plane p mod C of sample ⌊p/C⌋ is among those stored. */
  private int planeOf(int p) {
    int channels = sampleShape[0];
    return rows[p / channels] * channels + p % channels;
  }

  /**
   * The samples {@code offset .. offset+limit-1}, fewer at the end; they keep their file indices.
   *
   * @throws InputException if the range begins after the last sample or is empty
   */
  public Dataset range(int offset, int limit) {
    if (offset < 0 || limit < 1 || offset >= count()) {
      throw new InputException(
          "%s: range of %d samples from %d on, but it has %d samples"
              .formatted(name, limit, offset, count()));
    }
    int end = (int) Math.min(count(), (long) offset + limit);
    int[] selection = new int[end - offset];
    Arrays.setAll(selection, i -> offset + i);
    return select(selection);
  }

  /** The samples at the given positions, in that order; they keep their file indices. */
  public Dataset select(int... positions) {
    int[] newRows = new int[positions.length];
    int[] newIndices = new int[positions.length];
    for (int i = 0; i < positions.length; i++) {
      newRows[i] = rows[Objects.checkIndex(positions[i], count())];
      newIndices[i] = fileIndices[positions[i]];
    }
    return new Dataset(name, sampleShape, bytes, floats, labels, newRows, newIndices);
  }

  /** The same samples with these labels [N]. */
  public Dataset withLabels(int[] newLabels) {
    if (newLabels.length != count()) {
      throw new InputException(
          "%s: %d labels for %d samples".formatted(name, newLabels.length, count()));
    }
    int stored = (bytes != null ? bytes.length : floats.length) / sampleSize;
    int[] all = new int[stored];
    for (int i = 0; i < rows.length; i++) {
      all[rows[i]] = newLabels[i];
    }
    return new Dataset(name, sampleShape, bytes, floats, all, rows, fileIndices);
  }

  /** SHA-256, in hex, over shape, values, labels and file indices of the samples, in order. */
  public String hash() {
    String known = hash;
    if (known == null) {
      known = computeHash();
      hash = known;
    }
    return known;
  }

  private String computeHash() {
    MessageDigest digest = FileHash.newDigest();
    ByteBuffer header = ByteBuffer.allocate(4 * (sampleShape.length + 3));
    header.putInt(count()).putInt(isBytes() ? 1 : 4).putInt(hasLabels() ? 1 : 0);
    for (int extent : sampleShape) {
      header.putInt(extent);
    }
    digest.update(header.array());
    ByteBuffer row = ByteBuffer.allocate(8 + 4 * sampleSize).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < rows.length; i++) {
      row.clear();
      int from = rows[i] * sampleSize;
      if (bytes != null) {
        row.put(bytes, from, sampleSize);
      } else {
        row.asFloatBuffer().put(floats, from, sampleSize);
        row.position(4 * sampleSize);
      }
      row.putInt(labels == null ? -1 : labels[rows[i]]).putInt(fileIndices[i]);
      digest.update(row.flip());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Override
  public String toString() {
    return "%s: %d x %s%s"
        .formatted(name, count(), Arrays.toString(sampleShape), hasLabels() ? ", labelled" : "");
  }
}
