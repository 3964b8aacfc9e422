package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** NVIDIA's compiler takes the kernels without a warning, and keeps all they hold in registers. */
@Tag("one-jdk")
class NvccTest {
  private static final Pattern FRAME =
      Pattern.compile("(\\d+) bytes stack frame, (\\d+) bytes spill stores");

  @TempDir private Path folder;

  @BeforeAll
  static void nvccIsHere() throws InterruptedException {
    boolean here;
    try {
      here =
          new ProcessBuilder("nvcc", "--version")
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start()
                  .waitFor()
              == 0;
    } catch (IOException e) {
      here = false;
    }
    if (!here) {
      System.out.println("kernels for real architectures: SKIPPED: there is no nvcc on the PATH");
    }
    assumeTrue(here, "no nvcc");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_75", "sm_80", "sm_90", "sm_100"})
  void compiles(String architecture) throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    int status =
        new ProcessBuilder(
                List.of(
                    "nvcc",
                    "-std=c++17",
                    "-cubin",
                    "-arch=" + architecture,
                    "-Werror=all-warnings",
                    "-Xptxas=-v",
                    "-o",
                    folder.resolve("kernels.cubin").toString(),
                    Path.of("src", "main", "cuda", "latentrace.cu").toString()))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    String output = Files.readString(log);
    assertEquals(0, status, output);
    Matcher frame = FRAME.matcher(output);
    int kernels = 0;
    while (frame.find()) {
      kernels++;
      assertFalse(!frame.group(1).equals("0") || !frame.group(2).equals("0"), output);
    }
    assertEquals(KernelSource.load().signatures().size(), kernels, output);
  }
}
