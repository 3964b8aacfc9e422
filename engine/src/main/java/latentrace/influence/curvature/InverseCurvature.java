package latentrace.influence.curvature;

/**
 * The inverse of a curvature matrix C [P,P], symmetric and, for all but an indefinite Hessian,
 * positive definite: of a loss' Hessian, or of something that stands for it.
 */
@FunctionalInterface
public interface InverseCurvature {
  /** C = I: gradients as they are. */
  InverseCurvature IDENTITY =
      vectors -> {
        double[][] same = new double[vectors.length][];
        for (int i = 0; i < same.length; i++) {
          same[i] = vectors[i].clone();
        }
        return same;
      };

  /**
   * C⁻¹v of several vectors.
   *
   * @param vectors [k][P], read
   * @return [k][P], new
   */
  double[][] solve(double[][] vectors);
}
