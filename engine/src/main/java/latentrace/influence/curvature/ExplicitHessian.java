package latentrace.influence.curvature;

import latentrace.Listener;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.linsol.LinearSolverDense;

/** (H + λI)⁻¹ by Cholesky of the whole matrix: exact, for up to {@link #MOST} parameters. */
public final class ExplicitHessian implements InverseCurvature {
  /** P at most: 4,096² doubles are 128 MiB. */
  public static final int MOST = 4096;

  private final DMatrixRMaj matrix;
  private final LinearSolverDense<DMatrixRMaj> solver;

  /**
   * Computes H of the mean loss over {@code data} column by column, and factors H + λI.
   *
   * @throws InputException if P is above {@link #MOST}, or H + λI is not positive definite
   */
  public ExplicitHessian(HessianProducts products, Dataset data, Listener listener) {
    int size = products.size();
    requireSmall(size);
    matrix = new DMatrixRMaj(size, size);
    double[] unit = new double[size];
    listener.started("Hessian", size, 0);
    for (int j = 0; j < size; j++) {
      unit[j] = 1;
      double[] column = products.times(data, unit);
      unit[j] = 0;
      for (int i = 0; i < size; i++) {
        matrix.add(i, j, column[i] / 2);
        matrix.add(j, i, column[i] / 2);
      }
      listener.progressed(j + 1);
    }
    listener.finished();
    solver = LinearSolverFactory_DDRM.chol(size);
    if (!solver.setA(matrix.copy())) {
      throw new InputException(
          "the Hessian with damping %s is not positive definite, its smallest eigenvalue is %.3g:"
                  .formatted(products.damping(), smallestEigenvalue())
              + " give more --damping, or train to a minimum");
    }
  }

  /**
   * Refuses too many parameters.
   *
   * @throws InputException if they are more than {@link #MOST}
   */
  public static void requireSmall(long size) {
    if (size > MOST) {
      throw new InputException(
          "an explicit Hessian of %d parameters is too large, %d at most: take another solver, or"
                  .formatted(size, MOST)
              + " fewer by --parameters last:K");
    }
  }

  /** H + λI [P,P], row-major; a copy. */
  public double[] matrix() {
    return matrix.data.clone();
  }

  private double smallestEigenvalue() {
    EigenDecomposition_F64<DMatrixRMaj> eigen =
        DecompositionFactory_DDRM.eig(matrix.numRows, false, true);
    eigen.decompose(matrix.copy());
    double smallest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < eigen.getNumberOfEigenvalues(); i++) {
      smallest = Math.min(smallest, eigen.getEigenvalue(i).getReal());
    }
    return smallest;
  }

  @Override
  public double[][] solve(double[][] vectors) {
    DMatrixRMaj right = new DMatrixRMaj(matrix.numRows, 1);
    DMatrixRMaj solution = new DMatrixRMaj(matrix.numRows, 1);
    double[][] solutions = new double[vectors.length][];
    for (int k = 0; k < vectors.length; k++) {
      System.arraycopy(vectors[k], 0, right.data, 0, matrix.numRows);
      solver.solve(right, solution);
      solutions[k] = solution.data.clone();
    }
    return solutions;
  }
}
