package latentrace.reference;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.DenseOps;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.mult.MatrixMatrixMult_DDRM;
import org.ejml.dense.row.mult.MatrixMatrixMult_MT_DDRM;

/** Matrix products: operands are laid out plainly, then multiplied by EJML. */
final class EjmlDense extends DenseOps {
  /** Multiplications below which a second thread costs more than it brings. */
  private static final long PARALLEL_FROM = 1 << 16;

  private final boolean parallel;
  private final DMatrixRMaj left = new DMatrixRMaj(1, 1);
  private final DMatrixRMaj right = new DMatrixRMaj(1, 1);
  private final DMatrixRMaj product = new DMatrixRMaj(1, 1);

  EjmlDense(Backend owner, boolean parallel) {
    super(owner);
    this.parallel = parallel;
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
    EjmlBuffer target = (EjmlBuffer) c;
    for (int i = 0; i < batch; i++) {
      multiply(
          plain((EjmlBuffer) a, i * strideA, transA, m, k, lda, left),
          plain((EjmlBuffer) b, i * strideB, transB, k, n, ldb, right));
      int base = target.offset + (int) (i * strideC);
      for (int row = 0; row < m; row++) {
        int from = row * n;
        int to = base + row * ldc;
        for (int j = 0; j < n; j++) {
          double value = alpha * product.data[from + j];
          target.data[to + j] = beta == 0 ? value : value + beta * target.data[to + j];
        }
      }
    }
  }

  /** op(source) as a [rows,columns] matrix without gaps: a view where it is one, else a copy. */
  private static DMatrixRMaj plain(
      EjmlBuffer source,
      long position,
      boolean transposed,
      int rows,
      int columns,
      int ld,
      DMatrixRMaj scratch) {
    int base = source.offset + (int) position;
    if (!transposed && base == 0 && ld == columns) {
      return DMatrixRMaj.wrap(rows, columns, source.data);
    }
    scratch.reshape(rows, columns);
    if (transposed) {
      for (int j = 0; j < columns; j++) {
        int from = base + j * ld;
        for (int i = 0; i < rows; i++) {
          scratch.data[i * columns + j] = source.data[from + i];
        }
      }
    } else {
      for (int i = 0; i < rows; i++) {
        System.arraycopy(source.data, base + i * ld, scratch.data, i * columns, columns);
      }
    }
    return scratch;
  }

  /** product = left·right, each element summed in the order of k. */
  private void multiply(DMatrixRMaj a, DMatrixRMaj b) {
    product.reshape(a.numRows, b.numCols);
    long multiplications = (long) a.numRows * a.numCols * b.numCols;
    if (parallel && a.numRows > 1 && multiplications >= PARALLEL_FROM) {
      MatrixMatrixMult_MT_DDRM.mult_reorder(a, b, product);
    } else {
      MatrixMatrixMult_DDRM.mult_reorder(a, b, product);
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
    doGemm(false, true, rows, out, in, 1, x, in, 0, weight, in, 0, 0, y, out, 0, 1);
    EjmlBuffer result = (EjmlBuffer) y;
    EjmlBuffer shift = (EjmlBuffer) bias;
    for (int r = 0; r < rows; r++) {
      int base = result.offset + r * out;
      for (int j = 0; j < out; j++) {
        result.data[base + j] =
            activation.value(result.data[base + j] + shift.data[shift.offset + j]);
      }
    }
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
    columnSums(alpha, (EjmlBuffer) delta, 0, rows, out, beta, (EjmlBuffer) dBias, 0);
  }

  /**
   * target[j] = alpha·Σ_r source[r,j] + beta·target[j] for the [rows,columns] matrix at {@code
   * from}.
   */
  static void columnSums(
      double alpha,
      EjmlBuffer source,
      int from,
      int rows,
      int columns,
      double beta,
      EjmlBuffer target,
      int to) {
    for (int j = 0; j < columns; j++) {
      double sum = 0;
      for (int r = 0; r < rows; r++) {
        sum += source.data[source.offset + from + r * columns + j];
      }
      int at = target.offset + to + j;
      target.data[at] = alpha * sum + (beta == 0 ? 0 : beta * target.data[at]);
    }
  }
}
