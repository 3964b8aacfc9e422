package latentrace.kernels.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import latentrace.backend.BackendException;
import latentrace.backend.Cleanup;

/**
 * The loaded kernels and the one way to launch them: arguments are checked against the signature in
 * the source, and what fails is named with kernel, grid and block.
 */
final class Launcher implements AutoCloseable {
  /** Threads of a block that works on one element per thread. */
  static final int ELEMENT_THREADS = 256;

  /** Threads of a block that sums: SUM_THREADS in common.cuh. */
  static final int SUM_THREADS = 128;

  private static final int BLOCKS_PER_MULTIPROCESSOR = 16;

  private record Kernel(CUfunction function, List<KernelSource.Parameter> parameters) {}

  private final Context context;
  private final int mostBlocks;
  private final CUmodule module = new CUmodule();
  private final Cleanup cleanup = new Cleanup();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private String lastKernel;
  private int lastGrid;
  private int lastBlock;

  /**
   * Loads every kernel.
   *
   * @param image what {@link KernelCompiler} made of the source
   */
  Launcher(Context context, KernelSource source, byte[] image) {
    this.context = context;
    this.mostBlocks = BLOCKS_PER_MULTIPROCESSOR * context.device.multiprocessors();
    context.enter();
    try {
      Status.driver(JCudaDriver.cuModuleLoadData(module, image), "cuModuleLoadData");
      cleanup.add(() -> JCudaDriver.cuModuleUnload(module));
      source
          .signatures()
          .forEach(
              (name, parameters) -> {
                CUfunction function = new CUfunction();
                Status.driver(
                    JCudaDriver.cuModuleGetFunction(function, module, name),
                    "cuModuleGetFunction " + name);
                kernels.put(name, new Kernel(function, parameters));
              });
    } catch (RuntimeException e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /** A kernel with a grid-stride loop over {@code elements}; none, no launch. */
  void elements(String kernel, long elements, Object... arguments) {
    launch(kernel, (elements + ELEMENT_THREADS - 1) / ELEMENT_THREADS, ELEMENT_THREADS, arguments);
  }

  /** A kernel in which a block works on one of {@code rows} at a time; none, no launch. */
  void rows(String kernel, long rows, Object... arguments) {
    launch(kernel, rows, SUM_THREADS, arguments);
  }

  /**
   * Queues one launch.
   *
   * @param arguments Integer, Long, Float, Double as in the kernel's signature; for a pointer a
   *     {@link CudaBuffer}, a {@link DeviceMemory.Block}, a device pointer or null
   * @throws IllegalArgumentException if they do not fit the signature
   * @throws BackendException if the driver refuses it
   */
  private void launch(String name, long blocks, int threads, Object... arguments) {
    Kernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException("launch: no kernel is called " + name);
    }
    Pointer packed = pack(name, kernel.parameters, arguments);
    if (blocks == 0) {
      return;
    }
    lastKernel = name;
    lastGrid = (int) Math.min(blocks, mostBlocks);
    lastBlock = threads;
    context.enter();
    check(
        JCudaDriver.cuLaunchKernel(
            kernel.function, lastGrid, 1, 1, lastBlock, 1, 1, 0, context.stream, packed, null),
        "cuLaunchKernel");
  }

  private static Pointer pack(
      String kernel, List<KernelSource.Parameter> parameters, Object[] arguments) {
    if (arguments.length != parameters.size()) {
      throw new IllegalArgumentException(
          "launch: %s takes %d arguments, not %d"
              .formatted(kernel, parameters.size(), arguments.length));
    }
    NativePointerObject[] pointers = new NativePointerObject[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      pointers[i] = pack(kernel, parameters.get(i), arguments[i]);
    }
    return Pointer.to(pointers);
  }

  private static Pointer pack(String kernel, KernelSource.Parameter parameter, Object argument) {
    Pointer packed =
        switch (parameter.kind()) {
          case POINTER -> {
            CUdeviceptr pointer = devicePointer(argument);
            yield pointer == null ? null : Pointer.to(pointer);
          }
          case INT -> argument instanceof Integer i ? Pointer.to(new int[] {i}) : null;
          case LONG -> argument instanceof Long l ? Pointer.to(new long[] {l}) : null;
          case FLOAT -> argument instanceof Float f ? Pointer.to(new float[] {f}) : null;
          case DOUBLE -> argument instanceof Double d ? Pointer.to(new double[] {d}) : null;
        };
    if (packed == null) {
      throw new IllegalArgumentException(
          "launch: %s takes a %s as %s, not %s"
              .formatted(
                  kernel,
                  parameter.kind(),
                  parameter.name(),
                  argument == null ? null : argument.getClass().getSimpleName()));
    }
    return packed;
  }

  private static CUdeviceptr devicePointer(Object argument) {
    if (argument == null) {
      return new CUdeviceptr();
    }
    if (argument instanceof CUdeviceptr pointer) {
      return pointer;
    }
    if (argument instanceof CudaBuffer buffer) {
      return buffer.pointer;
    }
    return argument instanceof DeviceMemory.Block block ? block.pointer : null;
  }

  /** Throws for a result that is not success; the launch before may be what failed. */
  void check(int result, String call) {
    if (result != CUresult.CUDA_SUCCESS) {
      Status.driver(
          result,
          lastKernel == null
              ? call
              : "%s (last launch: %s, grid %d, block %d)"
                  .formatted(call, lastKernel, lastGrid, lastBlock));
    }
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
