package latentrace.workload;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/** One matrix product; the amount is floating-point operations. */
public final class GemmWorkload implements Workload {
  private final Backend backend;
  private final GemmShape shape;
  private final Buffer a;
  private final Buffer b;
  private final Buffer c;

  /** Makes the matrices. */
  public GemmWorkload(Backend backend, GemmShape shape) {
    this.backend = backend;
    this.shape = shape;
    this.a = filled(backend, shape.left());
    this.b = filled(backend, shape.right());
    this.c = backend.allocate((long) shape.m() * shape.n());
  }

  private static Buffer filled(Backend backend, float[] values) {
    Buffer buffer = backend.allocate(values.length);
    buffer.upload(values);
    return buffer;
  }

  @Override
  public void run() {
    backend
        .dense()
        .gemm(
            shape.transA(),
            shape.transB(),
            shape.m(),
            shape.n(),
            shape.k(),
            1,
            a,
            shape.lda(),
            b,
            shape.ldb(),
            0,
            c,
            shape.n());
  }

  @Override
  public double amount() {
    return shape.operations();
  }

  @Override
  public double[] outcome() {
    return c.toDoubles();
  }

  @Override
  public void close() {
    a.close();
    b.close();
    c.close();
  }
}
