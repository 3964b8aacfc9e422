package latentrace.backend;

/**
 * A vector of real numbers in a backend's memory, in the backend's precision. Shapes are given to
 * the operations; a buffer knows only its length.
 *
 * <p>A slice shares its parent's memory. Whoever allocated a buffer closes it; closing a slice does
 * nothing, and a slice must not be used after its parent is closed.
 */
public abstract class Buffer implements AutoCloseable {
  private final Backend owner;
  private final long length;

  /**
   * For backends.
   *
   * @param owner the backend whose memory it is
   * @param length number of elements
   */
  protected Buffer(Backend owner, long length) {
    this.owner = owner;
    this.length = length;
  }

  /** The backend whose memory this is. */
  public final Backend owner() {
    return owner;
  }

  /** Number of elements. */
  public final long length() {
    return length;
  }

  /**
   * The elements {@code offset .. offset+length-1}, sharing memory.
   *
   * @throws IndexOutOfBoundsException if they are not all inside
   */
  public final Buffer slice(long offset, long sliceLength) {
    checkRange(offset, sliceLength);
    return doSlice(offset, sliceLength);
  }

  /** The elements from {@code offset} on, sharing memory; this buffer itself for all of them. */
  public final Buffer slice(long offset) {
    return offset == 0 ? this : slice(offset, length - offset);
  }

  /** Copies {@code source[from..from+count)} to this buffer's elements from {@code offset} on. */
  public final void upload(float[] source, int from, long offset, int count) {
    java.util.Objects.checkFromIndexSize(from, count, source.length);
    checkRange(offset, count);
    doUpload(source, from, offset, count);
  }

  /** Copies {@code source[from..from+count)} to this buffer's elements from {@code offset} on. */
  public final void upload(double[] source, int from, long offset, int count) {
    java.util.Objects.checkFromIndexSize(from, count, source.length);
    checkRange(offset, count);
    doUpload(source, from, offset, count);
  }

  /**
   * Sets this buffer's elements from {@code offset} on to {@code source[from..from+count)} as
   * unsigned bytes over 255, the nearest float: images go to the device as they are stored.
   */
  public final void upload(byte[] source, int from, long offset, int count) {
    java.util.Objects.checkFromIndexSize(from, count, source.length);
    checkRange(offset, count);
    doUpload(source, from, offset, count);
  }

  /** Copies all of {@code source} to the front of this buffer. */
  public final void upload(float... source) {
    upload(source, 0, 0, source.length);
  }

  /** Copies all of {@code source} to the front of this buffer. */
  public final void upload(double... source) {
    upload(source, 0, 0, source.length);
  }

  /**
   * Copies elements from {@code offset} on to {@code target[to..to+count)}, waiting for results.
   */
  public final void download(long offset, float[] target, int to, int count) {
    java.util.Objects.checkFromIndexSize(to, count, target.length);
    checkRange(offset, count);
    doDownload(offset, target, to, count);
  }

  /**
   * Copies elements from {@code offset} on to {@code target[to..to+count)}, waiting for results.
   */
  public final void download(long offset, double[] target, int to, int count) {
    java.util.Objects.checkFromIndexSize(to, count, target.length);
    checkRange(offset, count);
    doDownload(offset, target, to, count);
  }

  /** All elements as a new double array. */
  public final double[] toDoubles() {
    double[] values = new double[Math.toIntExact(length)];
    download(0, values, 0, values.length);
    return values;
  }

  /** Sets every element to {@code value}. */
  public abstract void fill(double value);

  /** Copies all of {@code source}, which has this length and this owner, to this buffer. */
  public final void copyFrom(Buffer source) {
    if (source.length != length || source.owner != owner) {
      throw new IllegalArgumentException(
          "copyFrom: source of %d elements on %s, target of %d on %s"
              .formatted(source.length, source.owner.name(), length, owner.name()));
    }
    doCopyFrom(source);
  }

  /**
   * Row i of this buffer [count,size] becomes row {@code rows[from+i]} of {@code source} [*,size],
   * for i &lt; count: a batch out of data that lie on the backend.
   *
   * @param source of this owner, read; not this buffer
   * @throws IndexOutOfBoundsException if a row is not in it, or this buffer has too few
   */
  public final void gather(Buffer source, int size, int[] rows, int from, int count) {
    java.util.Objects.checkFromIndexSize(from, count, rows.length);
    if (size < 1 || source.owner != owner) {
      throw new IllegalArgumentException(
          "gather: rows of %d from %s to %s".formatted(size, source.owner.name(), owner.name()));
    }
    checkRange(0, Math.multiplyExact((long) size, count));
    long present = source.length / size;
    for (int i = from; i < from + count; i++) {
      if (rows[i] < 0 || rows[i] >= present) {
        throw new IndexOutOfBoundsException("gather: row %d of %d".formatted(rows[i], present));
      }
    }
    doGather(source, size, rows, from, count);
  }

  /** {@link #slice}, unchecked. */
  protected abstract Buffer doSlice(long offset, long sliceLength);

  /** {@link #upload(float[], int, long, int)}, unchecked. */
  protected abstract void doUpload(float[] source, int from, long offset, int count);

  /** {@link #upload(double[], int, long, int)}, unchecked. */
  protected abstract void doUpload(double[] source, int from, long offset, int count);

  /** {@link #upload(byte[], int, long, int)}, unchecked. */
  protected abstract void doUpload(byte[] source, int from, long offset, int count);

  /** {@link #download(long, float[], int, int)}, unchecked. */
  protected abstract void doDownload(long offset, float[] target, int to, int count);

  /** {@link #download(long, double[], int, int)}, unchecked. */
  protected abstract void doDownload(long offset, double[] target, int to, int count);

  /** {@link #copyFrom}, unchecked. */
  protected abstract void doCopyFrom(Buffer source);

  /** {@link #gather}, unchecked. */
  protected abstract void doGather(Buffer source, int size, int[] rows, int from, int count);

  /** Gives the memory back; a slice gives nothing back. */
  @Override
  public abstract void close();

  private void checkRange(long offset, long count) {
    if (offset < 0 || count < 0 || offset > length - count) {
      throw new IndexOutOfBoundsException(
          "elements %d..%d of a buffer of %d".formatted(offset, offset + count - 1, length));
    }
  }
}
