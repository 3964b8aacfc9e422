package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.DenseOps;

/** Products of large matrices by all threads together, of many small ones by a thread each. */
final class SimdDense extends DenseOps {
  /** Multiplications of one product of a batch from which all threads share it. */
  private static final long TOGETHER_FROM = 1 << 22;

  private final WorkerPool pool;
  private final Gemm together;
  private final Gemm[] alone;
  private final Products products = new Products();

  SimdDense(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.together = new Gemm(pool);
    this.alone = new Gemm[pool.threads()];
    WorkerPool nobody = new WorkerPool(1);
    Arrays.setAll(alone, worker -> new Gemm(nobody));
  }

  /** For one product at a time, by all threads. */
  Gemm together() {
    return together;
  }

  /** For products inside a piece of work. */
  Gemm alone(int worker) {
    return alone[worker];
  }

  /** Over the products of a batch. */
  private final class Products extends Loop {
    private boolean transA;
    private boolean transB;
    private int m;
    private int n;
    private int k;
    private float alpha;
    private SimdBuffer a;
    private int lda;
    private long strideA;
    private SimdBuffer b;
    private int ldb;
    private long strideB;
    private float beta;
    private SimdBuffer c;
    private int ldc;
    private long strideC;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        one(alone[worker], i);
      }
    }

    private void one(Gemm gemm, int i) {
      gemm.multiply(
          transA,
          transB,
          m,
          n,
          k,
          alpha,
          a.data,
          a.at(i * strideA),
          lda,
          b.data,
          b.at(i * strideB),
          ldb,
          beta,
          c.data,
          c.at(i * strideC),
          ldc);
    }
  }

  @Override
  protected void doGemm(
      boolean transA,
      boolean transB,
      int m,
      int n,
      int k,
      double alpha,
      Buffer a,
      int lda,
      long strideA,
      Buffer b,
      int ldb,
      long strideB,
      double beta,
      Buffer c,
      int ldc,
      long strideC,
      int batch) {
    products.transA = transA;
    products.transB = transB;
    products.m = m;
    products.n = n;
    products.k = k;
    products.alpha = (float) alpha;
    products.a = (SimdBuffer) a;
    products.lda = lda;
    products.strideA = strideA;
    products.b = (SimdBuffer) b;
    products.ldb = ldb;
    products.strideB = strideB;
    products.beta = (float) beta;
    products.c = (SimdBuffer) c;
    products.ldc = ldc;
    products.strideC = strideC;
    if (batch == 1 || (long) m * n * k >= TOGETHER_FROM) {
      for (int i = 0; i < batch; i++) {
        products.one(together, i);
      }
    } else {
      products.over(pool, batch, Math.multiplyExact((long) m * n, k));
    }
  }

  @Override
  protected void doLinearForward(
      int rows,
      int in,
      int out,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y) {
    SimdBuffer from = (SimdBuffer) x;
    SimdBuffer w = (SimdBuffer) weight;
    SimdBuffer shift = (SimdBuffer) bias;
    SimdBuffer to = (SimdBuffer) y;
    together.finishWith(shift.data, shift.offset, activation);
    together.multiply(
        false,
        true,
        rows,
        out,
        in,
        1,
        from.data,
        from.offset,
        in,
        w.data,
        w.offset,
        in,
        0,
        to.data,
        to.offset,
        out);
  }

  @Override
  protected void doLinearBackwardInput(
      int rows, int in, int out, Buffer delta, Buffer weight, Buffer dX) {
    doGemm(false, false, rows, in, out, 1, delta, out, 0, weight, in, 0, 0, dX, in, 0, 1);
  }

  @Override
  protected void doLinearBackwardParameters(
      int rows,
      int in,
      int out,
      Buffer x,
      Buffer delta,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    double beta = accumulate ? 1 : 0;
    doGemm(true, false, out, in, rows, 1, delta, out, 0, x, in, 0, beta, dWeight, in, 0, 1);
    SimdBuffer from = (SimdBuffer) delta;
    SimdBuffer to = (SimdBuffer) dBias;
    if (!accumulate) {
      Arrays.fill(to.data, to.offset, to.offset + out, 0);
    }
    addColumnSums(from.data, from.offset, rows, out, to.data, to.offset);
  }

  /** target[j] += Σ_r source[r,j] for the [rows,columns] matrix at {@code from}. */
  static void addColumnSums(
      float[] source, int from, int rows, int columns, float[] target, int to) {
    for (int r = 0; r < rows; r++) {
      int base = from + r * columns;
      for (int j = 0; j < columns; j++) {
        target[to + j] += source[base + j];
      }
    }
  }
}
