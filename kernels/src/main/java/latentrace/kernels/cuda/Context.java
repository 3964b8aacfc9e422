package latentrace.kernels.cuda;

import jcuda.driver.CUcontext;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import latentrace.backend.Cleanup;

/**
 * The device's primary context and the one stream that orders everything a backend does. A context
 * is current per thread: whoever calls the driver calls {@link #enter} first.
 */
final class Context implements AutoCloseable {
  final Device device;
  final CUstream stream = new CUstream();
  private final CUcontext context = new CUcontext();
  private final Cleanup cleanup = new Cleanup();

  Context(Device device) {
    this.device = device;
    try {
      Status.driver(
          JCudaDriver.cuDevicePrimaryCtxRetain(context, device.handle()),
          "cuDevicePrimaryCtxRetain");
      cleanup.add(() -> JCudaDriver.cuDevicePrimaryCtxRelease(device.handle()));
      enter();
      Status.driver(
          JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
          "cuStreamCreate");
      cleanup.add(() -> JCudaDriver.cuStreamDestroy(stream));
    } catch (RuntimeException e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /** Makes the context current on the calling thread. */
  void enter() {
    Status.driver(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /** Waits for all that has been queued; the result of {@code cuStreamSynchronize}. */
  int await() {
    return JCudaDriver.cuStreamSynchronize(stream);
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
