package latentrace.influence;

import latentrace.backend.ActivationOps;
import latentrace.backend.Backend;
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

/**
 * A backend whose buffers hold nothing: it counts what another would take for them. What a run
 * needs is what is counted while it is built on this, so that no formula has to follow the code.
 */
final class CountingBackend implements Backend {
  private final Backend counted;
  private long bytes;

  CountingBackend(Backend counted) {
    this.counted = counted;
  }

  /** Bytes that all buffers so far would take. */
  long bytes() {
    return bytes;
  }

  @Override
  public Buffer allocate(long length) {
    bytes = Math.addExact(bytes, counted.memoryOf(length));
    return new Nothing(this, length);
  }

  @Override
  public String name() {
    return counted.name();
  }

  @Override
  public String description() {
    return counted.description();
  }

  @Override
  public Precision precision() {
    return counted.precision();
  }

  @Override
  public DenseOps dense() {
    return counted.dense();
  }

  @Override
  public ActivationOps activations() {
    return counted.activations();
  }

  @Override
  public LossOps losses() {
    return counted.losses();
  }

  @Override
  public LatentOps latents() {
    return counted.latents();
  }

  @Override
  public OptimizerOps optimizers() {
    return counted.optimizers();
  }

  @Override
  public RandomOps random() {
    return counted.random();
  }

  @Override
  public GradientOps gradients() {
    return counted.gradients();
  }

  @Override
  public ConvOps convolutions() {
    return counted.convolutions();
  }

  @Override
  public PoolOps pooling() {
    return counted.pooling();
  }

  @Override
  public NormOps norms() {
    return counted.norms();
  }

  @Override
  public RecurrentOps recurrent() {
    return counted.recurrent();
  }

  @Override
  public void close() {
    // nothing has been taken
  }

  /** A length. */
  private static final class Nothing extends Buffer {
    Nothing(Backend owner, long length) {
      super(owner, length);
    }

    @Override
    public void fill(double value) {}

    @Override
    protected Buffer doSlice(long offset, long sliceLength) {
      return new Nothing(owner(), sliceLength);
    }

    @Override
    protected void doUpload(float[] source, int from, long offset, int count) {}

    @Override
    protected void doUpload(double[] source, int from, long offset, int count) {}

    @Override
    protected void doUpload(byte[] source, int from, long offset, int count) {}

    @Override
    protected void doDownload(long offset, float[] target, int to, int count) {}

    @Override
    protected void doDownload(long offset, double[] target, int to, int count) {}

    @Override
    protected void doCopyFrom(Buffer source) {}

    @Override
    protected void doGather(Buffer source, int size, int[] rows, int from, int count) {}

    @Override
    public void close() {}
  }
}
