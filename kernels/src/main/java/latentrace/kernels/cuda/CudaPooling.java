package latentrace.kernels.cuda;

import java.util.Arrays;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.backend.PoolOps;
import latentrace.backend.Upsampling;

/** pooling.cu. */
final class CudaPooling extends PoolOps {
  private final CudaBackend backend;
  private final Launcher launcher;

  CudaPooling(CudaBackend backend) {
    super(backend);
    this.backend = backend;
    this.launcher = backend.launcher();
  }

  private void pool(String kernel, long elements, ConvShape window, int n, Object... ends) {
    Object[] sizes = {
      Math.multiplyExact(n, window.channels()),
      window.height(),
      window.width(),
      window.outHeight(),
      window.outWidth(),
      window.kernelHeight(),
      window.kernelWidth(),
      window.strideHeight(),
      window.strideWidth(),
      window.paddingHeight(),
      window.paddingWidth()
    };
    Object[] arguments = Arrays.copyOf(sizes, sizes.length + ends.length);
    System.arraycopy(ends, 0, arguments, sizes.length, ends.length);
    launcher.elements(kernel, elements, arguments);
  }

  @Override
  protected void doMaxPoolForward(ConvShape window, int n, Buffer x, Buffer y) {
    pool("max_pool_forward", (long) n * window.outputSize(), window, n, x, y, null);
  }

  @Override
  protected void doMaxPoolBackward(ConvShape window, int n, Buffer x, Buffer dY, Buffer dX) {
    long outputs = (long) n * window.outputSize();
    try (DeviceMemory.Block places = backend.memory().allocate(outputs * Integer.BYTES)) {
      pool("max_pool_forward", outputs, window, n, x, null, places);
      pool("max_pool_backward", (long) n * window.inputSize(), window, n, places, dY, dX);
    }
  }

  @Override
  protected void doAveragePoolForward(ConvShape window, int n, Buffer x, Buffer y) {
    boolean whole =
        window.kernelHeight() == window.height() && window.kernelWidth() == window.width();
    if (whole && window.positions() == 1) { // a plane for a thread would be slow
      int plane = window.height() * window.width();
      int channels = window.channels();
      launcher.rows(
          "channel_sum_rows",
          (long) n * channels,
          n,
          1,
          channels,
          plane,
          1.0 / plane,
          x,
          y,
          0L,
          (long) channels);
    } else {
      pool("average_pool_forward", (long) n * window.outputSize(), window, n, x, y);
    }
  }

  @Override
  protected void doAveragePoolBackward(ConvShape window, int n, Buffer dY, Buffer dX) {
    pool("average_pool_backward", (long) n * window.inputSize(), window, n, dY, dX);
  }

  @Override
  protected void doUpsampleForward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer x,
      Buffer y) {
    launcher.elements(
        "upsample_forward",
        (long) planes * outHeight * outWidth,
        Codes.of(mode),
        planes,
        height,
        width,
        outHeight,
        outWidth,
        x,
        y);
  }

  @Override
  protected void doUpsampleBackward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer dY,
      Buffer dX) {
    launcher.elements(
        "upsample_backward",
        (long) planes * height * width,
        Codes.of(mode),
        planes,
        height,
        width,
        outHeight,
        outWidth,
        dY,
        dX);
  }
}
