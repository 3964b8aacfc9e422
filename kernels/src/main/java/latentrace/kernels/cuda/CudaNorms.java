package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.NormOps;

/** norms.cu. */
final class CudaNorms extends NormOps {
  /** Values that a block sums, at least: a number that no device changes. */
  private static final int VALUES_PER_BLOCK = 2048;

  /** Rows of a layer normalisation that one thread sums. */
  private static final int ROWS_PER_THREAD = 64;

  /** Numbers of a channel in the sums and statistics of norms.cu. */
  private static final long STATISTICS = 4;

  private final CudaBackend backend;
  private final Launcher launcher;

  CudaNorms(CudaBackend backend) {
    super(backend);
    this.backend = backend;
    this.launcher = backend.launcher();
  }

  private DeviceMemory.Block doubles(long length) {
    return backend.memory().allocate(length * Double.BYTES);
  }

  /**
   * Mean, inverse and, with {@code sums}, Σg and Σg·x̂ of each channel.
   *
   * @param sums whether x, and dY unless null, are summed: needed in training and for parameters
   * @param momentum of the running statistics, 0 for leaving them
   * @return [C,4] in double
   */
  private DeviceMemory.Block statistics(
      boolean training,
      boolean sums,
      int n,
      int channels,
      int positions,
      double eps,
      double momentum,
      Buffer x,
      Buffer dY,
      Buffer runningMean,
      Buffer runningVariance) {
    int images = (VALUES_PER_BLOCK + positions - 1) / positions;
    int groups = sums ? (n - 1) / images + 1 : 0;
    DeviceMemory.Block statistics = doubles(STATISTICS * channels);
    try (DeviceMemory.Block partial = doubles(STATISTICS * groups * channels)) {
      launcher.rows(
          "batch_norm_sums",
          (long) groups * channels,
          n,
          images,
          channels,
          positions,
          x,
          dY,
          partial);
      launcher.elements(
          "batch_norm_statistics",
          channels,
          training ? 1 : 0,
          groups,
          channels,
          (double) n * positions,
          eps,
          momentum,
          x,
          positions,
          partial,
          runningMean,
          runningVariance,
          statistics);
      return statistics;
    } catch (RuntimeException e) {
      statistics.close();
      throw e;
    }
  }

  @Override
  protected void doBatchNormForward(
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
    try (DeviceMemory.Block statistics =
        statistics(
            training,
            training,
            n,
            channels,
            positions,
            eps,
            momentum,
            x,
            null,
            runningMean,
            runningVariance)) {
      launcher.rows(
          "batch_norm_forward",
          (long) n * channels,
          n,
          channels,
          positions,
          x,
          weight,
          bias,
          statistics,
          y);
    }
  }

  @Override
  protected void doBatchNormBackwardInput(
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
    try (DeviceMemory.Block statistics =
        statistics(
            training,
            training,
            n,
            channels,
            positions,
            eps,
            0,
            x,
            dY,
            runningMean,
            runningVariance)) {
      launcher.rows(
          "batch_norm_backward_input",
          (long) n * channels,
          training ? 1 : 0,
          n,
          channels,
          positions,
          x,
          weight,
          statistics,
          dY,
          dX);
    }
  }

  @Override
  protected void doBatchNormBackwardParameters(
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
    try (DeviceMemory.Block statistics =
        statistics(
            training, true, n, channels, positions, eps, 0, x, dY, runningMean, runningVariance)) {
      launcher.elements(
          "batch_norm_parameters",
          channels,
          channels,
          accumulate ? 1 : 0,
          statistics,
          dWeight,
          dBias);
    }
  }

  @Override
  protected void doBatchNormGradientRows(
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
    launcher.rows(
        "batch_norm_gradient_rows",
        (long) n * channels,
        n,
        rank,
        channels,
        positions,
        eps,
        x,
        runningMean,
        runningVariance,
        dY,
        weight ? 1 : 0,
        bias ? 1 : 0,
        rows,
        (long) ld);
  }

  @Override
  protected void doLayerNormForward(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer bias, Buffer y) {
    launcher.rows("layer_norm_forward", rows, rows, features, eps, x, weight, bias, y);
  }

  @Override
  protected void doLayerNormBackwardInput(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer dY, Buffer dX) {
    launcher.rows("layer_norm_backward_input", rows, rows, features, eps, x, weight, dY, dX);
  }

  @Override
  protected void doLayerNormBackwardParameters(
      int rows,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    int groups = (rows - 1) / ROWS_PER_THREAD + 1;
    long ld = 2L * features;
    try (DeviceMemory.Block partial = backend.memory().allocate(groups * ld * Float.BYTES)) {
      layerNormRows(rows, ROWS_PER_THREAD, features, eps, x, dY, true, true, partial, ld);
      launcher.elements(
          "layer_norm_parameters",
          features,
          groups,
          features,
          accumulate ? 1 : 0,
          partial,
          dWeight,
          dBias);
    }
  }

  @Override
  protected void doLayerNormGradientRows(
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
    layerNormRows(n * rank, rank, features, eps, x, dY, weight, bias, rows, ld);
  }

  /** gradients[i] = the sum over the i-th {@code rank} of the rows. */
  private void layerNormRows(
      int rows,
      int rank,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      boolean weight,
      boolean bias,
      Object gradients,
      long ld) {
    try (DeviceMemory.Block statistics = doubles(2L * rows)) {
      launcher.rows("layer_norm_statistics", rows, rows, features, eps, x, statistics);
      launcher.elements(
          "layer_norm_gradient_rows",
          ((rows - 1) / rank + 1) * (long) features,
          rows,
          rank,
          features,
          x,
          statistics,
          dY,
          weight ? 1 : 0,
          bias ? 1 : 0,
          gradients,
          ld);
    }
  }
}
