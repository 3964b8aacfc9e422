package latentrace.influence.fidelity;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * A gradient G = leftᵀ·right of m rows each, by its k largest singular values: the closest matrix
 * of rank k (Eckart–Young), from the QR decompositions of the two factors and the SVD of an m×m
 * matrix, without G. Inner products of gradients then cost k² instead of m² products of rows.
 *
 * @param left [k,L]
 * @param right [k,R], orthonormal rows
 * @param error ‖G − leftᵀ·right‖ in Frobenius norm: the root of the squares of the singular values
 *     left out
 * @param norm ‖G‖
 */
public record LowRankFactors(DMatrixRMaj left, DMatrixRMaj right, double error, double norm) {
  /**
   * Compresses.
   *
   * @param left [m,L], read
   * @param right [m,R], read
   * @param rank k; fewer if G has no more singular values
   */
  public static LowRankFactors of(DMatrixRMaj left, DMatrixRMaj right, int rank) {
    DMatrixRMaj[] l = thin(left);
    DMatrixRMaj[] r = thin(right);
    DMatrixRMaj core = new DMatrixRMaj(l[1].numRows, r[1].numRows);
    CommonOps_DDRM.multTransB(l[1], r[1], core);
    SingularValueDecomposition_F64<DMatrixRMaj> svd =
        DecompositionFactory_DDRM.svd(core.numRows, core.numCols, true, true, true);
    svd.decompose(core.copy());
    DMatrixRMaj u = svd.getU(null, false);
    DMatrixRMaj w = svd.getW(null);
    DMatrixRMaj v = svd.getV(null, false);
    SingularOps_DDRM.descendingOrder(u, false, w, v, false);
    int values = Math.min(w.numRows, w.numCols);
    int kept = Math.min(rank, values);
    double lost = 0;
    double all = 0;
    for (int s = 0; s < values; s++) {
      double square = w.get(s, s) * w.get(s, s);
      all += square;
      lost += s < kept ? 0 : square;
      for (int row = 0; row < u.numRows; row++) {
        u.set(row, s, u.get(row, s) * w.get(s, s));
      }
    }
    return new LowRankFactors(
        rows(l[0], u, kept), rows(r[0], v, kept), Math.sqrt(lost), Math.sqrt(all));
  }

  /** Q [n,q] and R [q,m] of factorᵀ [n,m], q = min(n,m). */
  private static DMatrixRMaj[] thin(DMatrixRMaj factor) {
    DMatrixRMaj columns = new DMatrixRMaj(factor.numCols, factor.numRows);
    CommonOps_DDRM.transpose(factor, columns);
    QRDecomposition<DMatrixRMaj> qr =
        DecompositionFactory_DDRM.qr(columns.numRows, columns.numCols);
    qr.decompose(columns);
    return new DMatrixRMaj[] {qr.getQ(null, true), qr.getR(null, true)};
  }

  /** The first {@code kept} columns of basis·vectors, as rows. */
  private static DMatrixRMaj rows(DMatrixRMaj basis, DMatrixRMaj vectors, int kept) {
    DMatrixRMaj columns = CommonOps_DDRM.extract(vectors, 0, vectors.numRows, 0, kept);
    DMatrixRMaj rows = new DMatrixRMaj(kept, basis.numRows);
    CommonOps_DDRM.multTransAB(columns, basis, rows);
    return rows;
  }

  /** ⟨G, G'⟩ = Σ_{r,s} ⟨left_r, left'_s⟩·⟨right_r, right'_s⟩. */
  public double dot(LowRankFactors other) {
    double sum = 0;
    for (int r = 0; r < left.numRows; r++) {
      for (int s = 0; s < other.left.numRows; s++) {
        sum += dot(left, r, other.left, s) * dot(right, r, other.right, s);
      }
    }
    return sum;
  }

  private static double dot(DMatrixRMaj a, int i, DMatrixRMaj b, int j) {
    double sum = 0;
    int from = i * a.numCols;
    int other = j * b.numCols;
    for (int c = 0; c < a.numCols; c++) {
      sum += a.data[from + c] * b.data[other + c];
    }
    return sum;
  }
}
