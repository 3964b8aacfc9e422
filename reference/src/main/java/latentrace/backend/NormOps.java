package latentrace.backend;

/**
 * Batch and layer normalisation: x̂ = (x − mean)/√(variance + eps), y = weight·x̂ + bias.
 * Statistics are taken again from x in backward instead of being kept.
 */
public abstract class NormOps {
  private final Backend owner;

  /** For backends. */
  protected NormOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * Batch normalisation of images [N,C,P], P = H·W. In training, mean and (biased) variance of each
   * channel are taken over N and P, and running = (1 − momentum)·running + momentum·statistic, with
   * the unbiased variance; else they are the running ones.
   *
   * @param training whether the statistics are the batch's; needs N·P &gt; 1
   * @param x [N,C,P], read
   * @param weight [C], read
   * @param bias [C], read
   * @param runningMean [C], updated in training, else read
   * @param runningVariance [C], updated in training, else read
   * @param y [N,C,P], overwritten
   */
  public final void batchNormForward(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      double momentum,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer y) {
    String op = "batchNormForward";
    checkBatch(op, training, n, channels, positions, x, runningMean, runningVariance);
    Checks.holds(owner, op, "weight", "[C]", weight, channels);
    Checks.holds(owner, op, "bias", "[C]", bias, channels);
    Checks.holds(owner, op, "y", "[N,C,P]", y, (long) n * channels * positions);
    doBatchNormForward(
        training,
        n,
        channels,
        positions,
        eps,
        momentum,
        x,
        weight,
        bias,
        runningMean,
        runningVariance,
        y);
  }

  /**
   * dX = weight/√(variance + eps)·dY, in training less what flows through the statistics: dX =
   * weight/√(variance + eps)·(dY − mean(dY) − x̂·mean(dY·x̂)), means over N and P.
   *
   * @param x what forward read [N,C,P], read
   * @param weight [C], read
   * @param runningMean [C], read unless training
   * @param runningVariance [C], read unless training
   * @param dY [N,C,P], read
   * @param dX [N,C,P], overwritten; may be dY
   */
  public final void batchNormBackwardInput(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer weight,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dX) {
    String op = "batchNormBackwardInput";
    checkBatch(op, training, n, channels, positions, x, runningMean, runningVariance);
    long size = (long) n * channels * positions;
    Checks.holds(owner, op, "weight", "[C]", weight, channels);
    Checks.holds(owner, op, "dY", "[N,C,P]", dY, size);
    Checks.holds(owner, op, "dX", "[N,C,P]", dX, size);
    doBatchNormBackwardInput(
        training, n, channels, positions, eps, x, weight, runningMean, runningVariance, dY, dX);
  }

  /**
   * dWeight (+)= Σ_{n,p} dY·x̂, dBias (+)= Σ_{n,p} dY.
   *
   * @param x what forward read [N,C,P], read
   * @param runningMean [C], read unless training
   * @param runningVariance [C], read unless training
   * @param dY [N,C,P], read
   * @param dWeight [C]
   * @param dBias [C]
   * @param accumulate whether dWeight and dBias are added to instead of overwritten
   */
  public final void batchNormBackwardParameters(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    String op = "batchNormBackwardParameters";
    checkBatch(op, training, n, channels, positions, x, runningMean, runningVariance);
    Checks.holds(owner, op, "dY", "[N,C,P]", dY, (long) n * channels * positions);
    Checks.holds(owner, op, "dWeight", "[C]", dWeight, channels);
    Checks.holds(owner, op, "dBias", "[C]", dBias, channels);
    doBatchNormBackwardParameters(
        training,
        n,
        channels,
        positions,
        eps,
        x,
        runningMean,
        runningVariance,
        dY,
        dWeight,
        dBias,
        accumulate);
  }

  /**
   * Each sample's parameter gradient as a row, summed over its {@code rank} images: rows[i, ..] =
   * dWeight_i, then (or only) dBias_i. Statistics are the running ones: in training a sample has no
   * gradient of its own.
   *
   * @param n samples
   * @param rank images per sample
   * @param x [n·rank,C,P], read
   * @param runningMean [C], read
   * @param runningVariance [C], read
   * @param dY [n·rank,C,P], read
   * @param weight whether dWeight_i is written, C elements
   * @param bias whether dBias_i is written, C elements, after dWeight_i if that is written too
   * @param rows [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   */
  public final void batchNormGradientRows(
      int n,
      int rank,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    String op = "batchNormGradientRows";
    checkRows(op, n, rank, channels, weight, bias, rows, ld);
    int images = Math.multiplyExact(n, rank);
    checkBatch(op, false, images, channels, positions, x, runningMean, runningVariance);
    Checks.holds(owner, op, "dY", "[N,C,P]", dY, (long) images * channels * positions);
    doBatchNormGradientRows(
        n,
        rank,
        channels,
        positions,
        eps,
        x,
        runningMean,
        runningVariance,
        dY,
        weight,
        bias,
        rows,
        ld);
  }

  /**
   * Layer normalisation of each row over its D features (for images C·H·W), with the row's mean and
   * biased variance.
   *
   * @param x [rows,D], read
   * @param weight [D], read
   * @param bias [D], read
   * @param y [rows,D], overwritten
   */
  public final void layerNormForward(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer bias, Buffer y) {
    String op = "layerNormForward";
    checkLayer(op, rows, features, x);
    Checks.holds(owner, op, "weight", "[D]", weight, features);
    Checks.holds(owner, op, "bias", "[D]", bias, features);
    Checks.holds(owner, op, "y", "[rows,D]", y, (long) rows * features);
    doLayerNormForward(rows, features, eps, x, weight, bias, y);
  }

  /**
   * dX = (g − mean(g) − x̂·mean(g·x̂))/√(variance + eps), g = weight·dY, means over a row.
   *
   * @param x what forward read [rows,D], read
   * @param weight [D], read
   * @param dY [rows,D], read
   * @param dX [rows,D], overwritten; may be dY
   */
  public final void layerNormBackwardInput(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer dY, Buffer dX) {
    String op = "layerNormBackwardInput";
    checkLayer(op, rows, features, x);
    Checks.holds(owner, op, "weight", "[D]", weight, features);
    Checks.holds(owner, op, "dY", "[rows,D]", dY, (long) rows * features);
    Checks.holds(owner, op, "dX", "[rows,D]", dX, (long) rows * features);
    doLayerNormBackwardInput(rows, features, eps, x, weight, dY, dX);
  }

  /**
   * dWeight (+)= Σ_r dY·x̂, dBias (+)= Σ_r dY.
   *
   * @param x what forward read [rows,D], read
   * @param dY [rows,D], read
   * @param dWeight [D]
   * @param dBias [D]
   * @param accumulate whether dWeight and dBias are added to instead of overwritten
   */
  public final void layerNormBackwardParameters(
      int rows,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    String op = "layerNormBackwardParameters";
    checkLayer(op, rows, features, x);
    Checks.holds(owner, op, "dY", "[rows,D]", dY, (long) rows * features);
    Checks.holds(owner, op, "dWeight", "[D]", dWeight, features);
    Checks.holds(owner, op, "dBias", "[D]", dBias, features);
    doLayerNormBackwardParameters(rows, features, eps, x, dY, dWeight, dBias, accumulate);
  }

  /**
   * Each sample's parameter gradient as a row, summed over its {@code rank} rows of x: rows[i, ..]
   * = dWeight_i, then (or only) dBias_i.
   *
   * @param n samples
   * @param rank rows of x per sample
   * @param x [n·rank,D], read
   * @param dY [n·rank,D], read
   * @param weight whether dWeight_i is written, D elements
   * @param bias whether dBias_i is written, D elements, after dWeight_i if that is written too
   * @param rows [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   */
  public final void layerNormGradientRows(
      int n,
      int rank,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    String op = "layerNormGradientRows";
    checkRows(op, n, rank, features, weight, bias, rows, ld);
    int count = Math.multiplyExact(n, rank);
    checkLayer(op, count, features, x);
    Checks.holds(owner, op, "dY", "[rows,D]", dY, (long) count * features);
    doLayerNormGradientRows(n, rank, features, eps, x, dY, weight, bias, rows, ld);
  }

  private void checkBatch(
      String op,
      boolean training,
      int n,
      int channels,
      int positions,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance) {
    Checks.positive(op, "n", n);
    Checks.positive(op, "channels", channels);
    Checks.positive(op, "positions", positions);
    if (training && (long) n * positions == 1) {
      throw new IllegalArgumentException(
          op + ": training needs more than one value per channel: n=1, positions=1");
    }
    Checks.holds(owner, op, "x", "[N,C,P]", x, (long) n * channels * positions);
    Checks.holds(owner, op, "runningMean", "[C]", runningMean, channels);
    Checks.holds(owner, op, "runningVariance", "[C]", runningVariance, channels);
  }

  private void checkLayer(String op, int rows, int features, Buffer x) {
    Checks.positive(op, "rows", rows);
    Checks.positive(op, "features", features);
    Checks.holds(owner, op, "x", "[rows,D]", x, (long) rows * features);
  }

  private void checkRows(
      String op, int n, int rank, int size, boolean weight, boolean bias, Buffer rows, int ld) {
    Checks.positive(op, "samples", n);
    Checks.positive(op, "rank", rank);
    Checks.parts(op, weight, bias);
    long columns = (weight ? (long) size : 0) + (bias ? size : 0);
    Checks.leadingDimension(op, "ld", ld, columns);
    Checks.holds(owner, op, "rows", "[n,columns]", rows, Checks.span(n, ld, columns));
  }

  /** {@link #batchNormForward}, unchecked. */
  protected abstract void doBatchNormForward(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      double momentum,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer y);

  /** {@link #batchNormBackwardInput}, unchecked. */
  protected abstract void doBatchNormBackwardInput(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer weight,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dX);

  /** {@link #batchNormBackwardParameters}, unchecked. */
  protected abstract void doBatchNormBackwardParameters(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate);

  /** {@link #batchNormGradientRows}, unchecked. */
  protected abstract void doBatchNormGradientRows(
      int n,
      int rank,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld);

  /** {@link #layerNormForward}, unchecked. */
  protected abstract void doLayerNormForward(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer bias, Buffer y);

  /** {@link #layerNormBackwardInput}, unchecked. */
  protected abstract void doLayerNormBackwardInput(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer dY, Buffer dX);

  /** {@link #layerNormBackwardParameters}, unchecked. */
  protected abstract void doLayerNormBackwardParameters(
      int rows,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate);

  /** {@link #layerNormGradientRows}, unchecked. */
  protected abstract void doLayerNormGradientRows(
      int n,
      int rank,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld);
}
