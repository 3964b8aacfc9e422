package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.Buffer;
import latentrace.backend.Operations;
import org.ejml.concurrency.EjmlConcurrency;

/**
 * The reference: arithmetic and storage in double. EJML's thread pool is one per JVM; opening a
 * backend sets its size.
 */
public final class EjmlBackend implements Backend {
  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private final int threads;
  private final Operations operations;

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
    EjmlDense dense = new EjmlDense(this, threads > 1);
    this.operations =
        new Operations(
            dense,
            new EjmlActivations(this),
            new EjmlLosses(this),
            new EjmlLatents(this),
            new EjmlOptimizers(this),
            new EjmlRandom(this),
            new EjmlConvolutions(this, dense),
            new EjmlPooling(this),
            new EjmlNorms(this),
            new EjmlRecurrent(this),
            new EjmlGradients(this, dense));
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
  public Operations operations() {
    return operations;
  }

  @Override
  public void close() {
    // nothing but memory, which is the garbage collector's
  }
}
