package latentrace.tests.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Runs the command line in a JVM of its own, as a user does. */
final class Cli {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  private static final List<String> WITH_MODULE = List.of("--add-modules", "jdk.incubator.vector");
  private static final String INCUBATOR_WARNING =
      "WARNING: Using incubator modules: jdk.incubator.vector\n";

  /** What a run printed and how it ended. */
  record Outcome(int status, String out, String err) {
    /** Lines on stderr. */
    List<String> errLines() {
      return err.lines().toList();
    }
  }

  private Cli() {}

  /** Starts it in a folder; stdout and stderr go to files there. */
  static Process start(Path folder, String... arguments) throws IOException {
    return start(folder, WITH_MODULE, arguments);
  }

  /** Starts it with these JVM options. */
  static Process start(Path folder, List<String> options, String... arguments) throws IOException {
    return startMain(folder, options, "latentrace.cli.Main", arguments);
  }

  private static Process startMain(
      Path folder, List<String> options, String main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(JAVA.toString()));
    command.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC"));
    command.addAll(options);
    command.addAll(List.of("-cp", folder + File.pathSeparator + classPath(), main));
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectOutput(folder.resolve("out.log").toFile())
        .redirectError(folder.resolve("err.log").toFile())
        .start();
  }

  /** The class path of the tests, absolute. */
  static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Runs it in a folder to its end. */
  static Outcome run(Path folder, String... arguments) throws IOException, InterruptedException {
    return outcome(folder, start(folder, arguments));
  }

  /** Runs another main class in a folder, which is on its class path, to its end. */
  static Outcome runMain(Path folder, String main, String... arguments)
      throws IOException, InterruptedException {
    return outcome(folder, startMain(folder, WITH_MODULE, main, arguments));
  }

  /** Waits for its end. */
  static Outcome outcome(Path folder, Process process) throws IOException, InterruptedException {
    int status = process.waitFor();
    // started with the module as an option, the JVM says so; relaunched, this line is not shown
    String err = read(folder.resolve("err.log"));
    String withoutWarning =
        err.startsWith(INCUBATOR_WARNING) ? err.substring(INCUBATOR_WARNING.length()) : err;
    return new Outcome(status, read(folder.resolve("out.log")), withoutWarning);
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }
}
