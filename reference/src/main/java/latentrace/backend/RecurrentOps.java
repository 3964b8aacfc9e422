package latentrace.backend;

/**
 * The element-wise part of a long short-term memory's time step (Hochreiter &amp; Schmidhuber 1997,
 * with the forget gate of Gers et al. 2000), as PyTorch's {@code nn.LSTM} computes it; the products
 * are {@link DenseOps#gemm}. With z the pre-activations of the four gates in the order i, f, g, o:
 *
 * <ul>
 *   <li>i = sigmoid(z_i), f = sigmoid(z_f), g = tanh(z_g), o = sigmoid(z_o);
 *   <li>c = f∘c' + i∘g, c' the cell state of the step before;
 *   <li>h = o∘tanh(c).
 * </ul>
 *
 * <p>Every argument is a matrix with a distance between its rows of its own, so that one step of
 * sequences [rows,T,H] is its slice from t·H on, with rows T·H apart.
 */
public abstract class RecurrentOps {
  private final Backend owner;

  /** For backends. */
  protected RecurrentOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * One step forward.
   *
   * @param rows sequences
   * @param hidden H
   * @param gates [rows,4H]: z less the bias, read, then overwritten by [i | f | g | o]
   * @param ldGates distance between rows of gates
   * @param bias [4H], added to z, read
   * @param previous c' [rows,H], read; null for zeros
   * @param cell c [rows,H], overwritten
   * @param ldCell distance between rows of previous and of cell
   * @param h [rows,H], overwritten
   * @param ldH distance between rows of h
   * @param next h once more, where the next step reads it [rows,H], overwritten; null if not wanted
   * @param ldNext distance between rows of next
   */
  public final void lstmCellForward(
      int rows,
      int hidden,
      Buffer gates,
      int ldGates,
      Buffer bias,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer h,
      int ldH,
      Buffer next,
      int ldNext) {
    String op = "lstmCellForward";
    checkStates(op, rows, hidden, gates, ldGates, previous, cell, ldCell);
    Checks.holds(owner, op, "bias", "[4H]", bias, 4L * hidden);
    checkMatrix(op, "h", "[rows,H]", rows, hidden, h, "ldH", ldH);
    if (next != null) {
      checkMatrix(op, "next", "[rows,H]", rows, hidden, next, "ldNext", ldNext);
    }
    doLstmCellForward(
        rows, hidden, gates, ldGates, bias, previous, cell, ldCell, h, ldH, next, ldNext);
  }

  /**
   * One step backward. With dC what arrives at c from the step after and e = dC + dH∘o∘(1 −
   * tanh²(c)), the gradient at c:
   *
   * <ul>
   *   <li>δ_i = e∘g∘i∘(1 − i), δ_f = e∘c'∘f∘(1 − f), δ_g = e∘i∘(1 − g²), δ_o = dH∘tanh(c)∘o∘(1 −
   *       o);
   *   <li>dC = e∘f, what goes on to the step before.
   * </ul>
   *
   * @param rows sequences
   * @param hidden H
   * @param gates [i | f | g | o] of the forward step [rows,4H], read
   * @param delta gradient at z [rows,4H], overwritten; may be gates
   * @param ldGates distance between rows of gates and of delta
   * @param previous c' [rows,H], read; null for zeros
   * @param cell c [rows,H], read
   * @param ldCell distance between rows of previous and of cell
   * @param dH gradient at h [rows,H], read
   * @param ldDH distance between rows of dH
   * @param dC [rows,H] without gaps, read and overwritten
   */
  public final void lstmCellBackward(
      int rows,
      int hidden,
      Buffer gates,
      Buffer delta,
      int ldGates,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer dH,
      int ldDH,
      Buffer dC) {
    String op = "lstmCellBackward";
    checkStates(op, rows, hidden, gates, ldGates, previous, cell, ldCell);
    checkMatrix(op, "delta", "[rows,4H]", rows, 4L * hidden, delta, "ldGates", ldGates);
    checkMatrix(op, "dH", "[rows,H]", rows, hidden, dH, "ldDH", ldDH);
    checkMatrix(op, "dC", "[rows,H]", rows, hidden, dC, "H", hidden);
    doLstmCellBackward(rows, hidden, gates, delta, ldGates, previous, cell, ldCell, dH, ldDH, dC);
  }

  private void checkStates(
      String op,
      int rows,
      int hidden,
      Buffer gates,
      int ldGates,
      Buffer previous,
      Buffer cell,
      int ldCell) {
    Checks.positive(op, "rows", rows);
    Checks.positive(op, "hidden", hidden);
    checkMatrix(op, "gates", "[rows,4H]", rows, 4L * hidden, gates, "ldGates", ldGates);
    checkMatrix(op, "cell", "[rows,H]", rows, hidden, cell, "ldCell", ldCell);
    if (previous != null) {
      checkMatrix(op, "previous", "[rows,H]", rows, hidden, previous, "ldCell", ldCell);
    }
  }

  private void checkMatrix(
      String op,
      String name,
      String shape,
      int rows,
      long columns,
      Buffer buffer,
      String ldName,
      int ld) {
    Checks.leadingDimension(op, ldName, ld, columns);
    Checks.holds(owner, op, name, shape, buffer, Checks.span(rows, ld, columns));
  }

  /** {@link #lstmCellForward}, unchecked. */
  protected abstract void doLstmCellForward(
      int rows,
      int hidden,
      Buffer gates,
      int ldGates,
      Buffer bias,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer h,
      int ldH,
      Buffer next,
      int ldNext);

  /** {@link #lstmCellBackward}, unchecked. */
  protected abstract void doLstmCellBackward(
      int rows,
      int hidden,
      Buffer gates,
      Buffer delta,
      int ldGates,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer dH,
      int ldDH,
      Buffer dC);
}
