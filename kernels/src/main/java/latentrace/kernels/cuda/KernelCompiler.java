package latentrace.kernels.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;
import latentrace.backend.BackendException;

/** CUDA source to an image for one device, by NVRTC, or from the cache. */
final class KernelCompiler {
  private final KernelCache cache;

  KernelCompiler(KernelCache cache) {
    this.cache = cache;
  }

  /**
   * The image to load: machine code for the device's own architecture, or, where NVRTC is older
   * than the device, PTX of the newest architecture it knows, which the driver translates.
   *
   * @throws BackendException if it does not compile: NVRTC's log
   */
  byte[] compile(KernelSource source, int capability) {
    int[] major = new int[1];
    int[] minor = new int[1];
    Status.nvrtc(JNvrtc.nvrtcVersion(major, minor), "nvrtcVersion");
    int known = newestKnown(capability);
    String architecture = (known == capability ? "sm_" : "compute_") + known;
    List<String> options = List.of("--gpu-architecture=" + architecture, "--std=c++17");
    String version = "NVRTC %d.%d".formatted(major[0], minor[0]);
    return cache.get(source, options, version, () -> build(source, options));
  }

  private static int newestKnown(int capability) {
    int[] count = new int[1];
    Status.nvrtc(JNvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
    int[] known = new int[count[0]];
    Status.nvrtc(JNvrtc.nvrtcGetSupportedArchs(known), "nvrtcGetSupportedArchs");
    return Arrays.stream(known)
        .filter(architecture -> architecture <= capability)
        .max()
        .orElseThrow(
            () ->
                new BackendException(
                    "cuda: NVRTC no longer compiles for compute capability %d.%d"
                        .formatted(capability / 10, capability % 10)));
  }

  private static byte[] build(KernelSource source, List<String> options) {
    Map<String, String> headers = source.files();
    nvrtcProgram program = new nvrtcProgram();
    Status.nvrtc(
        JNvrtc.nvrtcCreateProgram(
            program,
            headers.get(source.unit()),
            source.unit(),
            headers.size(),
            headers.values().toArray(String[]::new),
            headers.keySet().toArray(String[]::new)),
        "nvrtcCreateProgram");
    try {
      int result =
          JNvrtc.nvrtcCompileProgram(program, options.size(), options.toArray(String[]::new));
      if (result != nvrtcResult.NVRTC_SUCCESS) {
        String[] log = new String[1];
        JNvrtc.nvrtcGetProgramLog(program, log);
        throw new BackendException(
            "cuda: %s does not compile: %s: %s"
                .formatted(source.unit(), nvrtcResult.stringFor(result), log[0]));
      }
      return image(program);
    } finally {
      JNvrtc.nvrtcDestroyProgram(program);
    }
  }

  private static byte[] image(nvrtcProgram program) {
    long[] size = new long[1];
    Status.nvrtc(JNvrtc.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
    if (size[0] > 0) {
      byte[] code = new byte[Math.toIntExact(size[0])];
      Status.nvrtc(JNvrtc.nvrtcGetCUBIN(program, code), "nvrtcGetCUBIN");
      return code;
    }
    String[] ptx = new String[1];
    Status.nvrtc(JNvrtc.nvrtcGetPTX(program, ptx), "nvrtcGetPTX");
    // the driver reads text up to a zero
    return (ptx[0] + "\0").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }
}
