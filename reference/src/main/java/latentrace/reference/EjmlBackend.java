package latentrace.reference;

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
import org.ejml.concurrency.EjmlConcurrency;

/**
 * The reference: arithmetic and storage in double. EJML's thread pool is one per JVM; opening a
 * backend sets its size.
 */
public final class EjmlBackend implements Backend {
  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private final int threads;
  private final EjmlDense dense;
  private final EjmlActivations activations = new EjmlActivations(this);
  private final EjmlLosses losses = new EjmlLosses(this);
  private final EjmlLatents latents = new EjmlLatents(this);
  private final EjmlOptimizers optimizers = new EjmlOptimizers(this);
  private final EjmlRandom random = new EjmlRandom(this);
  private final EjmlConvolutions convolutions;
  private final EjmlPooling pooling = new EjmlPooling(this);
  private final EjmlNorms norms = new EjmlNorms(this);
  private final EjmlRecurrent recurrent = new EjmlRecurrent(this);
  private final EjmlGradients gradients;

  /**
   * Opens it.
   *
   * @param threads threads for matrix products, ≥ 1
   */
  public EjmlBackend(int threads) {
    this.threads = threads;
    if (threads > 1) {
      EjmlConcurrency.setMaxThreads(threads);
    }
    this.dense = new EjmlDense(this, threads > 1);
    this.convolutions = new EjmlConvolutions(this, dense);
    this.gradients = new EjmlGradients(this, dense);
  }

  @Override
  public String name() {
    return EjmlBackendProvider.NAME;
  }

  @Override
  public String description() {
    return "EJML, double precision, %d %s".formatted(threads, threads == 1 ? "thread" : "threads");
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT64;
  }

  @Override
  public Buffer allocate(long length) {
    if (length < 0 || length > LONGEST) {
      throw new BackendException(
          "ejml: a buffer of %d elements; a Java array holds 0 to %d".formatted(length, LONGEST));
    }
    try {
      return new EjmlBuffer(this, new double[(int) length], 0, (int) length);
    } catch (OutOfMemoryError e) {
      Runtime runtime = Runtime.getRuntime();
      long used = runtime.totalMemory() - runtime.freeMemory();
      throw new BackendException(
          "ejml: out of memory: asked for %d MiB, %d MiB free of %d MiB (raise it with java -Xmx)"
              .formatted(
                  length >> 17, (runtime.maxMemory() - used) >> 20, runtime.maxMemory() >> 20),
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
    // nothing but memory, which is the garbage collector's
  }
}
