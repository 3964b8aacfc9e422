package latentrace.nn;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/**
 * A layer with a weight and, for most, a bias, whose gradients of single samples influence is made
 * from.
 */
public interface ParametricLayer extends Layer {
  /**
   * Writes each sample's gradient as a row, after a backward pass: rows[i, ..] = the weight's, then
   * (or only) the bias', summed over the sample's {@code rank} rows of x, which stand together.
   *
   * @param n samples
   * @param rank rows of x per sample
   * @param x what forward read [n·rank,inputSize], read
   * @param delta what backward left at the pre-activation [n·rank,outputSize], read
   * @param weight whether the weight's part is written
   * @param bias whether the bias' part is written
   * @param rows [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   * @throws IllegalStateException if a sample has no gradient of its own
   */
  void gradientRows(
      Backend backend,
      int n,
      int rank,
      Buffer x,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld);
}
