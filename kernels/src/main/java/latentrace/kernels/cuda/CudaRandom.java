package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import latentrace.backend.Buffer;
import latentrace.backend.RandomOps;

/** random.cu. */
final class CudaRandom extends RandomOps {
  private static final int NORMALS_PER_BLOCK = 4;

  private final CudaBackend backend;

  CudaRandom(CudaBackend backend) {
    super(backend);
    this.backend = backend;
  }

  @Override
  protected void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out) {
    long blocks = (size + NORMALS_PER_BLOCK - 1L) / NORMALS_PER_BLOCK;
    try (DeviceMemory.Block indices = backend.memory().allocate((long) n * Integer.BYTES)) {
      backend
          .staging()
          .upload(
              indices.pointer,
              n,
              (ByteBuffer target, int first, int count) ->
                  target.asIntBuffer().put(samples, first, count));
      backend
          .launcher()
          .elements(
              "normals", (long) n * draws * blocks, key, stream, indices, n, draws, size, out);
    }
  }
}
