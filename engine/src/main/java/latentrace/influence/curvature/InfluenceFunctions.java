package latentrace.influence.curvature;

import latentrace.Listener;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.InfluenceMethod;
import latentrace.influence.ScoreMatrix;

/**
 * Influence functions (Koh &amp; Liang 2017): score(x,z) = (1/N)·∇ℓ(z)ᵀC⁻¹∇ℓ(x), a first-order
 * estimate of ℓ(z; A(X∖x)) − ℓ(z; A(X)), in units of ℓ: positive marks a proponent. C is the
 * Hessian of the mean loss, plus the weight decay that it was trained with and damping; or an
 * approximation, see {@link InverseCurvature}.
 */
public final class InfluenceFunctions implements InfluenceMethod {
  /** What a score is divided by. */
  public enum Normalisation {
    /** By N: the estimate itself. */
    NONE,
    /** ‖C⁻¹∇ℓ(x)‖: θ-RelatIF (Barshan et al. 2020, eq. 8). */
    THETA_RELATIVE,
    /** √(∇ℓ(x)ᵀC⁻¹∇ℓ(x)): ℓ-RelatIF (Barshan et al. 2020, eq. 12). */
    LOSS_RELATIVE,
    /** The square roots of both sides' ∇ℓᵀC⁻¹∇ℓ: with C = I, GradCos, in [−1,1]. */
    COSINE
  }

  private final Gradients gradients;
  private final InverseCurvature curvature;
  private final Normalisation normalisation;
  private final Listener listener;

  /** Prepares scores at the model's present parameters. */
  public InfluenceFunctions(
      Gradients gradients,
      InverseCurvature curvature,
      Normalisation normalisation,
      Listener listener) {
    this.gradients = gradients;
    this.curvature = curvature;
    this.normalisation = normalisation;
    this.listener = listener;
  }

  @Override
  public ScoreMatrix scores(Dataset train, Dataset test) {
    double[][] right = gradients.all(test, Philox.ROLE_TEST_SIDE);
    double[][] solved = curvature.solve(right);
    int n = train.count();
    for (int t = 0; t < solved.length; t++) {
      Vectors.scale(solved[t], testFactor(right[t], solved[t], n));
    }
    ScoreMatrix scores = new ScoreMatrix(test.count(), n);
    int size = gradients.size();
    int tile = gradients.tile();
    var backend = gradients.model().backend();
    try (Buffer vectors = backend.allocate((long) solved.length * size);
        Buffer products = backend.allocate((long) solved.length * tile)) {
      for (int t = 0; t < solved.length; t++) {
        vectors.upload(solved[t], 0, (long) t * size, size);
      }
      double[] values = new double[solved.length * tile];
      listener.started("scores", n, 0);
      for (int from = 0; from < n; from += tile) {
        int count = Math.min(tile, n - from);
        Buffer rows = gradients.rows(train, Philox.ROLE_TRAIN_SIDE, from, count);
        backend
            .dense()
            .gemm(
                false,
                true,
                solved.length,
                count,
                size,
                1,
                vectors,
                size,
                rows,
                size,
                0,
                products,
                count);
        products.download(0, values, 0, solved.length * count);
        if (normalisation != Normalisation.NONE) {
          divide(values, gradients.toDoubles(rows, count));
        }
        scores.add(0, from, values, solved.length, count);
        listener.progressed(from + count);
      }
      listener.finished();
      scores.requireFinite();
      return scores;
    } catch (RuntimeException | Error e) {
      scores.close();
      throw e;
    }
  }

  private double testFactor(double[] right, double[] solved, int n) {
    return switch (normalisation) {
      case NONE -> 1.0 / n;
      case COSINE -> reciprocal(Math.sqrt(Math.max(0, Vectors.dot(right, solved))));
      default -> 1;
    };
  }

  /** Divides each column of values [T,count] by its training sample's measure. */
  private void divide(double[] values, double[][] rows) {
    double[][] solved = curvature.solve(rows);
    for (int i = 0; i < rows.length; i++) {
      double measure =
          normalisation == Normalisation.THETA_RELATIVE
              ? Vectors.norm(solved[i])
              : Math.sqrt(Math.max(0, Vectors.dot(rows[i], solved[i])));
      double factor = reciprocal(measure);
      for (int at = i; at < values.length; at += rows.length) {
        values[at] *= factor;
      }
    }
  }

  /** 1/x; 0 for 0, as the gradient is 0 too. */
  private static double reciprocal(double x) {
    return x == 0 ? 0 : 1 / x;
  }
}
