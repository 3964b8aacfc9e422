package latentrace.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import latentrace.Version;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Where and with what was measured.
 *
 * @param memory of the machine, MiB
 * @param revision of the source, by git
 * @param backends name and description, with the width of vectors
 * @param versions of libraries
 */
record Environment(
    String date,
    String cpu,
    int processors,
    long memory,
    String os,
    String java,
    String revision,
    Map<String, String> backends,
    Map<String, String> versions) {

  /** This machine, today. */
  static Environment here() {
    Map<String, String> backends = new TreeMap<>();
    for (BackendProvider provider : Backends.providers()) {
      backends.put(provider.name(), provider.probe().detail());
    }
    Map<String, String> versions = new TreeMap<>();
    versions.put("latentrace", Version.CURRENT);
    versions.put("jmh", version(OptionsBuilder.class));
    versions.put("openblas", version(org.bytedeco.openblas.global.openblas_nolapack.class));
    versions.put("libtorch", version(org.bytedeco.pytorch.Tensor.class));
    return new Environment(
        LocalDate.now(ZoneOffset.UTC).toString(),
        processor(),
        Runtime.getRuntime().availableProcessors(),
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getTotalMemorySize()
            >> 20,
        "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.version")),
        Runtime.version().toString(),
        sourceRevision(),
        backends,
        versions);
  }

  /** The same with one more library. */
  Environment with(String library, String version) {
    Map<String, String> all = new TreeMap<>(versions);
    all.put(library, version);
    return new Environment(date, cpu, processors, memory, os, java, revision, backends, all);
  }

  /** The version in the name of the jar that holds a class. */
  private static String version(Class<?> type) {
    String jar =
        Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .getFileName()
            .toString();
    return jar.replaceFirst("^[a-z-]+-(?=\\d)", "").replaceFirst("\\.jar$", "");
  }

  /** The name, which may stand for several generations, with family and model. */
  private static String processor() {
    Map<String, String> facts = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          facts.putIfAbsent(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
        }
      }
    } catch (IOException e) {
      // not Linux: the architecture has to do
    }
    String name = facts.get("model name");
    if (name == null) {
      return System.getProperty("os.arch");
    }
    return facts.containsKey("cpu family")
        ? "%s, family %s model %s".formatted(name, facts.get("cpu family"), facts.get("model"))
        : name;
  }

  private static String sourceRevision() {
    try {
      Process git =
          new ProcessBuilder(List.of("git", "describe", "--always", "--dirty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return git.waitFor() == 0 ? answer.strip() : "unknown";
    } catch (IOException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
