package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
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

  /** Threads of a block that makes a tile of a product: TILE_THREADS in conv.cu. */
  static final int TILE_THREADS = 256;

  private static final int BLOCKS_PER_MULTIPROCESSOR = 16;
  private static final int MOST_ARGUMENTS = 64;
  private static final int SLOT = Long.BYTES;

  private record Kernel(CUfunction function, List<KernelSource.Parameter> parameters) {}

  private final Context context;
  private final int mostBlocks;
  private final CUmodule module = new CUmodule();
  private final Cleanup cleanup = new Cleanup();
  private final Map<String, Kernel> kernels = new HashMap<>();

  /** Arguments of the launch at hand, {@value #SLOT} bytes each; then the address of each. */
  private final HostMemory arguments;

  private final Pointer argumentAddresses;
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
      int length = MOST_ARGUMENTS * SLOT;
      arguments = cleanup.add(new HostMemory(2L * length), HostMemory::close);
      argumentAddresses = arguments.at(length);
      for (int i = 0; i < MOST_ARGUMENTS; i++) {
        arguments.bytes.putLong(length + i * SLOT, arguments.address() + (long) i * SLOT);
      }
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

  /** A kernel in which a block works on one of {@code tiles} at a time; none, no launch. */
  void tiles(String kernel, long tiles, Object... arguments) {
    launch(kernel, tiles, TILE_THREADS, arguments);
  }

  /**
   * Queues one launch.
   *
   * @param values Integer, Long, Float, Double as in the kernel's signature; for a pointer a {@link
   *     CudaBuffer}, a {@link DeviceMemory.Block}, a device pointer or null
   * @throws IllegalArgumentException if they do not fit the signature
   * @throws BackendException if the driver refuses it
   */
  private void launch(String name, long blocks, int threads, Object... values) {
    Kernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException("launch: no kernel is called " + name);
    }
    pack(name, kernel.parameters, values);
    if (blocks == 0) {
      return;
    }
    lastKernel = name;
    lastGrid = (int) Math.min(blocks, mostBlocks);
    lastBlock = threads;
    context.enter();
    check(
        JCudaDriver.cuLaunchKernel(
            kernel.function,
            lastGrid,
            1,
            1,
            lastBlock,
            1,
            1,
            0,
            context.stream,
            argumentAddresses,
            null),
        "cuLaunchKernel");
  }

  /** Puts the arguments where the driver copies them from before a launch returns. */
  private void pack(String kernel, List<KernelSource.Parameter> parameters, Object[] values) {
    if (values.length != parameters.size()) {
      throw new IllegalArgumentException(
          "launch: %s takes %d arguments, not %d"
              .formatted(kernel, parameters.size(), values.length));
    }
    for (int i = 0; i < values.length; i++) {
      KernelSource.Parameter parameter = parameters.get(i);
      if (!put(parameter.kind(), i * SLOT, values[i])) {
        throw new IllegalArgumentException(
            "launch: %s takes a %s as %s, not %s"
                .formatted(
                    kernel,
                    parameter.kind(),
                    parameter.name(),
                    values[i] == null ? null : values[i].getClass().getSimpleName()));
      }
    }
  }

  /** Whether the value was of the kind. */
  private boolean put(KernelSource.Kind kind, int at, Object value) {
    ByteBuffer target = arguments.bytes;
    switch (kind) {
      case POINTER -> {
        if (value == null) {
          target.putLong(at, 0);
        } else if (value instanceof CudaBuffer buffer) {
          target.putLong(at, buffer.pointer.address());
        } else if (value instanceof DeviceMemory.Block block) {
          target.putLong(at, block.pointer.address());
        } else if (value instanceof DevicePointer pointer) {
          target.putLong(at, pointer.address());
        } else {
          return false;
        }
      }
      case INT -> {
        if (!(value instanceof Integer i)) {
          return false;
        }
        target.putInt(at, i);
      }
      case LONG -> {
        if (!(value instanceof Long l)) {
          return false;
        }
        target.putLong(at, l);
      }
      case FLOAT -> {
        if (!(value instanceof Float f)) {
          return false;
        }
        target.putFloat(at, f);
      }
      case DOUBLE -> {
        if (!(value instanceof Double d)) {
          return false;
        }
        target.putDouble(at, d);
      }
    }
    return true;
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
