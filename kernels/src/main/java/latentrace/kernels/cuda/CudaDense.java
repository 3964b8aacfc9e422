package latentrace.kernels.cuda;

import latentrace.backend.Activation;
import latentrace.backend.Buffer;
import latentrace.backend.DenseOps;

/** Products by cuBLAS; bias and activation in one kernel after it. */
final class CudaDense extends DenseOps {
  /** Rows that one block sums: a number that no device changes, so that results do not. */
  private static final int ROWS_PER_CHUNK = 512;

  /** Columns of a block: columns.cu. */
  private static final int COLUMNS = 32;

  private static final int COLUMNS_OF_PARTIAL_SUMS = 8;

  private final CudaBackend backend;
  private final Cublas cublas;

  CudaDense(CudaBackend backend, Cublas cublas) {
    super(backend);
    this.backend = backend;
    this.cublas = cublas;
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
    cublas.gemm(
        transA,
        transB,
        m,
        n,
        k,
        alpha,
        ((CudaBuffer) a).pointer,
        lda,
        strideA,
        ((CudaBuffer) b).pointer,
        ldb,
        strideB,
        beta,
        ((CudaBuffer) c).pointer,
        ldc,
        strideC,
        batch);
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
    doGemm(false, true, rows, out, in, 1, x, in, 0, weight, in, 0, 0, y, out, 0, 1);
    backend
        .launcher()
        .rows("bias_activation_forward", rows, Codes.of(activation), rows, out, bias, y);
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
    columnSums(rows, out, (float) alpha, delta, (float) beta, dBias);
  }

  /** sums [columns] = alpha·Σ_r x [rows,columns] + beta·sums. */
  void columnSums(int rows, int columns, float alpha, Object x, float beta, Buffer sums) {
    Launcher launcher = backend.launcher();
    long groups = (columns + COLUMNS - 1L) / COLUMNS;
    if (rows <= ROWS_PER_CHUNK) {
      launcher.tiles("column_sums", groups, rows, columns, alpha, x, beta, sums);
      return;
    }
    int chunks = (rows - 1) / ROWS_PER_CHUNK + 1;
    try (DeviceMemory.Block partial =
        backend.memory().allocate((long) chunks * columns * Double.BYTES)) {
      launcher.tiles(
          "column_sums_partial", chunks * groups, rows, columns, ROWS_PER_CHUNK, x, partial);
      totals(chunks, columns, alpha, partial, beta, sums);
    }
  }

  /** sums [columns] = alpha·Σ_k partial [chunks,columns] + beta·sums; partial sums are doubles. */
  void totals(
      int chunks, int columns, float alpha, DeviceMemory.Block partial, float beta, Buffer sums) {
    long groups = (columns + COLUMNS_OF_PARTIAL_SUMS - 1L) / COLUMNS_OF_PARTIAL_SUMS;
    backend
        .launcher()
        .tiles("column_sums_total", groups, chunks, columns, alpha, partial, beta, sums);
  }
}
