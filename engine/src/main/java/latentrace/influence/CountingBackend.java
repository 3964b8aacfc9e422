package latentrace.influence;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Operations;

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
  public Operations operations() {
    return counted.operations();
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
