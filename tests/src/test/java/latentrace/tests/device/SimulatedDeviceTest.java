package latentrace.tests.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Everything that is run on the simulated device, each suite in a JVM of its own; its tests are
 * reported one by one.
 */
class SimulatedDeviceTest {
  /** What only the kernels' own code can fail, so that one JDK shows it: .ci/run has it once. */
  private static final String ONE_JDK = "one-jdk";

  private static final String CONFORMANCE = "latentrace.tests.conformance";
  private static final String CONFORMANCE_CLASSES = ".*ConformanceTest";
  private static final String CHECK_CLASSES = ".*Checks";
  private static final Map<String, String> REVERSE = Map.of("SIMCUDA_ORDER", "reverse");
  private static final Map<String, String> DEFERRED =
      Map.of("SIMCUDA_ORDER", "random", "SIMCUDA_STREAMS", "deferred");

  /** Exit status of a JVM in which ThreadSanitizer saw a race. */
  private static final int RACE = 66;

  private static Path folder;

  @BeforeAll
  static void build() throws IOException, InterruptedException {
    boolean possible = SimulatedDevice.possible();
    if (!possible) {
      System.out.println("simulated device: SKIPPED: there is no g++ to build it");
    }
    assumeTrue(possible, "no g++");
    folder = SimulatedDevice.build();
  }

  @TestFactory
  List<DynamicTest> conformance() throws IOException, InterruptedException {
    return suite("in order", Map.of(), CONFORMANCE_CLASSES, CONFORMANCE);
  }

  @TestFactory
  @Tag(ONE_JDK)
  List<DynamicTest> conformanceThreadsReversed() throws IOException, InterruptedException {
    return suite("threads reversed", REVERSE, CONFORMANCE_CLASSES, CONFORMANCE);
  }

  @TestFactory
  @Tag(ONE_JDK)
  List<DynamicTest> conformanceThreadsShuffledStreamsDeferred()
      throws IOException, InterruptedException {
    return suite("threads shuffled, streams deferred", DEFERRED, CONFORMANCE_CLASSES, CONFORMANCE);
  }

  @TestFactory
  List<DynamicTest> pyTorchFixtures() throws IOException, InterruptedException {
    return suite("PyTorch fixtures", DEFERRED, ".*FixtureTest", "latentrace.tests.fixtures");
  }

  @TestFactory
  List<DynamicTest> checks() throws IOException, InterruptedException {
    return suite(
        "checks", Map.of(), CHECK_CLASSES, "latentrace.tests.device", "latentrace.kernels.cuda");
  }

  @TestFactory
  List<DynamicTest> checksStreamsDeferred() throws IOException, InterruptedException {
    return suite(
        "checks, streams deferred",
        DEFERRED,
        CHECK_CLASSES,
        "latentrace.tests.device",
        "latentrace.kernels.cuda");
  }

  /** One line of 'devices' says what is missing. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SIMCUDA_DEVICES | 1 | chosen     Simulated device, compute capability 9.0, 1024 MiB,"
            + " single precision",
        "SIMCUDA_DEVICES | 0 | no         the NVIDIA driver shows no device: see"
            + " CUDA_VISIBLE_DEVICES",
        "SIMCUDA_INIT_RESULT | 100 | no         the NVIDIA driver answers cuInit with"
            + " CUDA_ERROR_NO_DEVICE",
        "SIMCUDA_DRIVER_VERSION | 11080 | no         the NVIDIA driver is for CUDA 11.8: install"
            + " one for CUDA 12 or newer",
        "SIMCUDA_CAPABILITY | 35 | no         Simulated device has compute capability 3.5, CUDA"
            + " 12 needs 5.0 or more",
      })
  void theProbeSaysWhy(String setting, String value, String expected)
      throws IOException, InterruptedException {
    assertEquals(expected, cudaLine(folder, Map.of(setting, value)));
  }

  @ParameterizedTest
  @CsvSource({"libnvrtc.so.12, NVRTC 12", "libcublas.so.12, cuBLAS 12"})
  void theProbeNamesTheMissingLibrary(String library, String name, @TempDir Path partial)
      throws IOException, InterruptedException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!file.endsWith(library)) {
          Files.copy(file, partial.resolve(file.getFileName()));
        }
      }
    }
    assertEquals(
        "no         %s (%s) is missing: install the CUDA 12 toolkit, or add its lib64 to"
                .formatted(name, library)
            + " LD_LIBRARY_PATH",
        cudaLine(partial, Map.of()));
  }

  /** 9.0, which NVRTC's stand-in knows, and 12.0, for which it makes PTX for 9.0. */
  @ParameterizedTest
  @ValueSource(strings = {"90", "120"})
  void devicesVerify(String capability) throws IOException, InterruptedException {
    SimulatedDevice.Outcome outcome =
        SimulatedDevice.run(
            folder,
            Map.of("SIMCUDA_CAPABILITY", capability),
            List.of(),
            List.of("latentrace.cli.Main", "devices", "--verify"));
    assertEquals(0, outcome.status(), outcome.out() + outcome.err());
    assertEquals(
        2,
        outcome.out().lines().filter("  49 operations agree with the reference"::equals).count());
    assertFalse(outcome.err().contains("LEAK"), outcome.err());
  }

  @Test
  void theCommandLineTakesALimit(@TempDir Path run) throws IOException, InterruptedException {
    List<String> data = List.of("data", "generate", "digits", "--count", "64", "--out");
    String file = run.resolve("train.npz").toString();
    assertEquals(0, main(Stream.concat(data.stream(), Stream.of(file)).toList()).status());
    List<String> train =
        List.of(
            "train",
            "--data",
            file,
            "--iterations",
            "2",
            "--checkpoints",
            "1",
            "--backend",
            "cuda",
            "--out",
            run.resolve("run").toString(),
            "--device-memory");
    SimulatedDevice.Outcome small = main(Stream.concat(train.stream(), Stream.of("6M")).toList());
    assertEquals(1, small.status(), small.err());
    assertTrue(
        small.err().contains("latentrace train: cuda: out of memory: asked for "), small.err());
    assertTrue(small.err().contains(", limited to 6.0 MiB"), small.err());
    SimulatedDevice.Outcome bad = main(Stream.concat(train.stream(), Stream.of("1X")).toList());
    assertEquals(2, bad.status());
    assertTrue(bad.err().contains("--device-memory"), bad.err());
    assertTrue(bad.err().contains("found '1X', expected a size such as 512M or 8G"), bad.err());
  }

  /**
   * What only this backend has, from the command line: TF32 and cuRAND, and what is said of them.
   */
  @Test
  void whatOnlyThisBackendHas(@TempDir Path run, @TempDir Path partial)
      throws IOException, InterruptedException {
    String data = run.resolve("train.npz").toString();
    assertEquals(
        0, main(List.of("data", "generate", "digits", "--count", "64", "--out", data)).status());
    String out = run.resolve("run").toString();
    List<String> train =
        List.of(
            "latentrace.cli.Main",
            "train",
            "--data",
            data,
            "--iterations",
            "2",
            "--checkpoints",
            "1",
            "--latent",
            "4",
            "--out",
            out,
            "--training-noise",
            "curand",
            "--backend",
            "cuda",
            "--math",
            "tf32");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!file.endsWith("libcurand.so.10")) {
          Files.copy(file, partial.resolve(file.getFileName()));
        }
      }
    }
    SimulatedDevice.Outcome without = SimulatedDevice.run(partial, Map.of(), List.of(), train);
    assertEquals(2, without.status(), without.err());
    assertTrue(
        without
            .err()
            .contains(
                "latentrace train: training noise: cuda: cuRAND (libcurand.so.10) is missing:"
                    + " install the CUDA 12 toolkit, or add its lib64 to LD_LIBRARY_PATH"),
        without.err());
    SimulatedDevice.Outcome old =
        SimulatedDevice.run(folder, Map.of("SIMCUDA_CAPABILITY", "75"), List.of(), train);
    assertEquals(2, old.status(), old.err());
    assertTrue(
        old.err()
            .contains("cuda: tf32 products need compute capability 8.0, Simulated device has 7.5"),
        old.err());
    SimulatedDevice.Outcome trained = SimulatedDevice.run(folder, Map.of(), List.of(), train);
    assertEquals(0, trained.status(), trained.err());
    String model = Files.readString(run.resolve("run").resolve("model.json"));
    assertTrue(model.contains("\"math\" : \"tf32\""), model);
    assertTrue(model.contains("\"noise\" : \"curand\""), model);
    String scores = run.resolve("self.npy").toString();
    SimulatedDevice.Outcome scored =
        main(
            List.of(
                "self",
                "--checkpoints",
                out,
                "--train",
                data,
                "--out",
                scores,
                "--losses",
                run.resolve("losses.npy").toString(),
                "--math",
                "tf32"));
    assertEquals(0, scored.status(), scored.err());
    String result = Files.readString(run.resolve("self.json"));
    assertTrue(result.contains("\"math\" : \"tf32\""), result);
  }

  private static SimulatedDevice.Outcome main(List<String> arguments)
      throws IOException, InterruptedException {
    return SimulatedDevice.run(
        folder,
        Map.of(),
        List.of(),
        Stream.concat(Stream.of("latentrace.cli.Main"), arguments.stream()).toList());
  }

  private static String cudaLine(Path libraries, Map<String, String> environment)
      throws IOException, InterruptedException {
    SimulatedDevice.Outcome outcome =
        SimulatedDevice.run(
            libraries, environment, List.of(), List.of("latentrace.cli.Main", "devices"));
    assertEquals(0, outcome.status(), outcome.err());
    return outcome
        .out()
        .lines()
        .filter(line -> line.startsWith("cuda"))
        .map(line -> line.substring("cuda   ".length()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(outcome.out() + outcome.err()));
  }

  @TestFactory
  @Tag(ONE_JDK)
  List<DynamicTest> conformanceAddressAndUndefinedBehaviourSanitizer()
      throws IOException, InterruptedException {
    return suite("ASan and UBSan", addressSanitizer(), CONFORMANCE_CLASSES, CONFORMANCE);
  }

  @TestFactory
  @Tag(ONE_JDK)
  List<DynamicTest> conformanceThreadSanitizer() throws IOException, InterruptedException {
    return suite("TSan", threadSanitizer(), CONFORMANCE_CLASSES, CONFORMANCE);
  }

  private static Map<String, String> addressSanitizer() throws IOException, InterruptedException {
    return Map.of(
        "LD_PRELOAD",
        sanitizer("libasan.so"),
        "ASAN_OPTIONS",
        "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:allow_user_segv_handler=1",
        SimulatedDevice.COMPILER_FLAGS,
        "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer");
  }

  private static Map<String, String> threadSanitizer() throws IOException, InterruptedException {
    return Map.of(
        "LD_PRELOAD",
        sanitizer("libtsan.so"),
        "TSAN_OPTIONS",
        "handle_segv=0:ignore_noninstrumented_modules=1:report_signal_unsafe=0"
            + ":report_thread_leaks=0:exitcode="
            + RACE,
        SimulatedDevice.COMPILER_FLAGS,
        "-fsanitize=thread");
  }

  private static String sanitizer(String library) throws IOException, InterruptedException {
    Path path = SimulatedDevice.compilerLibrary(library);
    if (path == null) {
      System.out.println("simulated device: SKIPPED: g++ has no " + library);
    }
    assumeTrue(path != null, "no " + library);
    return path.toString();
  }

  @Test
  @Tag(ONE_JDK)
  void threadSanitizerSeesAMissingBarrier() throws IOException, InterruptedException {
    SimulatedDevice.Outcome outcome = sabotage(threadSanitizer());
    assertEquals(RACE, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains("ThreadSanitizer: data race"), outcome.err());
  }

  @Test
  @Tag(ONE_JDK)
  void sanitizersSeeAnIndexBeyondSharedMemory() throws IOException, InterruptedException {
    SimulatedDevice.Outcome outcome =
        sabotage(addressSanitizer(), "-Dlatentrace.sabotage.fatal=true");
    assertNotEquals(0, outcome.status());
    assertTrue(outcome.err().contains("runtime error: store to address"), outcome.err());
  }

  private static SimulatedDevice.Outcome sabotage(
      Map<String, String> environment, String... options) throws IOException, InterruptedException {
    return SimulatedDevice.run(
        folder,
        environment,
        List.of(options),
        List.of(TestRun.class.getName(), ".*SabotageChecks", "latentrace.kernels.cuda"));
  }

  private static List<DynamicTest> suite(
      String name, Map<String, String> environment, String classes, String... packages)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(TestRun.class.getName(), classes));
    command.addAll(List.of(packages));
    SimulatedDevice.Outcome outcome =
        SimulatedDevice.run(
            folder, environment, List.of("-Dlatentrace.conformance.only=cuda"), command);
    List<DynamicTest> tests = new ArrayList<>();
    outcome
        .out()
        .lines()
        .filter(line -> line.startsWith(TestRun.MARK))
        .forEach(line -> tests.add(report(line.split("\t", -1), outcome)));
    tests.add(
        dynamicTest(
            "the JVM ended well",
            () -> {
              assertEquals(0, outcome.status(), outcome.err());
              assertFalse(outcome.err().contains("LEAK"), outcome.err());
              assertTrue(tests.size() > 1, () -> "nothing was run: " + outcome.out());
            }));
    System.out.printf("simulated device, %s: %d tests%n", name, tests.size() - 1);
    return tests;
  }

  private static DynamicTest report(String[] fields, SimulatedDevice.Outcome outcome) {
    return dynamicTest(
        fields[2],
        () -> {
          Assumptions.assumeFalse(fields[1].equals(TestRun.SKIPPED), fields[3]);
          if (!fields[1].equals(TestRun.PASSED)) {
            Assertions.fail(fields[3] + "\n" + outcome.err());
          }
        });
  }
}
