package latentrace.influence.curvature;

import java.util.ArrayList;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.model.Pass;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * The inverse of an eigenvalue-corrected Kronecker factorisation of the Gauss–Newton matrix (George
 * et al. 2018; for influence, Grosse et al. 2023): per layer C ≈ (Q_S⊗Q_A)·Λ·(Q_S⊗Q_A)ᵀ, Q the
 * eigenvectors of S = E[δδᵀ] and A = E[ããᵀ], and Λ the mean squares of gradients in that basis. A
 * convolution's positions count as independent (Grosse &amp; Martens 2016). Where a layer's matrix
 * is a Kronecker product, as for a linear model with squared errors, it is exact.
 *
 * <p>Gradients are those of the model's own outputs, not of the data: {@link Pass#gaussNewton}. An
 * expectation over probes is a mean over random signs, or exact, over all directions.
 */
public final class EkFac implements InverseCurvature {
  /**
   * How to estimate and invert.
   *
   * @param damping added to all eigenvalues
   * @param relativeDamping times the mean eigenvalue of a layer, added to its own
   * @param probes random probes per sample, or {@link #EVERY_DIRECTION}
   * @param seed of the probes
   */
  public record Settings(double damping, double relativeDamping, int probes, long seed) {
    /** No randomness: as many probes as a sample has outputs. */
    public static final int EVERY_DIRECTION = 0;

    /** Checks the ranges. */
    public Settings {
      if (!(damping >= 0 && relativeDamping >= 0) || probes < EVERY_DIRECTION) {
        throw new IllegalArgumentException(
            "ekfac: damping %s, relative damping %s, %d probes, expected none negative"
                .formatted(damping, relativeDamping, probes));
      }
    }
  }

  /** A block in its eigenbasis. */
  private static final class Factored {
    final KroneckerBlock block;
    final DMatrixRMaj left;
    final DMatrixRMaj right;
    final DMatrixRMaj eigenvalues;

    Factored(KroneckerBlock block) {
      this.block = block;
      left = new DMatrixRMaj(block.left(), block.left());
      right = new DMatrixRMaj(block.right(), block.right());
      eigenvalues = new DMatrixRMaj(block.left(), block.right());
    }
  }

  private final Gradients gradients;
  private final Dataset data;
  private final Settings settings;
  private final List<KroneckerBlock> kronecker;
  private final List<Factored> blocks = new ArrayList<>();
  private final DMatrixRMaj left = new DMatrixRMaj(1, 1);
  private final DMatrixRMaj right = new DMatrixRMaj(1, 1);
  private final DMatrixRMaj leftProjected = new DMatrixRMaj(1, 1);
  private final DMatrixRMaj rightProjected = new DMatrixRMaj(1, 1);
  private final DMatrixRMaj gradient = new DMatrixRMaj(1, 1);

  /** Factors the curvature of the mean loss over {@code data}, in two passes over it. */
  public EkFac(Gradients gradients, Dataset data, Settings settings, Listener listener) {
    this.gradients = gradients;
    this.data = data;
    this.settings = settings;
    this.kronecker = KroneckerBlock.of(gradients);
    kronecker.forEach(block -> blocks.add(new Factored(block)));
    listener.started("EK-FAC", 2L * data.count(), 0);
    visit(listener, 0, this::addFactors);
    for (Factored block : blocks) {
      toEigenvectors(block.left);
      toEigenvectors(block.right);
    }
    visit(listener, data.count(), this::addSquares);
    listener.finished();
  }

  /** What is done with the factors of one sample and probe, in {@link #left} and {@link #right}. */
  private interface Visitor {
    void visit(Factored block, double weight);
  }

  /** Runs all samples and probes; weights add up to 1, or to the number of directions. */
  private void visit(Listener listener, long done, Visitor visitor) {
    for (int from = 0; from < data.count(); from += gradients.tile()) {
      int count = Math.min(gradients.tile(), data.count() - from);
      Pass pass = gradients.run(data, Philox.ROLE_TRAIN_SIDE, from, count, Pass.Wanted.LOSSES);
      int directions = pass.curvatureDirections();
      boolean every = settings.probes() == Settings.EVERY_DIRECTION;
      int probes = every ? directions : settings.probes();
      double weight = 1.0 / data.count() / (every ? 1 : probes);
      for (int k = 0; k < probes; k++) {
        pass.gaussNewton(gradients.objective(), probe(pass, directions, k, every));
        KroneckerBlock.load(kronecker, gradients, pass);
        for (Factored block : blocks) {
          for (int i = 0; i < count; i++) {
            block.block.factors(i, left, right);
            visitor.visit(block, weight);
          }
        }
      }
      listener.progressed(done + from + count);
    }
  }

  private double[] probe(Pass pass, int directions, int k, boolean every) {
    double[] probe = new double[pass.count() * directions];
    for (int i = 0; i < pass.count(); i++) {
      if (every) {
        probe[i * directions + k] = 1;
        continue;
      }
      long substream = (long) pass.sampleIndices()[i] * settings.probes() + k;
      PhiloxRandom random = new PhiloxRandom(settings.seed(), Philox.ROLE_PROBE, substream);
      for (int j = 0; j < directions; j++) {
        probe[i * directions + j] = random.nextInt() < 0 ? -1 : 1;
      }
    }
    return probe;
  }

  /** S and A, to a factor, which eigenvectors do not depend on. */
  private void addFactors(Factored block, double weight) {
    CommonOps_DDRM.multAddTransA(weight, left, left, block.left);
    CommonOps_DDRM.multAddTransA(weight, right, right, block.right);
  }

  /** Λ += weight·(Q_SᵀGQ_A)². */
  private void addSquares(Factored block, double weight) {
    leftProjected.reshape(left.numRows, block.left.numCols);
    rightProjected.reshape(right.numRows, block.right.numCols);
    CommonOps_DDRM.mult(left, block.left, leftProjected);
    CommonOps_DDRM.mult(right, block.right, rightProjected);
    gradient.reshape(block.left.numCols, block.right.numCols);
    CommonOps_DDRM.multTransA(leftProjected, rightProjected, gradient);
    for (int e = 0; e < gradient.getNumElements(); e++) {
      block.eigenvalues.data[e] += weight * gradient.data[e] * gradient.data[e];
    }
  }

  private static void toEigenvectors(DMatrixRMaj symmetric) {
    int size = symmetric.numRows;
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(size, true, true);
    if (!eigen.decompose(symmetric.copy())) {
      throw new InputException(
          "EK-FAC: no eigenvectors of a factor of size " + size + ": are all gradients finite?");
    }
    for (int k = 0; k < size; k++) {
      CommonOps_DDRM.insert(eigen.getEigenVector(k), symmetric, 0, k);
    }
  }

  @Override
  public double[][] solve(double[][] vectors) {
    double[][] solutions = new double[vectors.length][gradients.size()];
    for (Factored block : blocks) {
      double damping =
          settings.damping()
              + settings.relativeDamping()
                  * CommonOps_DDRM.elementSum(block.eigenvalues)
                  / block.eigenvalues.getNumElements();
      DMatrixRMaj half = block.eigenvalues.createLike();
      DMatrixRMaj turned = block.eigenvalues.createLike();
      for (int k = 0; k < vectors.length; k++) {
        CommonOps_DDRM.multTransA(block.left, block.block.gather(vectors[k]), half);
        CommonOps_DDRM.mult(half, block.right, turned);
        for (int e = 0; e < turned.getNumElements(); e++) {
          double eigenvalue = block.eigenvalues.data[e] + damping;
          turned.data[e] = turned.data[e] == 0 ? 0 : turned.data[e] / eigenvalue;
        }
        CommonOps_DDRM.mult(block.left, turned, half);
        CommonOps_DDRM.multTransB(half, block.right, turned);
        block.block.scatter(turned, solutions[k]);
      }
    }
    return solutions;
  }
}
