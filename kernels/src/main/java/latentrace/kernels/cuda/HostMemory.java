package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/** Page-locked memory of the host, whose addresses are known: what a call reads can lie there. */
final class HostMemory implements AutoCloseable {
  private final Address start = new Address();

  /** All of it. */
  final ByteBuffer bytes;

  private static final class Address extends Pointer {
    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** Takes {@code size} bytes; the context is current. */
  HostMemory(long size) {
    Status.driver(JCudaDriver.cuMemAllocHost(start, size), "cuMemAllocHost");
    bytes = start.getByteBuffer(0, size).order(ByteOrder.nativeOrder());
  }

  /** A pointer to a byte of it. */
  Pointer at(long offset) {
    return start.withByteOffset(offset);
  }

  /** The address of its first byte. */
  long address() {
    return start.value();
  }

  @Override
  public void close() {
    JCudaDriver.cuMemFreeHost(start);
  }
}
