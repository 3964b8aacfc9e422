package latentrace.backend;

/**
 * Convolutions and transposed convolutions. With i = oh·SH − PH + kh and j = ow·SW − PW + kw, and x
 * zero outside its image, both come from one linear map of a {@link ConvShape}:
 *
 * <ul>
 *   <li>conv: (Wx)[n,oc,oh,ow] = Σ_{c,kh,kw} weight[oc,c,kh,kw]·x[n,c,i,j];
 *   <li>its adjoint: (Wᵀy)[n,c,i,j] = the sum of weight[oc,c,kh,kw]·y[n,oc,oh,ow] over all
 *       oc,oh,ow,kh,kw that meet at i,j;
 *   <li>gradient at the weight: Σ_{n,oh,ow} y[n,oc,oh,ow]·x[n,c,i,j].
 * </ul>
 *
 * <p>A conv2d maps x to y and has a bias [OC]; a convTranspose2d maps y to x (its input is
 * [N,OC,OH,OW], its output [N,C,H,W]) and has a bias [C]. The weight is [OC,C,KH,KW] in both, which
 * is PyTorch's layout in both.
 */
public abstract class ConvOps {
  private final Backend owner;

  /** For backends. */
  protected ConvOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * y = f(Wx + bias).
   *
   * @param n images
   * @param x [N,C,H,W], read
   * @param weight [OC,C,KH,KW], read
   * @param bias [OC], read; null for none
   * @param y [N,OC,OH,OW], overwritten
   */
  public final void conv2dForward(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y) {
    String op = "conv2dForward";
    checkImages(op, shape, n, "x", x, "y", y);
    checkParameters(op, shape, "weight", weight, bias == null ? null : "bias", bias, false);
    doConv(shape, n, x, weight, bias, activation, y);
  }

  /**
   * dX = Wᵀ·delta.
   *
   * @param n images
   * @param delta gradient at the pre-activation [N,OC,OH,OW], read
   * @param weight [OC,C,KH,KW], read
   * @param dX [N,C,H,W], overwritten
   */
  public final void conv2dBackwardInput(
      ConvShape shape, int n, Buffer delta, Buffer weight, Buffer dX) {
    String op = "conv2dBackwardInput";
    checkImages(op, shape, n, "dX", dX, "delta", delta);
    checkParameters(op, shape, "weight", weight, null, null, false);
    doAdjoint(shape, n, delta, weight, null, Activation.IDENTITY, dX);
  }

  /**
   * dWeight (+)= Σ_{n,oh,ow} delta[n,oc,oh,ow]·x[n,c,i,j], dBias[oc] (+)= Σ_{n,oh,ow} delta.
   *
   * @param n images
   * @param x [N,C,H,W], read
   * @param delta gradient at the pre-activation [N,OC,OH,OW], read
   * @param dWeight [OC,C,KH,KW]
   * @param dBias [OC]; null for none
   * @param accumulate whether dWeight and dBias are added to instead of overwritten
   */
  public final void conv2dBackwardParameters(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer delta,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    String op = "conv2dBackwardParameters";
    checkImages(op, shape, n, "x", x, "delta", delta);
    checkParameters(op, shape, "dWeight", dWeight, dBias == null ? null : "dBias", dBias, false);
    doWeightGradient(shape, n, x, delta, dWeight, accumulate);
    if (dBias != null) {
      doChannelSums(n, shape.outChannels(), shape.positions(), delta, dBias, accumulate);
    }
  }

  /**
   * Each sample's parameter gradient as a row, summed over the {@code rank} images of the sample
   * (its draws), which stand together: rows[i, ..] = dWeight_i row-major, then (or only) dBias_i.
   *
   * @param n samples
   * @param rank images per sample
   * @param x [n·rank,C,H,W], read
   * @param delta [n·rank,OC,OH,OW], read
   * @param weight whether dWeight_i is written, OC·C·KH·KW elements
   * @param bias whether dBias_i is written, OC elements, after dWeight_i if that is written too
   * @param rows [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   */
  public final void conv2dGradientRows(
      ConvShape shape,
      int n,
      int rank,
      Buffer x,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    String op = "conv2dGradientRows";
    checkRows(op, shape, n, rank, weight, bias, shape.outChannels(), rows, ld);
    checkImages(op, shape, Math.multiplyExact(n, rank), "x", x, "delta", delta);
    int biasAt = weight ? shape.weightSize() : 0;
    if (weight) {
      doWeightGradientRows(shape, n, rank, x, delta, rows, ld);
    }
    if (bias) {
      doChannelSumRows(n, rank, shape.outChannels(), shape.positions(), delta, rows, biasAt, ld);
    }
  }

  /**
   * y = f(Wᵀx + bias).
   *
   * @param shape the convolution it is the adjoint of, see {@link ConvShape#transposed}
   * @param n images
   * @param x [N,OC,OH,OW], read
   * @param weight [OC,C,KH,KW], read
   * @param bias [C], read
   * @param y [N,C,H,W], overwritten
   */
  public final void convTranspose2dForward(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y) {
    String op = "convTranspose2dForward";
    checkImages(op, shape, n, "y", y, "x", x);
    checkParameters(op, shape, "weight", weight, "bias", bias, true);
    doAdjoint(shape, n, x, weight, bias, activation, y);
  }

  /**
   * dX = W·delta.
   *
   * @param shape the convolution it is the adjoint of
   * @param n images
   * @param delta gradient at the pre-activation [N,C,H,W], read
   * @param weight [OC,C,KH,KW], read
   * @param dX [N,OC,OH,OW], overwritten
   */
  public final void convTranspose2dBackwardInput(
      ConvShape shape, int n, Buffer delta, Buffer weight, Buffer dX) {
    String op = "convTranspose2dBackwardInput";
    checkImages(op, shape, n, "delta", delta, "dX", dX);
    checkParameters(op, shape, "weight", weight, null, null, true);
    doConv(shape, n, delta, weight, null, Activation.IDENTITY, dX);
  }

  /**
   * dWeight (+)= Σ_{n,oh,ow} x[n,oc,oh,ow]·delta[n,c,i,j], dBias[c] (+)= Σ_{n,i,j} delta[n,c,i,j].
   *
   * @param shape the convolution it is the adjoint of
   * @param n images
   * @param x [N,OC,OH,OW], read
   * @param delta gradient at the pre-activation [N,C,H,W], read
   * @param dWeight [OC,C,KH,KW]
   * @param dBias [C]
   * @param accumulate whether dWeight and dBias are added to instead of overwritten
   */
  public final void convTranspose2dBackwardParameters(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer delta,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    String op = "convTranspose2dBackwardParameters";
    checkImages(op, shape, n, "delta", delta, "x", x);
    checkParameters(op, shape, "dWeight", dWeight, "dBias", dBias, true);
    doWeightGradient(shape, n, delta, x, dWeight, accumulate);
    doChannelSums(n, shape.channels(), shape.height() * shape.width(), delta, dBias, accumulate);
  }

  /**
   * {@link #conv2dGradientRows} of a transposed convolution.
   *
   * @param shape the convolution it is the adjoint of
   * @param n samples
   * @param rank images per sample
   * @param x [n·rank,OC,OH,OW], read
   * @param delta [n·rank,C,H,W], read
   * @param weight whether dWeight_i is written, OC·C·KH·KW elements
   * @param bias whether dBias_i is written, C elements, after dWeight_i if that is written too
   * @param rows [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   */
  public final void convTranspose2dGradientRows(
      ConvShape shape,
      int n,
      int rank,
      Buffer x,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    String op = "convTranspose2dGradientRows";
    checkRows(op, shape, n, rank, weight, bias, shape.channels(), rows, ld);
    checkImages(op, shape, Math.multiplyExact(n, rank), "delta", delta, "x", x);
    int biasAt = weight ? shape.weightSize() : 0;
    if (weight) {
      doWeightGradientRows(shape, n, rank, delta, x, rows, ld);
    }
    if (bias) {
      doChannelSumRows(
          n, rank, shape.channels(), shape.height() * shape.width(), delta, rows, biasAt, ld);
    }
  }

  private void checkImages(
      String op, ConvShape shape, int n, String xName, Buffer x, String yName, Buffer y) {
    Checks.positive(op, "n", n);
    Checks.holds(owner, op, xName, "[N,C,H,W]", x, (long) n * shape.inputSize());
    Checks.holds(owner, op, yName, "[N,OC,OH,OW]", y, (long) n * shape.outputSize());
  }

  private void checkParameters(
      String op,
      ConvShape shape,
      String weightName,
      Buffer weight,
      String biasName,
      Buffer bias,
      boolean transposed) {
    Checks.holds(owner, op, weightName, "[OC,C,KH,KW]", weight, shape.weightSize());
    if (biasName != null) {
      int size = transposed ? shape.channels() : shape.outChannels();
      Checks.holds(owner, op, biasName, transposed ? "[C]" : "[OC]", bias, size);
    }
  }

  private void checkRows(
      String op,
      ConvShape shape,
      int n,
      int rank,
      boolean weight,
      boolean bias,
      int biasSize,
      Buffer rows,
      int ld) {
    Checks.positive(op, "samples", n);
    Checks.positive(op, "rank", rank);
    Checks.parts(op, weight, bias);
    long columns = (weight ? (long) shape.weightSize() : 0) + (bias ? biasSize : 0);
    Checks.leadingDimension(op, "ld", ld, columns);
    Checks.holds(owner, op, "rows", "[n,columns]", rows, Checks.span(n, ld, columns));
  }

  /** y = f(Wx + bias), unchecked; bias may be null. */
  protected abstract void doConv(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y);

  /** x = f(Wᵀy + bias), unchecked; bias may be null. */
  protected abstract void doAdjoint(
      ConvShape shape,
      int n,
      Buffer y,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer x);

  /** dWeight (+)= Σ_{n,oh,ow} y[n,oc,oh,ow]·x[n,c,i,j], unchecked. */
  protected abstract void doWeightGradient(
      ConvShape shape, int n, Buffer x, Buffer y, Buffer dWeight, boolean accumulate);

  /** The same per sample of {@code rank} images, as rows, unchecked. */
  protected abstract void doWeightGradientRows(
      ConvShape shape, int n, int rank, Buffer x, Buffer y, Buffer rows, int ld);

  /** sums[c] (+)= Σ_{n,p} values[n,c,p], unchecked. */
  protected abstract void doChannelSums(
      int n, int channels, int positions, Buffer values, Buffer sums, boolean accumulate);

  /** rows[i,at + c] = the same over the {@code rank} images of sample i, unchecked. */
  protected abstract void doChannelSumRows(
      int n, int rank, int channels, int positions, Buffer values, Buffer rows, int at, int ld);
}
