package latentrace.backend;

/** Matrix products and linear layers. Row-major; {@code ld} is the distance between rows. */
public abstract class DenseOps {
  private final Backend owner;

  /** For backends. */
  protected DenseOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * C = alpha·op(A)·op(B) + beta·C.
   *
   * @param transA op(A) = Aᵀ: A is stored [k,m] instead of [m,k]
   * @param transB op(B) = Bᵀ: B is stored [n,k] instead of [k,n]
   * @param m rows of C
   * @param n columns of C
   * @param k length of the sums
   * @param a read
   * @param b read
   * @param beta 0 overwrites C, whatever it held
   * @param c [m,n], overwritten or accumulated; must not overlap a or b
   */
  public final void gemm(
      boolean transA,
      boolean transB,
      int m,
      int n,
      int k,
      double alpha,
      Buffer a,
      int lda,
      Buffer b,
      int ldb,
      double beta,
      Buffer c,
      int ldc) {
    gemmStridedBatched(transA, transB, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1);
  }

  /**
   * {@link #gemm} for each of {@code batch} problems, whose matrices lie {@code strideA, strideB,
   * strideC} elements apart. strideA or strideB may be 0 (the same matrix for all).
   */
  public final void gemmStridedBatched(
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
    Checks.positive("gemm", "m", m);
    Checks.positive("gemm", "n", n);
    Checks.positive("gemm", "k", k);
    Checks.positive("gemm", "batch", batch);
    Checks.notNegative("gemm", "strideA", strideA);
    Checks.notNegative("gemm", "strideB", strideB);
    int aColumns = transA ? m : k;
    int bColumns = transB ? k : n;
    Checks.leadingDimension("gemm", "lda", lda, aColumns);
    Checks.leadingDimension("gemm", "ldb", ldb, bColumns);
    Checks.leadingDimension("gemm", "ldc", ldc, n);
    long spanC = Checks.span(m, ldc, n);
    if (batch > 1 && strideC < n) {
      throw new IllegalArgumentException(
          "gemm: strideC=%d makes the results of a batch of %d overlap".formatted(strideC, batch));
    }
    Checks.holds(
        owner,
        "gemm",
        "A",
        transA ? "[k,m]" : "[m,k]",
        a,
        Checks.span(batch, strideA, Checks.span(transA ? k : m, lda, aColumns)));
    Checks.holds(
        owner,
        "gemm",
        "B",
        transB ? "[n,k]" : "[k,n]",
        b,
        Checks.span(batch, strideB, Checks.span(transB ? n : k, ldb, bColumns)));
    Checks.holds(owner, "gemm", "C", "[m,n]", c, Checks.span(batch, strideC, spanC));
    doGemm(
        transA, transB, m, n, k, alpha, a, lda, strideA, b, ldb, strideB, beta, c, ldc, strideC,
        batch);
  }

  /**
   * y = f(x·weightᵀ + bias).
   *
   * @param x [rows,in], read
   * @param weight [out,in], read
   * @param bias [out], read
   * @param y [rows,out], overwritten
   */
  public final void linearForward(
      int rows,
      int in,
      int out,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y) {
    checkLinear("linearForward", rows, in, out);
    Checks.holds(owner, "linearForward", "x", "[rows,in]", x, (long) rows * in);
    Checks.holds(owner, "linearForward", "weight", "[out,in]", weight, (long) out * in);
    Checks.holds(owner, "linearForward", "bias", "[out]", bias, out);
    Checks.holds(owner, "linearForward", "y", "[rows,out]", y, (long) rows * out);
    doLinearForward(rows, in, out, x, weight, bias, activation, y);
  }

  /**
   * dX = delta·weight.
   *
   * @param delta gradient at the pre-activation [rows,out], read
   * @param weight [out,in], read
   * @param dX [rows,in], overwritten
   */
  public final void linearBackwardInput(
      int rows, int in, int out, Buffer delta, Buffer weight, Buffer dX) {
    checkLinear("linearBackwardInput", rows, in, out);
    Checks.holds(owner, "linearBackwardInput", "delta", "[rows,out]", delta, (long) rows * out);
    Checks.holds(owner, "linearBackwardInput", "weight", "[out,in]", weight, (long) out * in);
    Checks.holds(owner, "linearBackwardInput", "dX", "[rows,in]", dX, (long) rows * in);
    doLinearBackwardInput(rows, in, out, delta, weight, dX);
  }

  /**
   * dWeight = alpha·deltaᵀ·x + beta·dWeight, dBias = alpha·(column sums of delta) + beta·dBias.
   *
   * <p>(1, 0) gives the gradients, (1, 1) adds them up. With the parameters themselves as targets,
   * (−lr, 1 − lr·decay) is a step of gradient descent without gradients in memory.
   *
   * @param x [rows,in], read
   * @param delta gradient at the pre-activation [rows,out], read
   * @param alpha factor of the gradients
   * @param beta factor of what was there; 0 overwrites: nothing is read
   * @param dWeight [out,in]
   * @param dBias [out]
   */
  public final void linearBackwardParameters(
      int rows,
      int in,
      int out,
      double alpha,
      Buffer x,
      Buffer delta,
      double beta,
      Buffer dWeight,
      Buffer dBias) {
    String op = "linearBackwardParameters";
    checkLinear(op, rows, in, out);
    Checks.holds(owner, op, "x", "[rows,in]", x, (long) rows * in);
    Checks.holds(owner, op, "delta", "[rows,out]", delta, (long) rows * out);
    Checks.holds(owner, op, "dWeight", "[out,in]", dWeight, (long) out * in);
    Checks.holds(owner, op, "dBias", "[out]", dBias, out);
    doLinearBackwardParameters(rows, in, out, alpha, x, delta, beta, dWeight, dBias);
  }

  private static void checkLinear(String op, int rows, int in, int out) {
    Checks.positive(op, "rows", rows);
    Checks.positive(op, "in", in);
    Checks.positive(op, "out", out);
  }

  /** {@link #gemmStridedBatched}, unchecked. */
  protected abstract void doGemm(
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
      int batch);

  /** {@link #linearForward}, unchecked. */
  protected abstract void doLinearForward(
      int rows,
      int in,
      int out,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y);

  /** {@link #linearBackwardInput}, unchecked. */
  protected abstract void doLinearBackwardInput(
      int rows, int in, int out, Buffer delta, Buffer weight, Buffer dX);

  /** {@link #linearBackwardParameters}, unchecked. */
  protected abstract void doLinearBackwardParameters(
      int rows,
      int in,
      int out,
      double alpha,
      Buffer x,
      Buffer delta,
      double beta,
      Buffer dWeight,
      Buffer dBias);
}
