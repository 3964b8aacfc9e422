package latentrace.kernels.cuda;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;
import latentrace.backend.BackendProvider.ProductMath;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.Names;
import latentrace.backend.Operations;

/** The GPU backend: single precision, one device, one stream; any thread may call it. */
final class CudaBackend implements Backend {
  /** Rows of a product that fill a large GPU. */
  private static final int SAMPLES_AT_A_TIME = 1024;

  private static final double MILLIS = 1e3;

  private final Cleanup cleanup = new Cleanup();
  private final Context context;
  private final Launcher launcher;
  private final DeviceMemory memory;
  private final Staging staging;
  private final Operations operations;
  private final ProductMath math;
  private boolean closed;

  /**
   * Takes the device, and gives back what it took if that fails half-way.
   *
   * @throws BackendException with the reason
   */
  CudaBackend(BackendProvider.Options options) {
    try {
      math = options.math();
      context = new Context(device());
      cleanup.add(context::close);
      KernelSource source = KernelSource.load();
      byte[] image =
          new KernelCompiler(KernelCache.ofUser()).compile(source, context.device.capability());
      launcher = new Launcher(context, source, image);
      cleanup.add(launcher::close);
      memory = new DeviceMemory(context, options.deviceMemory());
      cleanup.add(memory::close);
      staging = new Staging(context, launcher, memory);
      cleanup.add(staging::close);
      Cublas cublas = new Cublas(context, math);
      cleanup.add(cublas::close);
      CudaDense dense = new CudaDense(this, cublas);
      CudaRandom random = new CudaRandom(this, context);
      cleanup.add(random::close);
      operations =
          new Operations(
              dense,
              new CudaActivations(this),
              new CudaLosses(this),
              new CudaLatents(this),
              new CudaOptimizers(this),
              random,
              new CudaConvolutions(this, dense),
              new CudaPooling(this),
              new CudaNorms(this),
              new CudaRecurrent(this),
              new CudaGradients(this, dense));
    } catch (RuntimeException | LinkageError e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  private static Device device() {
    try {
      return Device.find();
    } catch (BackendException e) {
      throw new BackendException("cuda: " + e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return CudaBackendProvider.NAME;
  }

  @Override
  public String description() {
    return context.device.description() + (math == ProductMath.TF32 ? ", products in TF32" : "");
  }

  @Override
  public String math() {
    return Names.id(math);
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT32;
  }

  @Override
  public long memoryBudget() {
    return memory.available();
  }

  @Override
  public long memoryOf(long length) {
    return DeviceMemory.rounded(length * Float.BYTES);
  }

  @Override
  public boolean behindBus() {
    return true;
  }

  @Override
  public int samplesAtATime() {
    return SAMPLES_AT_A_TIME;
  }

  @Override
  public DeviceTime timed(Runnable work) {
    context.enter();
    try (Cleanup events = new Cleanup()) {
      CUevent begin = event(events);
      CUevent end = event(events);
      staging.beginTiming();
      launcher.check(JCudaDriver.cuEventRecord(begin, context.stream), "cuEventRecord");
      work.run();
      context.enter();
      launcher.check(JCudaDriver.cuEventRecord(end, context.stream), "cuEventRecord");
      launcher.check(context.await(), "cuStreamSynchronize");
      float[] millis = new float[1];
      launcher.check(JCudaDriver.cuEventElapsedTime(millis, begin, end), "cuEventElapsedTime");
      return new DeviceTime(millis[0] / MILLIS, staging.endTiming());
    }
  }

  private CUevent event(Cleanup events) {
    CUevent event = new CUevent();
    launcher.check(
        JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
    events.add(() -> JCudaDriver.cuEventDestroy(event));
    return event;
  }

  @Override
  public Buffer allocate(long length) {
    if (length < 0 || length > Long.MAX_VALUE / Float.BYTES) {
      throw new BackendException("cuda: a buffer of %d elements".formatted(length));
    }
    CudaBuffer buffer = scratch(length);
    try {
      buffer.fill(0);
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
    return buffer;
  }

  /** As {@link #allocate}, holding whatever the memory held. */
  CudaBuffer scratch(long length) {
    return new CudaBuffer(this, memory.allocate(length * Float.BYTES), length);
  }

  /** Device memory, for operations that need some while they run. */
  DeviceMemory memory() {
    return memory;
  }

  Launcher launcher() {
    return launcher;
  }

  Staging staging() {
    return staging;
  }

  /** Queues setting {@code length} floats to {@code value}. */
  void fill(CUdeviceptr target, long length, float value) {
    if (length > 0) {
      context.enter();
      launcher.check(
          JCudaDriver.cuMemsetD32Async(
              target, Float.floatToRawIntBits(value), length, context.stream),
          "cuMemsetD32Async");
    }
  }

  /** Queues copying {@code length} floats. */
  void copy(CUdeviceptr source, CUdeviceptr target, long length) {
    if (length > 0) {
      context.enter();
      launcher.check(
          JCudaDriver.cuMemcpyDtoDAsync(target, source, length * Float.BYTES, context.stream),
          "cuMemcpyDtoDAsync");
    }
  }

  @Override
  public Operations operations() {
    return operations;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      cleanup.add(context::await); // nothing goes that is still being used
      cleanup.add(context::enter);
      cleanup.close();
    }
  }
}
