package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import latentrace.backend.BackendException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * NVIDIA's NVRTC, from the class path (-Pcuda-redist), compiles the kernels as the backend has it.
 */
class NvrtcTest {
  private static final String ELF = "\177ELF";

  @TempDir private Path cache;

  @BeforeAll
  static void nvrtcIsHere() {
    boolean here =
        NvrtcTest.class.getResource("/org/bytedeco/cuda/linux-x86_64/libnvrtc.so.12") != null;
    if (!here) {
      System.out.println("kernels by NVRTC: SKIPPED: without -Pcuda-redist");
    }
    assumeTrue(here, "without -Pcuda-redist");
    assertNull(Natives.load(Natives.Library.NVRTC));
  }

  private String compile(KernelSource source, int capability) {
    byte[] image = new KernelCompiler(new KernelCache(cache)).compile(source, capability);
    return new String(image, StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(ints = {75, 80, 86, 90})
  void machineCode(int capability) {
    KernelSource source = KernelSource.load();
    String image = compile(source, capability);
    assertTrue(image.startsWith(ELF));
    for (String kernel : source.signatures().keySet()) {
      assertTrue(image.contains("\0.text." + kernel + "\0"), kernel);
    }
  }

  /** A device newer than this NVRTC gets text that its driver translates. */
  @Test
  void textForANewerDevice() {
    KernelSource source = KernelSource.load();
    String image = compile(source, 120);
    assertTrue(image.contains(".target sm_90"), image.substring(0, 400));
    assertEquals(image.length() - 1, image.indexOf('\0'), "a zero at the end");
    for (String kernel : source.signatures().keySet()) {
      assertTrue(image.contains(".entry " + kernel + "("), kernel);
    }
  }

  @Test
  void whatDoesNotCompileIsShown() {
    KernelSource source = KernelSource.load();
    Map<String, String> files = new LinkedHashMap<>(source.files());
    files.replaceAll((name, text) -> text.replace("float uniform(", "flaot uniform("));
    BackendException failed =
        assertThrows(
            BackendException.class, () -> compile(new KernelSource(source.unit(), files), 90));
    assertTrue(
        failed
            .getMessage()
            .startsWith("cuda: latentrace.cu does not compile: NVRTC_ERROR_COMPILATION: "),
        failed.getMessage());
    assertTrue(failed.getMessage().contains("random.cu("), failed.getMessage());
  }
}
