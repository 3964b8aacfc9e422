package latentrace.kernels.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import latentrace.backend.BackendException;

/**
 * Device memory that is kept when it is given back, and handed out again. Because one stream orders
 * every use, the next user need not wait for the last.
 */
final class DeviceMemory implements AutoCloseable {
  private static final long SMALL_STEP = 512;
  private static final long LARGE_STEP = 1 << 20;

  /** A kept block serves a request of at least 3/4 of its size. */
  private static final double FULLEST_WASTE = 4.0 / 3;

  private final Context context;
  private final long limit;
  private final TreeMap<Long, Deque<Block>> kept = new TreeMap<>();
  private final Set<Block> used = new HashSet<>();
  private long reserved;
  private long inUse;
  private long peak;

  /** A piece of device memory. */
  final class Block implements AutoCloseable {
    final DevicePointer pointer;
    private final long size;

    private Block(DevicePointer pointer, long size) {
      this.pointer = pointer;
      this.size = size;
    }

    /** Gives it back; a second time does nothing. */
    @Override
    public void close() {
      if (used.remove(this)) {
        inUse -= size;
        kept.computeIfAbsent(size, any -> new ArrayDeque<>()).push(this);
      }
    }
  }

  /**
   * An empty pool.
   *
   * @param limit bytes that may be taken from the driver
   */
  DeviceMemory(Context context, long limit) {
    this.context = context;
    this.limit = limit;
  }

  /** Bytes in blocks that are handed out. */
  long inUse() {
    return inUse;
  }

  /** Bytes taken from the driver: handed out and kept. */
  long reserved() {
    return reserved;
  }

  /** The most that {@link #inUse} has been. */
  long peak() {
    return peak;
  }

  /** Bytes that may be handed out yet; the driver keeps a twentieth of what is free. */
  long available() {
    context.enter();
    long[] free = new long[1];
    long[] total = new long[1];
    Status.driver(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    long keptHere = reserved - inUse;
    return Math.min(limit - inUse, free[0] - free[0] / 20 + keptHere);
  }

  /**
   * A block of at least so many bytes, whatever they hold.
   *
   * @throws BackendException if there is no memory for it: asked, free, total
   */
  Block allocate(long bytes) {
    long size = rounded(bytes);
    Block block = reuse(size);
    if (block == null) {
      block = take(size);
    }
    used.add(block);
    inUse += block.size;
    peak = Math.max(peak, inUse);
    return block;
  }

  /** Bytes of the block that serves a request for so many. */
  static long rounded(long asked) {
    long bytes = Math.max(1, asked);
    long step = bytes < LARGE_STEP ? SMALL_STEP : LARGE_STEP;
    return (bytes + step - 1) / step * step;
  }

  private Block reuse(long size) {
    Map.Entry<Long, Deque<Block>> fit = kept.ceilingEntry(size);
    if (fit == null || fit.getKey() > size * FULLEST_WASTE) {
      return null;
    }
    Block block = fit.getValue().pop();
    if (fit.getValue().isEmpty()) {
      kept.remove(fit.getKey());
    }
    return block;
  }

  private Block take(long size) {
    context.enter();
    DevicePointer pointer = new DevicePointer();
    int result = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    if (size <= limit - reserved) {
      result = JCudaDriver.cuMemAlloc(pointer, size);
    }
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY && !kept.isEmpty()) {
      releaseKept();
      if (size <= limit - reserved) {
        result = JCudaDriver.cuMemAlloc(pointer, size);
      }
    }
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw outOfMemory(size);
    }
    Status.driver(result, "cuMemAlloc of %d bytes".formatted(size));
    reserved += size;
    return new Block(pointer, size);
  }

  private BackendException outOfMemory(long size) {
    long[] free = new long[1];
    long[] total = new long[1];
    JCudaDriver.cuMemGetInfo(free, total);
    String limited =
        limit == Long.MAX_VALUE ? "" : ", limited to %.1f MiB".formatted(mebibytes(limit));
    return new BackendException(
        "cuda: out of memory: asked for %.1f MiB, %.1f MiB free of %.1f MiB, %.1f MiB in use here%s"
            .formatted(
                mebibytes(size),
                mebibytes(free[0]),
                mebibytes(total[0]),
                mebibytes(reserved),
                limited));
  }

  private static double mebibytes(long bytes) {
    return bytes / 1048576.0;
  }

  /** Gives back to the driver what is kept. */
  void releaseKept() {
    context.await(); // a kept block may still be in use by what has been queued
    kept.values().forEach(blocks -> blocks.forEach(this::release));
    kept.clear();
  }

  private void release(Block block) {
    JCudaDriver.cuMemFree(block.pointer);
    reserved -= block.size;
  }

  /** Gives everything back to the driver, also what is handed out. */
  @Override
  public void close() {
    context.enter();
    releaseKept();
    used.forEach(this::release);
    used.clear();
    inUse = 0;
  }
}
