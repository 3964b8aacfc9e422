package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import latentrace.backend.Buffer;

/** Floats in device memory. */
final class CudaBuffer extends Buffer {
  final DevicePointer pointer;
  private final CudaBackend backend;
  private final DeviceMemory.Block block;

  /** A buffer at the front of {@code block}, which it owns. */
  CudaBuffer(CudaBackend owner, DeviceMemory.Block block, long length) {
    super(owner, length);
    this.backend = owner;
    this.block = block;
    this.pointer = block.pointer;
  }

  private CudaBuffer(CudaBackend owner, DevicePointer pointer, long length) {
    super(owner, length);
    this.backend = owner;
    this.block = null;
    this.pointer = pointer;
  }

  private DevicePointer at(long element) {
    return pointer.withByteOffset(element * Float.BYTES);
  }

  @Override
  public void fill(double value) {
    backend.fill(pointer, length(), (float) value);
  }

  @Override
  protected Buffer doSlice(long offset, long sliceLength) {
    return new CudaBuffer(backend, at(offset), sliceLength);
  }

  @Override
  protected void doUpload(float[] source, int from, long offset, int count) {
    backend
        .staging()
        .upload(
            at(offset),
            count,
            (ByteBuffer target, int first, int words) ->
                target.asFloatBuffer().put(source, from + first, words));
  }

  @Override
  protected void doUpload(double[] source, int from, long offset, int count) {
    backend
        .staging()
        .upload(
            at(offset),
            count,
            (ByteBuffer target, int first, int words) -> {
              FloatBuffer floats = target.asFloatBuffer();
              for (int i = 0; i < words; i++) {
                floats.put((float) source[from + first + i]);
              }
            });
  }

  @Override
  protected void doUpload(byte[] source, int from, long offset, int count) {
    backend
        .staging()
        .upload(
            count,
            Byte.BYTES,
            (ByteBuffer target, int first, int bytes) -> target.put(source, from + first, bytes),
            (DevicePointer piece, int first, int bytes) ->
                backend
                    .launcher()
                    .elements(
                        "unit_interval",
                        bytes,
                        (long) bytes,
                        piece,
                        doSlice(offset + first, bytes)));
  }

  @Override
  protected void doDownload(long offset, float[] target, int to, int count) {
    backend
        .staging()
        .download(
            at(offset),
            count,
            (ByteBuffer source, int first, int words) ->
                source.asFloatBuffer().get(target, to + first, words));
  }

  @Override
  protected void doDownload(long offset, double[] target, int to, int count) {
    backend
        .staging()
        .download(
            at(offset),
            count,
            (ByteBuffer source, int first, int words) -> {
              FloatBuffer floats = source.asFloatBuffer();
              for (int i = 0; i < words; i++) {
                target[to + first + i] = floats.get();
              }
            });
  }

  @Override
  protected void doCopyFrom(Buffer source) {
    backend.copy(((CudaBuffer) source).pointer, pointer, length());
  }

  @Override
  protected void doGather(Buffer source, int size, int[] rows, int from, int count) {
    backend
        .staging()
        .upload(
            count,
            Integer.BYTES,
            (ByteBuffer target, int first, int number) ->
                target.asIntBuffer().put(rows, from + first, number),
            (DevicePointer indices, int first, int number) ->
                backend
                    .launcher()
                    .elements(
                        "gather",
                        (long) number * size,
                        number,
                        size,
                        indices,
                        source,
                        at((long) first * size)));
  }

  @Override
  public void close() {
    if (block != null) {
      block.close();
    }
  }
}
