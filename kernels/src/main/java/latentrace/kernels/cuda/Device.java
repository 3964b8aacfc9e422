package latentrace.kernels.cuda;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import latentrace.backend.BackendException;

/**
 * The device in use: the first that the driver shows (CUDA_VISIBLE_DEVICES chooses).
 *
 * @param handle the driver's
 * @param name e.g. {@code NVIDIA H100 80GB HBM3}
 * @param capability compute capability, ten times major plus minor: 90
 * @param multiprocessors streaming multiprocessors
 * @param memory bytes in all
 */
record Device(CUdevice handle, String name, int capability, int multiprocessors, long memory) {
  private static final int OLDEST_DRIVER = 12_000;
  private static final int LEAST_CAPABILITY = 50;
  private static final int LONGEST_NAME = 256;

  /**
   * Finds it.
   *
   * @throws BackendException with the reason in one line, if there is none that serves
   */
  static Device find() {
    if (!System.getProperty("os.name").equals("Linux")
        || !System.getProperty("os.arch").equals("amd64")) {
      throw new BackendException(
          "needs Linux on x86-64, this is %s on %s"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    if (!DriverSearch.finds()) {
      throw new BackendException(
          "no NVIDIA driver: libcuda.so.1 is not found; install one for CUDA 12 or newer");
    }
    String missing = Natives.load();
    if (missing != null) {
      throw new BackendException(missing);
    }
    return first();
  }

  private static Device first() {
    expect(JCudaDriver.cuInit(0), "cuInit");
    int[] number = new int[1];
    expect(JCudaDriver.cuDriverGetVersion(number), "cuDriverGetVersion");
    if (number[0] < OLDEST_DRIVER) {
      throw new BackendException(
          "the NVIDIA driver is for CUDA %d.%d: install one for CUDA 12 or newer"
              .formatted(number[0] / 1000, number[0] % 1000 / 10));
    }
    expect(JCudaDriver.cuDeviceGetCount(number), "cuDeviceGetCount");
    if (number[0] == 0) {
      throw new BackendException("the NVIDIA driver shows no device: see CUDA_VISIBLE_DEVICES");
    }
    CUdevice handle = new CUdevice();
    expect(JCudaDriver.cuDeviceGet(handle, 0), "cuDeviceGet");
    byte[] name = new byte[LONGEST_NAME];
    expect(JCudaDriver.cuDeviceGetName(name, name.length, handle), "cuDeviceGetName");
    long[] memory = new long[1];
    expect(JCudaDriver.cuDeviceTotalMem(memory, handle), "cuDeviceTotalMem");
    int capability =
        10 * attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    Device device =
        new Device(
            handle,
            new String(name, StandardCharsets.UTF_8).split("\0", 2)[0],
            capability,
            attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            memory[0]);
    if (capability < LEAST_CAPABILITY) {
      throw new BackendException(
          "%s has compute capability %s, CUDA 12 needs 5.0 or more"
              .formatted(device.name, device.capabilityText()));
    }
    return device;
  }

  private static int attribute(CUdevice handle, int which) {
    int[] value = new int[1];
    expect(JCudaDriver.cuDeviceGetAttribute(value, which, handle), "cuDeviceGetAttribute");
    return value[0];
  }

  private static void expect(int result, String call) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new BackendException(
          "the NVIDIA driver answers %s with %s".formatted(call, CUresult.stringFor(result)));
    }
  }

  /** Compute capability for people: 9.0. */
  String capabilityText() {
    return capability / 10 + "." + capability % 10;
  }

  /** One line for people. */
  String description() {
    return "%s, compute capability %s, %d MiB, single precision"
        .formatted(name, capabilityText(), memory >> 20);
  }
}
