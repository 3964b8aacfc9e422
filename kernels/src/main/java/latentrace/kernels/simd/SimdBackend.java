package latentrace.kernels.simd;

import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.Buffer;
import latentrace.backend.Operations;

/** The CPU backend: the Java Vector API in single precision on a team of threads. */
final class SimdBackend implements Backend {
  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private final WorkerPool pool;
  private final Operations operations;

  SimdBackend(int threads) {
    this.pool = new WorkerPool(threads);
    SimdDense dense = new SimdDense(this, pool);
    this.operations =
        new Operations(
            dense,
            new SimdActivations(this, pool),
            new SimdLosses(this, pool, dense),
            new SimdLatents(this, pool),
            new SimdOptimizers(this, pool),
            new SimdRandom(this, pool),
            new SimdConvolutions(this, pool, dense),
            new SimdPooling(this, pool),
            new SimdNorms(this, pool),
            new SimdRecurrent(this, pool),
            new SimdGradients(this, pool, dense));
  }

  @Override
  public String name() {
    return SimdBackendProvider.NAME;
  }

  @Override
  public String description() {
    int threads = pool.threads();
    return "Java Vector API, %d-bit vectors, single precision, %d %s"
        .formatted(Lanes.COUNT * Float.SIZE, threads, threads == 1 ? "thread" : "threads");
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT32;
  }

  @Override
  public Buffer allocate(long length) {
    if (length < 0 || length > LONGEST) {
      throw new BackendException(
          "simd: a buffer of %d elements; a Java array holds 0 to %d".formatted(length, LONGEST));
    }
    try {
      return new SimdBuffer(this, new float[(int) length], 0, (int) length);
    } catch (OutOfMemoryError e) {
      Runtime runtime = Runtime.getRuntime();
      long used = runtime.totalMemory() - runtime.freeMemory();
      throw new BackendException(
          "simd: out of memory: asked for %d MiB, %d MiB free of %d MiB (raise it with java -Xmx)"
              .formatted(
                  length >> 18, (runtime.maxMemory() - used) >> 20, runtime.maxMemory() >> 20),
          e);
    }
  }

  @Override
  public Operations operations() {
    return operations;
  }

  @Override
  public void close() {
    pool.close();
  }
}
