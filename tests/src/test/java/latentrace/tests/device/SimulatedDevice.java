package latentrace.tests.device;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Builds the simulated device once, and runs JVMs that see it. */
final class SimulatedDevice {
  private static final Path SOURCES = Path.of("src", "test", "native").toAbsolutePath();
  private static final Path TARGET = Path.of("target", "simulated-device").toAbsolutePath();

  /** Environment: more flags for the compiler of kernels. */
  static final String COMPILER_FLAGS = "SIMCUDA_CXXFLAGS";

  /** Environment: the file that tells the device which calls are to fail. */
  static final String CONTROL = "SIMCUDA_CONTROL";

  private static final int NATIVE_ACCESS_WARNS_FROM = 24;

  /** How a JVM ended and what it printed. */
  record Outcome(int status, String out, String err) {}

  private SimulatedDevice() {}

  /** Whether this machine can build it. */
  static boolean possible() throws InterruptedException {
    try {
      return new ProcessBuilder("g++", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** The compiler's library of that name, or null if it has none. */
  static Path compilerLibrary(String name) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("g++", "-print-file-name=" + name).start();
    Path path = Path.of(new String(process.getInputStream().readAllBytes(), UTF_8).strip());
    process.waitFor();
    return path.isAbsolute() ? path : null; // what it does not find, it repeats
  }

  /** The folder with its libraries. */
  static synchronized Path build() throws IOException, InterruptedException {
    Path folder = TARGET.resolve(hash());
    Path done = folder.resolve("done");
    if (!Files.exists(done)) {
      Files.createDirectories(folder);
      Path log = folder.resolve("build.log");
      int status =
          new ProcessBuilder("sh", SOURCES.resolve("build.sh").toString(), folder.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start()
              .waitFor();
      if (status != 0) {
        throw new AssertionError("the simulated device does not build:\n" + Files.readString(log));
      }
      Files.createFile(done);
    }
    return folder;
  }

  private static String hash() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file : files.sorted().toList()) {
        digest.update(Files.readAllBytes(file));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Runs a main class in a JVM that finds the libraries in {@code folder}.
   *
   * @param environment settings of the simulated device
   * @param options of the JVM
   */
  static Outcome run(
      Path folder, Map<String, String> environment, List<String> options, List<String> command)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC", "--add-modules", "jdk.incubator.vector"));
    if (Runtime.version().feature() >= NATIVE_ACCESS_WARNS_FROM) {
      line.add("--enable-native-access=ALL-UNNAMED");
    }
    // NVRTC's stand-in compiles by these flags, which the cache's key does not know
    String flags = environment.getOrDefault(COMPILER_FLAGS, "");
    line.add(
        "-Dlatentrace.cuda.cache=" + TARGET.resolve("kernels" + flags.replaceAll("\\W+", "-")));
    line.addAll(options);
    line.addAll(List.of("-cp", classPath()));
    line.addAll(command);
    Path out = Files.createTempFile("simulated-device-", ".out");
    Path err = Files.createTempFile("simulated-device-", ".err");
    Path control = Files.createTempFile("simulated-device-", ".control");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(line).redirectOutput(out.toFile()).redirectError(err.toFile());
      builder.environment().put("LD_LIBRARY_PATH", folder.toString());
      builder.environment().put(CONTROL, control.toString());
      builder.environment().putAll(environment);
      int status = builder.start().waitFor();
      return new Outcome(status, Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
      Files.deleteIfExists(control);
    }
  }

  private static String classPath() {
    return String.join(
        File.pathSeparator,
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .toList());
  }
}
