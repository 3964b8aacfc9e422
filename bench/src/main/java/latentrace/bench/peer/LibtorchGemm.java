package latentrace.bench.peer;

import latentrace.workload.GemmShape;
import latentrace.workload.Workload;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A matrix product by libtorch. */
public final class LibtorchGemm implements Workload {
  /** The peer's name. */
  public static final String NAME = "libtorch";

  private final GemmShape shape;
  private final Tensor a;
  private final Tensor b;
  private final Tensor c;

  /**
   * Makes the matrices.
   *
   * @throws latentrace.backend.BackendException if the native library is not there
   */
  public LibtorchGemm(GemmShape shape, int threads) {
    Tensors.start(threads);
    this.shape = shape;
    Tensor left = Tensor.create(shape.left(), shape.transA() ? shape.k() : shape.m(), shape.lda());
    Tensor right =
        Tensor.create(shape.right(), shape.transB() ? shape.n() : shape.k(), shape.ldb());
    this.a = shape.transA() ? left.t() : left;
    this.b = shape.transB() ? right.t() : right;
    this.c = torch.zeros(shape.m(), shape.n());
  }

  @Override
  public void run() {
    torch.matmul_out(c, a, b).close();
  }

  @Override
  public double amount() {
    return shape.operations();
  }

  @Override
  public double[] outcome() {
    return Tensors.toDoubles(c);
  }

  @Override
  public void close() {
    a.close();
    b.close();
    c.close();
  }
}
