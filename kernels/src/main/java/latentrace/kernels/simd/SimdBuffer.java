package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/** Floats in a Java array, from {@code offset} on. */
final class SimdBuffer extends Buffer {
  final float[] data;
  final int offset;

  SimdBuffer(Backend owner, float[] data, int offset, int length) {
    super(owner, length);
    this.data = data;
    this.offset = offset;
  }

  /** Where the element stands in {@link #data}. */
  int at(long index) {
    return offset + (int) index;
  }

  @Override
  public void fill(double value) {
    Arrays.fill(data, offset, at(length()), (float) value);
  }

  @Override
  protected Buffer doSlice(long from, long length) {
    return new SimdBuffer(owner(), data, at(from), (int) length);
  }

  @Override
  protected void doUpload(float[] source, int from, long to, int count) {
    System.arraycopy(source, from, data, at(to), count);
  }

  @Override
  protected void doUpload(double[] source, int from, long to, int count) {
    int base = at(to);
    for (int i = 0; i < count; i++) {
      data[base + i] = (float) source[from + i];
    }
  }

  @Override
  protected void doUpload(byte[] source, int from, long to, int count) {
    int base = at(to);
    for (int i = 0; i < count; i++) {
      data[base + i] = (source[from + i] & 0xff) / 255f;
    }
  }

  @Override
  protected void doDownload(long from, float[] target, int to, int count) {
    System.arraycopy(data, at(from), target, to, count);
  }

  @Override
  protected void doDownload(long from, double[] target, int to, int count) {
    int base = at(from);
    for (int i = 0; i < count; i++) {
      target[to + i] = data[base + i];
    }
  }

  @Override
  protected void doCopyFrom(Buffer source) {
    SimdBuffer s = (SimdBuffer) source;
    System.arraycopy(s.data, s.offset, data, offset, (int) length());
  }

  @Override
  protected void doGather(Buffer source, int size, int[] rows, int from, int count) {
    SimdBuffer s = (SimdBuffer) source;
    for (int i = 0; i < count; i++) {
      System.arraycopy(s.data, s.offset + rows[from + i] * size, data, offset + i * size, size);
    }
  }

  @Override
  public void close() {
    // the garbage collector's
  }
}
