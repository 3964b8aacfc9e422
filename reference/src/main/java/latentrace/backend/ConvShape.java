package latentrace.backend;

/**
 * Geometry of a convolution x [N,C,H,W] → y [N,OC,OH,OW] with OH = ⌊(H + 2·PH − KH)/SH⌋ + 1, OW
 * likewise; no dilation, no groups. A transposed convolution is the adjoint of one, from y's shape
 * to x's, with the same weight [OC,C,KH,KW] in memory; a pooling window has OC = C.
 *
 * @param channels C
 * @param height H
 * @param width W
 * @param outChannels OC
 * @param kernelHeight KH
 * @param kernelWidth KW
 * @param strideHeight SH
 * @param strideWidth SW
 * @param paddingHeight PH, zeros on both sides
 * @param paddingWidth PW, zeros on both sides
 */
public record ConvShape(
    int channels,
    int height,
    int width,
    int outChannels,
    int kernelHeight,
    int kernelWidth,
    int strideHeight,
    int strideWidth,
    int paddingHeight,
    int paddingWidth) {
  private static final int SIZES = 8;

  /** Checks that every extent fits: sizes and products below 2³¹, at least one output position. */
  public ConvShape {
    int[] extents = {
      channels, height, width, outChannels, kernelHeight, kernelWidth, strideHeight, strideWidth
    };
    String[] names = {"C", "H", "W", "OC", "KH", "KW", "SH", "SW"};
    for (int i = 0; i < SIZES; i++) {
      Checks.positive("conv shape", names[i], extents[i]);
    }
    Checks.notNegative("conv shape", "PH", paddingHeight);
    Checks.notNegative("conv shape", "PW", paddingWidth);
    requireInside("KH", kernelHeight, "H", height, "PH", paddingHeight);
    requireInside("KW", kernelWidth, "W", width, "PW", paddingWidth);
    requireInt("C*H*W", (double) channels * height * width);
    requireInt("OC*C*KH*KW", (double) outChannels * channels * kernelHeight * kernelWidth);
    requireInt(
        "OC*OH*OW",
        (double) outChannels
            * extent(height, kernelHeight, strideHeight, paddingHeight)
            * extent(width, kernelWidth, strideWidth, paddingWidth));
  }

  private static void requireInside(
      String kernelName, int kernel, String sizeName, int size, String paddingName, int padding) {
    if (kernel > (long) size + 2L * padding) {
      throw new IllegalArgumentException(
          "conv shape: %s=%d does not fit %s=%d with %s=%d on both sides"
              .formatted(kernelName, kernel, sizeName, size, paddingName, padding));
    }
  }

  private static void requireInt(String name, double product) {
    if (product > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "conv shape: %s=%.0f is more than 2^31-1".formatted(name, product));
    }
  }

  private static int extent(int size, int kernel, int stride, int padding) {
    return (int) (((long) size + 2L * padding - kernel) / stride) + 1;
  }

  /** A convolution with a square kernel. */
  public static ConvShape square(
      int channels, int height, int width, int outChannels, int kernel, int stride, int padding) {
    return new ConvShape(
        channels, height, width, outChannels, kernel, kernel, stride, stride, padding, padding);
  }

  /** A square pooling window. */
  public static ConvShape window(
      int channels, int height, int width, int kernel, int stride, int padding) {
    return square(channels, height, width, channels, kernel, stride, padding);
  }

  /**
   * The convolution whose adjoint is the transposed convolution [N,fromChannels,fromHeight,
   * fromWidth] → [N,toChannels,H,W], H = (fromHeight − 1)·SH − 2·PH + KH + outputPaddingHeight and
   * W likewise (PyTorch's ConvTranspose2d).
   *
   * @param kernel KH, KW
   * @param stride SH, SW
   * @param padding PH, PW
   * @param outputPadding rows and columns added at the end, each less than the stride
   */
  public static ConvShape transposed(
      int fromChannels,
      int fromHeight,
      int fromWidth,
      int toChannels,
      int[] kernel,
      int[] stride,
      int[] padding,
      int[] outputPadding) {
    int[] from = {fromHeight, fromWidth};
    int[] to = new int[2];
    for (int i = 0; i < 2; i++) {
      Checks.positive("conv transpose shape", "input size", from[i]);
      Checks.positive("conv transpose shape", "stride", stride[i]);
      if (outputPadding[i] < 0 || outputPadding[i] >= stride[i]) {
        throw new IllegalArgumentException(
            "conv transpose shape: output padding %d must be at least 0 and less than stride %d"
                .formatted(outputPadding[i], stride[i]));
      }
      to[i] =
          Math.toIntExact(
              (from[i] - 1L) * stride[i] - 2L * padding[i] + kernel[i] + outputPadding[i]);
    }
    return new ConvShape(
        toChannels,
        to[0],
        to[1],
        fromChannels,
        kernel[0],
        kernel[1],
        stride[0],
        stride[1],
        padding[0],
        padding[1]);
  }

  /** {@link #transposed(int, int, int, int, int[], int[], int[], int[])} with square extents. */
  public static ConvShape transposed(
      int fromChannels,
      int fromHeight,
      int fromWidth,
      int toChannels,
      int kernel,
      int stride,
      int padding,
      int outputPadding) {
    return transposed(
        fromChannels,
        fromHeight,
        fromWidth,
        toChannels,
        new int[] {kernel, kernel},
        new int[] {stride, stride},
        new int[] {padding, padding},
        new int[] {outputPadding, outputPadding});
  }

  /** OH. */
  public int outHeight() {
    return extent(height, kernelHeight, strideHeight, paddingHeight);
  }

  /** OW. */
  public int outWidth() {
    return extent(width, kernelWidth, strideWidth, paddingWidth);
  }

  /** OH·OW. */
  public int positions() {
    return outHeight() * outWidth();
  }

  /** C·H·W. */
  public int inputSize() {
    return channels * height * width;
  }

  /** OC·OH·OW. */
  public int outputSize() {
    return outChannels * positions();
  }

  /** C·KH·KW: the values under the kernel at one position. */
  public int patchSize() {
    return channels * kernelHeight * kernelWidth;
  }

  /** OC·C·KH·KW. */
  public int weightSize() {
    return outChannels * patchSize();
  }
}
