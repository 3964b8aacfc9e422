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
  private final double[][] sums;
  private final Products products = new Products();
  private final ColumnSums columnSums = new ColumnSums();

  SimdDense(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.together = new Gemm(pool);
    this.alone = new Gemm[pool.threads()];
    this.sums = new double[pool.threads()][0];
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

    @Override
    void release() {
      a = null;
      b = null;
      c = null;
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
      try {
        for (int i = 0; i < batch; i++) {
          products.one(together, i);
        }
      } finally {
        products.release();
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
      double alpha,
      Buffer x,
      Buffer delta,
      double beta,
      Buffer dWeight,
      Buffer dBias) {
    doGemm(true, false, out, in, rows, alpha, delta, out, 0, x, in, 0, beta, dWeight, in, 0, 1);
    columnSums.rows = rows;
    columnSums.columns = out;
    columnSums.alpha = alpha;
    columnSums.beta = beta;
    columnSums.source = (SimdBuffer) delta;
    columnSums.target = (SimdBuffer) dBias;
    columnSums.over(pool, out, rows);
  }

  /** Over columns. */
  private final class ColumnSums extends Loop {
    private int rows;
    private int columns;
    private double alpha;
    private double beta;
    private SimdBuffer source;
    private SimdBuffer target;

    @Override
    void range(int from, int to, int worker) {
      columnSums(
          alpha,
          source.data,
          source.offset + from,
          columns,
          rows,
          to - from,
          beta,
          target.data,
          target.offset + from,
          worker);
    }

    @Override
    void release() {
      source = null;
      target = null;
    }
  }

  /**
   * target[j] = alpha·Σ_r source[r,j] + beta·target[j] for {@code rows} rows that are {@code ld}
   * apart; in double, because the terms may have one sign.
   */
  void columnSums(
      double alpha,
      float[] source,
      int from,
      int ld,
      int rows,
      int columns,
      double beta,
      float[] target,
      int to,
      int worker) {
    if (sums[worker].length < columns) {
      sums[worker] = new double[columns];
    }
    double[] sum = sums[worker];
    Arrays.fill(sum, 0, columns, 0);
    for (int r = 0; r < rows; r++) {
      int base = from + r * ld;
      for (int j = 0; j < columns; j++) {
        sum[j] += source[base + j];
      }
    }
    for (int j = 0; j < columns; j++) {
      double before = beta == 0 ? 0 : beta * target[to + j];
      target[to + j] = (float) (alpha * sum[j] + before);
    }
  }
}
