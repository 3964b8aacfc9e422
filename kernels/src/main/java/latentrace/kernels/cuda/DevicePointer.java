package latentrace.kernels.cuda;

import jcuda.driver.CUdeviceptr;

/** A device pointer whose value can be read, as a launch needs it. */
final class DevicePointer extends CUdeviceptr {
  /** Null, until the driver sets it. */
  DevicePointer() {}

  private DevicePointer(DevicePointer base, long bytes) {
    super(base, bytes);
  }

  @Override
  public DevicePointer withByteOffset(long bytes) {
    return new DevicePointer(this, bytes);
  }

  /** Its value. */
  long address() {
    return getNativePointer() + getByteOffset();
  }
}
