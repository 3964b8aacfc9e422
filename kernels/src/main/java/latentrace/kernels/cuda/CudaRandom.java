package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import latentrace.backend.Buffer;
import latentrace.backend.RandomOps;

/** random.cu; cuRAND once it has been asked for. */
final class CudaRandom extends RandomOps implements AutoCloseable {
  private static final int NUMBERS_PER_BLOCK = 4;
  private static final String CURAND = "curand";

  private final CudaBackend backend;
  private final Context context;
  private Curand curand;

  CudaRandom(CudaBackend backend, Context context) {
    super(backend);
    this.backend = backend;
    this.context = context;
  }

  @Override
  protected void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out) {
    long blocks = (size + NUMBERS_PER_BLOCK - 1L) / NUMBERS_PER_BLOCK;
    try (DeviceMemory.Block indices = upload(samples, n)) {
      backend
          .launcher()
          .elements(
              "normals", (long) n * draws * blocks, key, stream, indices, n, draws, size, out);
    }
  }

  @Override
  protected void doMask(
      long key, int stream, int[] samples, int n, int size, double p, Buffer x, Buffer y) {
    long blocks = (size + NUMBERS_PER_BLOCK - 1L) / NUMBERS_PER_BLOCK;
    try (DeviceMemory.Block indices = upload(samples, n)) {
      backend.launcher().elements("mask", n * blocks, key, stream, indices, n, size, p, x, y);
    }
  }

  private DeviceMemory.Block upload(int[] samples, int n) {
    DeviceMemory.Block indices = backend.memory().allocate((long) n * Integer.BYTES);
    try {
      backend
          .staging()
          .upload(
              indices.pointer,
              n,
              (ByteBuffer target, int first, int count) ->
                  target.asIntBuffer().put(samples, first, count));
      return indices;
    } catch (RuntimeException e) {
      indices.close();
      throw e;
    }
  }

  @Override
  public void requireGenerator(String name) {
    if (!name.equals(CURAND)) {
      super.requireGenerator(name);
    } else if (curand == null) {
      curand = new Curand(context);
    }
  }

  @Override
  protected void doGenerate(long seed, long step, long count, Buffer out) {
    if (curand == null) {
      super.doGenerate(seed, step, count, out);
    } else if (count % 2 == 0) {
      curand.normals(seed, step, count, ((CudaBuffer) out).pointer);
    } else {
      try (DeviceMemory.Block even = backend.memory().allocate((count + 1) * Float.BYTES)) {
        curand.normals(seed, step, count + 1, even.pointer);
        backend.copy(even.pointer, ((CudaBuffer) out).pointer, count);
      }
    }
  }

  @Override
  public void close() {
    if (curand != null) {
      curand.close();
    }
  }
}
