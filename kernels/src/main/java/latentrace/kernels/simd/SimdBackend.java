package latentrace.kernels.simd;

import latentrace.backend.ActivationOps;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.DenseOps;
import latentrace.backend.GradientOps;
import latentrace.backend.LatentOps;
import latentrace.backend.LossOps;
import latentrace.backend.NormOps;
import latentrace.backend.OptimizerOps;
import latentrace.backend.PoolOps;
import latentrace.backend.RandomOps;
import latentrace.backend.RecurrentOps;

/** The CPU backend: the Java Vector API in single precision on a team of threads. */
final class SimdBackend implements Backend {
  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private final WorkerPool pool;
  private final SimdDense dense;
  private final SimdActivations activations;
  private final SimdLosses losses;
  private final SimdLatents latents;
  private final SimdOptimizers optimizers;
  private final SimdRandom random;
  private final SimdConvolutions convolutions;
  private final SimdPooling pooling;
  private final SimdNorms norms;
  private final SimdRecurrent recurrent;
  private final SimdGradients gradients;

  SimdBackend(int threads) {
    this.pool = new WorkerPool(threads);
    this.dense = new SimdDense(this, pool);
    this.activations = new SimdActivations(this, pool);
    this.losses = new SimdLosses(this, pool, dense);
    this.latents = new SimdLatents(this, pool);
    this.optimizers = new SimdOptimizers(this, pool);
    this.random = new SimdRandom(this, pool);
    this.convolutions = new SimdConvolutions(this, pool, dense);
    this.pooling = new SimdPooling(this, pool);
    this.norms = new SimdNorms(this, pool);
    this.recurrent = new SimdRecurrent(this, pool);
    this.gradients = new SimdGradients(this, pool, dense);
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
  public DenseOps dense() {
    return dense;
  }

  @Override
  public ActivationOps activations() {
    return activations;
  }

  @Override
  public LossOps losses() {
    return losses;
  }

  @Override
  public LatentOps latents() {
    return latents;
  }

  @Override
  public OptimizerOps optimizers() {
    return optimizers;
  }

  @Override
  public RandomOps random() {
    return random;
  }

  @Override
  public ConvOps convolutions() {
    return convolutions;
  }

  @Override
  public PoolOps pooling() {
    return pooling;
  }

  @Override
  public NormOps norms() {
    return norms;
  }

  @Override
  public RecurrentOps recurrent() {
    return recurrent;
  }

  @Override
  public GradientOps gradients() {
    return gradients;
  }

  @Override
  public void close() {
    pool.close();
  }
}
