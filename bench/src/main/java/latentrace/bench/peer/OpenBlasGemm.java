package latentrace.bench.peer;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import latentrace.workload.GemmShape;
import latentrace.workload.Workload;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.presets.openblas_nolapack;

/** A matrix product by OpenBLAS' {@code cblas_sgemm}, in native memory. */
public final class OpenBlasGemm implements Workload {
  /** The peer's name. */
  public static final String NAME = "openblas";

  private final GemmShape shape;
  private final FloatPointer a;
  private final FloatPointer b;
  private final FloatPointer c;

  /**
   * Makes the matrices.
   *
   * @throws latentrace.backend.BackendException if the native library is not there
   */
  public OpenBlasGemm(GemmShape shape, int threads) {
    Natives.requireOpenBlas();
    openblas_nolapack.blas_set_num_threads(threads);
    this.shape = shape;
    this.a = new FloatPointer(shape.left());
    this.b = new FloatPointer(shape.right());
    this.c = new FloatPointer((long) shape.m() * shape.n());
  }

  @Override
  public void run() {
    cblas_sgemm(
        CblasRowMajor,
        shape.transA() ? CblasTrans : CblasNoTrans,
        shape.transB() ? CblasTrans : CblasNoTrans,
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
    float[] values = new float[shape.m() * shape.n()];
    c.get(values);
    return Tensors.widened(values);
  }

  @Override
  public void close() {
    a.close();
    b.close();
    c.close();
  }
}
