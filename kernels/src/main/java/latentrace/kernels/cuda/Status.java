package latentrace.kernels.cuda;

import jcuda.driver.CUresult;
import jcuda.jcublas.cublasStatus;
import jcuda.jcurand.curandStatus;
import jcuda.nvrtc.nvrtcResult;
import latentrace.backend.BackendException;

/** Return codes of the libraries: anything but success is thrown, by name. */
final class Status {
  private Status() {}

  /** A result of the driver. */
  static void driver(int result, String call) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw failed(call, CUresult.stringFor(result));
    }
  }

  /** A result of cuBLAS. */
  static void cublas(int result, String call) {
    if (result != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw failed(call, cublasStatus.stringFor(result));
    }
  }

  /** A result of cuRAND. */
  static void curand(int result, String call) {
    if (result != curandStatus.CURAND_STATUS_SUCCESS) {
      throw failed(call, curandStatus.stringFor(result));
    }
  }

  /** A result of NVRTC. */
  static void nvrtc(int result, String call) {
    if (result != nvrtcResult.NVRTC_SUCCESS) {
      throw failed(call, nvrtcResult.stringFor(result));
    }
  }

  private static BackendException failed(String call, String name) {
    return new BackendException("cuda: %s failed: %s".formatted(call, name));
  }
}
