package latentrace.backend;

/**
 * Inner products of per-sample gradients of linear layers. The gradient of sample i is G_i = Σ_r
 * δ_ir·a_irᵀ [out,in] with bias part Σ_r δ_ir, r = 0..rank-1: a are the layer's inputs, δ the
 * gradients at its pre-activations (NUMERICS §3.1). The rank rows of one sample stand together.
 */
public abstract class GradientOps {
  private final Backend owner;

  /** For backends. */
  protected GradientOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * Writes each sample's gradient as a row: rows[i, offset .. ] = G_i row-major, then (or only) its
   * bias part.
   *
   * @param n samples
   * @param rank rows of a and delta per sample
   * @param a [n·rank,in], read
   * @param delta [n·rank,out], read
   * @param weight whether G_i is written, in·out elements
   * @param bias whether the bias part is written, out elements, after G_i if that is written too
   * @param rows [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   */
  public final void materialize(
      int n,
      int rank,
      int in,
      int out,
      Buffer a,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    String op = "materialize";
    checkFactors(op, "a", "delta", n, rank, in, out, a, delta);
    Checks.parts(op, weight, bias);
    long columns = (weight ? (long) in * out : 0) + (bias ? out : 0);
    Checks.leadingDimension(op, "ld", ld, columns);
    Checks.holds(owner, op, "rows", "[n,columns]", rows, Checks.span(n, ld, columns));
    doMaterialize(n, rank, in, out, a, delta, weight, bias, rows, ld);
  }

  /**
   * The ghost product of every pair, without making a gradient: scores[t,i] += coefficient·Σ_{r,s}
   * (weight·⟨a_tr, a'_is⟩ + bias)·⟨δ_tr, δ'_is⟩.
   *
   * @param t test samples, with rankT rows each
   * @param n training samples, with rankN rows each
   * @param aT [t·rankT,in], read
   * @param deltaT [t·rankT,out], read
   * @param aN [n·rankN,in], read
   * @param deltaN [n·rankN,out], read
   * @param weight whether the weight's gradient counts (1 or 0 in the formula)
   * @param bias whether the bias' gradient counts (1 or 0 in the formula)
   * @param scores [t,n], accumulated
   * @param ld distance between rows of scores
   */
  public final void ghostProducts(
      int t,
      int rankT,
      int n,
      int rankN,
      int in,
      int out,
      Buffer aT,
      Buffer deltaT,
      Buffer aN,
      Buffer deltaN,
      boolean weight,
      boolean bias,
      double coefficient,
      Buffer scores,
      int ld) {
    String op = "ghostProducts";
    checkFactors(op, "aT", "deltaT", t, rankT, in, out, aT, deltaT);
    checkFactors(op, "aN", "deltaN", n, rankN, in, out, aN, deltaN);
    Checks.parts(op, weight, bias);
    Checks.leadingDimension(op, "ld", ld, n);
    Checks.holds(owner, op, "scores", "[t,n]", scores, Checks.span(t, ld, n));
    doGhostProducts(
        t, rankT, n, rankN, in, out, aT, deltaT, aN, deltaN, weight, bias, coefficient, scores, ld);
  }

  /**
   * The diagonal of {@link #ghostProducts}: products[i] += coefficient·Σ_{r,s} (weight·⟨a_ir,
   * a'_is⟩ + bias)·⟨δ_ir, δ'_is⟩. With the same factors on both sides, squared gradient norms.
   *
   * @param n samples on both sides, with rank rows each
   * @param a0 [n·rank,in], read; delta0 [n·rank,out], a1, delta1 likewise
   * @param products [n], accumulated
   */
  public final void ghostDiagonal(
      int n,
      int rank,
      int in,
      int out,
      Buffer a0,
      Buffer delta0,
      Buffer a1,
      Buffer delta1,
      boolean weight,
      boolean bias,
      double coefficient,
      Buffer products) {
    String op = "ghostDiagonal";
    checkFactors(op, "a0", "delta0", n, rank, in, out, a0, delta0);
    checkFactors(op, "a1", "delta1", n, rank, in, out, a1, delta1);
    Checks.parts(op, weight, bias);
    Checks.holds(owner, op, "products", "[n]", products, n);
    doGhostDiagonal(n, rank, in, out, a0, delta0, a1, delta1, weight, bias, coefficient, products);
  }

  /**
   * products[i] += coefficient·⟨rows0[i,:], rows1[i,:]⟩.
   *
   * @param n rows
   * @param columns row length
   * @param rows0 [n,columns], read
   * @param rows1 [n,columns], read; may be rows0
   * @param ld distance between rows of both
   * @param products [n], accumulated
   */
  public final void rowDots(
      int n, int columns, Buffer rows0, Buffer rows1, int ld, double coefficient, Buffer products) {
    Checks.positive("rowDots", "n", n);
    Checks.positive("rowDots", "columns", columns);
    Checks.leadingDimension("rowDots", "ld", ld, columns);
    Checks.holds(owner, "rowDots", "rows0", "[n,columns]", rows0, Checks.span(n, ld, columns));
    Checks.holds(owner, "rowDots", "rows1", "[n,columns]", rows1, Checks.span(n, ld, columns));
    Checks.holds(owner, "rowDots", "products", "[n]", products, n);
    doRowDots(n, columns, rows0, rows1, ld, coefficient, products);
  }

  private void checkFactors(
      String op,
      String aName,
      String deltaName,
      int n,
      int rank,
      int in,
      int out,
      Buffer a,
      Buffer delta) {
    Checks.positive(op, "samples", n);
    Checks.positive(op, "rank", rank);
    Checks.positive(op, "in", in);
    Checks.positive(op, "out", out);
    Checks.holds(owner, op, aName, "[samples*rank,in]", a, (long) n * rank * in);
    Checks.holds(owner, op, deltaName, "[samples*rank,out]", delta, (long) n * rank * out);
  }

  /**
   * Bytes of {@link Backend#memoryBudget} that {@link #ghostProducts} takes while it runs, of these
   * sizes.
   */
  public long ghostProductsMemory(int t, int rankT, int n, int rankN, boolean weight) {
    return 0;
  }

  /** Bytes that {@link #ghostDiagonal} takes while it runs, see {@link #ghostProductsMemory}. */
  public long ghostDiagonalMemory(int n, int rank, boolean weight) {
    return 0;
  }

  /** {@link #materialize}, unchecked. */
  protected abstract void doMaterialize(
      int n,
      int rank,
      int in,
      int out,
      Buffer a,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld);

  /** {@link #ghostProducts}, unchecked. */
  protected abstract void doGhostProducts(
      int t,
      int rankT,
      int n,
      int rankN,
      int in,
      int out,
      Buffer aT,
      Buffer deltaT,
      Buffer aN,
      Buffer deltaN,
      boolean weight,
      boolean bias,
      double coefficient,
      Buffer scores,
      int ld);

  /** {@link #ghostDiagonal}, unchecked. */
  protected abstract void doGhostDiagonal(
      int n,
      int rank,
      int in,
      int out,
      Buffer a0,
      Buffer delta0,
      Buffer a1,
      Buffer delta1,
      boolean weight,
      boolean bias,
      double coefficient,
      Buffer products);

  /** {@link #rowDots}, unchecked. */
  protected abstract void doRowDots(
      int n, int columns, Buffer rows0, Buffer rows1, int ld, double coefficient, Buffer products);
}
