package latentrace.kernels.simd;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.backend.RandomOps;

final class SimdRandom extends RandomOps {
  /** Cost of a normal in the unit of {@link Chunks#pieces}. */
  private static final int COST = 64;

  private final WorkerPool pool;
  private final int[][] words;
  private final float[][] normals;

  SimdRandom(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.words = new int[pool.threads()][4];
    this.normals = new float[pool.threads()][4];
  }

  @Override
  protected void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out) {
    SimdBuffer to = (SimdBuffer) out;
    int rows = n * draws;
    int pieces = Chunks.pieces(pool, rows, (long) size * COST);
    pool.run(
        pieces,
        (piece, worker) -> {
          int end = (int) ((long) rows * (piece + 1) / pieces);
          for (int row = (int) ((long) rows * piece / pieces); row < end; row++) {
            fill(key, stream, samples[row / draws], row % draws, size, to, row * size, worker);
          }
        });
  }

  private void fill(
      long key, int stream, int sample, int draw, int size, SimdBuffer to, int from, int worker) {
    int[] block = words[worker];
    float[] four = normals[worker];
    for (int l = 0; l < size; l += 4) {
      Philox.block(key, l / 4, draw, sample, stream, block);
      Philox.normals(block, four);
      System.arraycopy(four, 0, to.data, to.offset + from + l, Math.min(4, size - l));
    }
  }
}
