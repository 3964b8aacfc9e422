package latentrace.model;

import latentrace.backend.Reconstruction;
import latentrace.data.InputException;

/**
 * Roots R of the Hessians of losses at what a model puts out, H = R·Rᵀ: R·p of a probe p. With p
 * the unit vectors in turn their outer products add up to H; with random signs they have the mean
 * H.
 */
final class LossCurvature {
  private LossCurvature() {}

  /**
   * Of a reconstruction loss at the decoder's output o. For {@code gaussian} the sigmoid counts as
   * a part of the network: its curvature is left out, as in every Gauss–Newton matrix.
   *
   * @param scale factor on the loss
   * @param output o, read
   * @param probe p, read from {@code from} on
   * @param target R·p, overwritten
   * @param at where o, and R·p, begin
   * @throws InputException for l1, which has no curvature
   */
  static void reconstruction(
      Reconstruction loss,
      double scale,
      double[] output,
      double[] probe,
      int from,
      double[] target,
      int at,
      int count) {
    for (int i = 0; i < count; i++) {
      double s = 1 / (1 + Math.exp(-output[at + i]));
      double root =
          switch (loss) {
            case BERNOULLI -> Math.sqrt(scale * s * (1 - s));
            case GAUSSIAN -> Math.sqrt(2 * scale) * s * (1 - s);
            case MSE -> Math.sqrt(2 * scale);
            case L1 ->
                throw new InputException(
                    "the l1 loss has no curvature: choose a method without one, or"
                        + " --attribution-loss mse");
          };
      target[at + i] = root * probe[from + i];
    }
  }

  /**
   * Of the cross-entropy of a softmax at the logits, H = diag(π) − ππᵀ: R·p = (Σ_k √π_k p_k)·π −
   * √π∘p.
   *
   * @param logits [rows,classes], read
   * @param probe [rows,classes], read
   * @param target [rows,classes], overwritten
   */
  static void softmax(double scale, int classes, double[] logits, double[] probe, double[] target) {
    for (int row = 0; row < logits.length; row += classes) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int k = row; k < row + classes; k++) {
        largest = Math.max(largest, logits[k]);
      }
      double sum = 0;
      for (int k = row; k < row + classes; k++) {
        sum += Math.exp(logits[k] - largest);
      }
      double mixed = 0;
      for (int k = row; k < row + classes; k++) {
        mixed += Math.sqrt(Math.exp(logits[k] - largest) / sum) * probe[k];
      }
      for (int k = row; k < row + classes; k++) {
        double p = Math.exp(logits[k] - largest) / sum;
        target[k] = Math.sqrt(scale) * (mixed * p - Math.sqrt(p) * probe[k]);
      }
    }
  }

  /**
   * Of coefficient·KL(N(μ, e^lv) ‖ N(0, I)) at h = [μ | lv], H = diag(1, ½e^lv): added to a
   * gradient there.
   *
   * @param h [μ | lv] of one sample, 2d values from {@code at} on, read
   * @param probe p, read from {@code from} on
   * @param gradient R·p is added to it from {@code at} on
   */
  static void addKl(
      double coefficient, int d, double[] h, double[] probe, int from, double[] gradient, int at) {
    double root = Math.sqrt(coefficient);
    for (int l = 0; l < d; l++) {
      gradient[at + l] += root * probe[from + l];
      gradient[at + d + l] += root * Math.sqrt(Math.exp(h[at + d + l]) / 2) * probe[from + d + l];
    }
  }
}
