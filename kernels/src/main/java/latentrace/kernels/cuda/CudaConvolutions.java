package latentrace.kernels.cuda;

import latentrace.backend.Activation;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.ConvShape;

/** conv.cu. */
final class CudaConvolutions extends ConvOps {
  /** Rows of a product up to which its tiles are narrow. */
  private static final int NARROW = 32;

  private static final int WIDE_ROWS = 64;
  private static final int WIDE_COLUMNS = 128;
  private static final int NARROW_ROWS = 16;
  private static final int NARROW_COLUMNS = 256;
  private static final int GRADIENT_ROWS = 32;
  private static final int GRADIENT_COLUMNS = 128;

  /** Positions in one group of a batch's images, at least: a number that no device changes. */
  private static final int POSITIONS_PER_GROUP = 1024;

  /** Elements of all groups' gradients: 16 MiB. */
  private static final long GROUPS_LIMIT = 1 << 22;

  private final CudaBackend backend;
  private final CudaDense dense;
  private final Launcher launcher;

  CudaConvolutions(CudaBackend backend, CudaDense dense) {
    super(backend);
    this.backend = backend;
    this.dense = dense;
    this.launcher = backend.launcher();
  }

  private static long tiles(long size, int tile) {
    return (size + tile - 1) / tile;
  }

  /** One of the four products of a weight and images; {@code columns} a part, of {@code parts}. */
  private void product(
      String kernel,
      int rows,
      long columns,
      long parts,
      ConvShape shape,
      int n,
      Buffer from,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer to) {
    boolean narrow = rows <= NARROW;
    launcher.tiles(
        narrow ? kernel + "_narrow" : kernel,
        parts
            * tiles(rows, narrow ? NARROW_ROWS : WIDE_ROWS)
            * tiles(columns, narrow ? NARROW_COLUMNS : WIDE_COLUMNS),
        Codes.of(activation),
        n,
        shape.channels(),
        shape.height(),
        shape.width(),
        shape.outChannels(),
        shape.outHeight(),
        shape.outWidth(),
        shape.kernelHeight(),
        shape.kernelWidth(),
        shape.strideHeight(),
        shape.strideWidth(),
        shape.paddingHeight(),
        shape.paddingWidth(),
        from,
        weight,
        bias,
        to);
  }

  @Override
  protected void doConv(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y) {
    long columns = (long) n * shape.positions();
    product(
        "conv_forward", shape.outChannels(), columns, 1, shape, n, x, weight, bias, activation, y);
  }

  @Override
  protected void doAdjoint(
      ConvShape shape,
      int n,
      Buffer y,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer x) {
    long phases =
        (long) Math.min(shape.strideHeight(), shape.height())
            * Math.min(shape.strideWidth(), shape.width());
    long columns =
        n * tiles(shape.height(), shape.strideHeight()) * tiles(shape.width(), shape.strideWidth());
    product(
        "conv_adjoint",
        shape.channels(),
        columns,
        phases,
        shape,
        n,
        y,
        weight,
        bias,
        activation,
        x);
  }

  /** rows[g] = the gradient over group g of {@code images} of the n images. */
  private void gradients(
      ConvShape shape, int groups, int images, int n, Buffer x, Buffer y, Object rows, long ld) {
    launcher.tiles(
        "conv_weight_gradient",
        groups
            * tiles(shape.outChannels(), GRADIENT_ROWS)
            * tiles(shape.patchSize(), GRADIENT_COLUMNS),
        groups,
        images,
        n,
        shape.channels(),
        shape.height(),
        shape.width(),
        shape.outChannels(),
        shape.outHeight(),
        shape.outWidth(),
        shape.kernelHeight(),
        shape.kernelWidth(),
        shape.strideHeight(),
        shape.strideWidth(),
        shape.paddingHeight(),
        shape.paddingWidth(),
        x,
        y,
        rows,
        ld);
  }

  @Override
  protected void doWeightGradient(
      ConvShape shape, int n, Buffer x, Buffer y, Buffer dWeight, boolean accumulate) {
    int size = shape.weightSize();
    long most = Math.max(1, GROUPS_LIMIT / size);
    int images =
        (int) Math.max(tiles(POSITIONS_PER_GROUP, shape.positions()), (n + most - 1) / most);
    int groups = (n - 1) / images + 1;
    try (DeviceMemory.Block partial =
        backend.memory().allocate((long) groups * size * Float.BYTES)) {
      gradients(shape, groups, images, n, x, y, partial, size);
      dense.columnSums(groups, size, 1, partial, accumulate ? 1 : 0, dWeight);
    }
  }

  @Override
  protected void doWeightGradientRows(
      ConvShape shape, int n, int rank, Buffer x, Buffer y, Buffer rows, int ld) {
    gradients(shape, n, rank, n * rank, x, y, rows, ld);
  }

  @Override
  protected void doChannelSums(
      int n, int channels, int positions, Buffer values, Buffer sums, boolean accumulate) {
    long planes = (long) n * channels;
    try (DeviceMemory.Block partial = backend.memory().allocate(planes * Double.BYTES)) {
      launcher.rows("plane_sums", planes, n, channels, positions, values, partial);
      dense.totals(n, channels, 1, partial, accumulate ? 1 : 0, sums);
    }
  }

  @Override
  protected void doChannelSumRows(
      int n, int rank, int channels, int positions, Buffer values, Buffer rows, int at, int ld) {
    launcher.rows(
        "channel_sum_rows",
        (long) n * channels,
        n,
        rank,
        channels,
        positions,
        1.0,
        values,
        rows,
        (long) at,
        (long) ld);
  }
}
