package latentrace.backend;

/** Pooling and upsampling of images; [N,C,H,W] is seen as N·C planes. */
public abstract class PoolOps {
  private final Backend owner;

  /** For backends. */
  protected PoolOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * y[n,c,oh,ow] = the maximum of x[n,c] under the window; padding never wins, NaN does.
   *
   * @param window with OC = C and padding at most half of its kernel
   * @param n images
   * @param x [N,C,H,W], read
   * @param y [N,C,OH,OW], overwritten
   */
  public final void maxPoolForward(ConvShape window, int n, Buffer x, Buffer y) {
    checkPool("maxPoolForward", window, n, "x", x, "y", y);
    doMaxPoolForward(window, n, x, y);
  }

  /**
   * Each dY goes to the place of its window's maximum, the first in row-major order (and NaN before
   * all), and adds up where windows overlap.
   *
   * @param x what forward read [N,C,H,W], read
   * @param dY [N,C,OH,OW], read
   * @param dX [N,C,H,W], overwritten
   */
  public final void maxPoolBackward(ConvShape window, int n, Buffer x, Buffer dY, Buffer dX) {
    String op = "maxPoolBackward";
    checkPool(op, window, n, "x", x, "dY", dY);
    Checks.holds(owner, op, "dX", "[N,C,H,W]", dX, (long) n * window.inputSize());
    doMaxPoolBackward(window, n, x, dY, dX);
  }

  /**
   * y[n,c,oh,ow] = Σ x[n,c] under the window / (KH·KW): padding counts as zeros. A window as large
   * as the image is a global average pool.
   *
   * @param window with OC = C and padding at most half of its kernel
   * @param n images
   * @param x [N,C,H,W], read
   * @param y [N,C,OH,OW], overwritten
   */
  public final void averagePoolForward(ConvShape window, int n, Buffer x, Buffer y) {
    checkPool("averagePoolForward", window, n, "x", x, "y", y);
    doAveragePoolForward(window, n, x, y);
  }

  /**
   * dX[n,c,i,j] = Σ of the dY[n,c] whose windows cover i,j / (KH·KW).
   *
   * @param dY [N,C,OH,OW], read
   * @param dX [N,C,H,W], overwritten
   */
  public final void averagePoolBackward(ConvShape window, int n, Buffer dY, Buffer dX) {
    checkPool("averagePoolBackward", window, n, "dX", dX, "dY", dY);
    doAveragePoolBackward(window, n, dY, dX);
  }

  /**
   * Enlarges each plane, as {@link Upsampling} says.
   *
   * @param planes N·C
   * @param outHeight OH ≥ H
   * @param outWidth OW ≥ W
   * @param x [planes,H,W], read
   * @param y [planes,OH,OW], overwritten
   */
  public final void upsampleForward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer x,
      Buffer y) {
    checkUpsample("upsampleForward", planes, height, width, outHeight, outWidth, x, "x", y, "y");
    doUpsampleForward(mode, planes, height, width, outHeight, outWidth, x, y);
  }

  /**
   * The transpose of {@link #upsampleForward}.
   *
   * @param dY [planes,OH,OW], read
   * @param dX [planes,H,W], overwritten
   */
  public final void upsampleBackward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer dY,
      Buffer dX) {
    checkUpsample(
        "upsampleBackward", planes, height, width, outHeight, outWidth, dX, "dX", dY, "dY");
    doUpsampleBackward(mode, planes, height, width, outHeight, outWidth, dY, dX);
  }

  private void checkPool(
      String op, ConvShape window, int n, String xName, Buffer x, String yName, Buffer y) {
    Checks.positive(op, "n", n);
    if (window.outChannels() != window.channels()) {
      throw new IllegalArgumentException(
          "%s: OC=%d of the window differs from C=%d"
              .formatted(op, window.outChannels(), window.channels()));
    }
    if (2 * window.paddingHeight() > window.kernelHeight()
        || 2 * window.paddingWidth() > window.kernelWidth()) {
      throw new IllegalArgumentException(
          "%s: padding [%d,%d] is more than half of the window [%d,%d]"
              .formatted(
                  op,
                  window.paddingHeight(),
                  window.paddingWidth(),
                  window.kernelHeight(),
                  window.kernelWidth()));
    }
    Checks.holds(owner, op, xName, "[N,C,H,W]", x, (long) n * window.inputSize());
    Checks.holds(owner, op, yName, "[N,C,OH,OW]", y, (long) n * window.outputSize());
  }

  private void checkUpsample(
      String op,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer small,
      String smallName,
      Buffer large,
      String largeName) {
    Checks.positive(op, "planes", planes);
    Checks.positive(op, "H", height);
    Checks.positive(op, "W", width);
    if (outHeight < height || outWidth < width) {
      throw new IllegalArgumentException(
          "%s: [OH,OW]=[%d,%d] is smaller than [H,W]=[%d,%d]"
              .formatted(op, outHeight, outWidth, height, width));
    }
    Checks.holds(owner, op, smallName, "[planes,H,W]", small, (long) planes * height * width);
    Checks.holds(
        owner, op, largeName, "[planes,OH,OW]", large, (long) planes * outHeight * outWidth);
  }

  /** {@link #maxPoolForward}, unchecked. */
  protected abstract void doMaxPoolForward(ConvShape window, int n, Buffer x, Buffer y);

  /** {@link #maxPoolBackward}, unchecked. */
  protected abstract void doMaxPoolBackward(
      ConvShape window, int n, Buffer x, Buffer dY, Buffer dX);

  /** {@link #averagePoolForward}, unchecked. */
  protected abstract void doAveragePoolForward(ConvShape window, int n, Buffer x, Buffer y);

  /** {@link #averagePoolBackward}, unchecked. */
  protected abstract void doAveragePoolBackward(ConvShape window, int n, Buffer dY, Buffer dX);

  /** {@link #upsampleForward}, unchecked. */
  protected abstract void doUpsampleForward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer x,
      Buffer y);

  /** {@link #upsampleBackward}, unchecked. */
  protected abstract void doUpsampleBackward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer dY,
      Buffer dX);
}
