package latentrace.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.checkpoint.Json;
import latentrace.data.AtomicFiles;

/** Writes the tables of bench/README.md from bench/results. */
public final class Tables {
  private static final Pattern TABLE =
      Pattern.compile("(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", Pattern.DOTALL);

  private static final String OURS = "simd";

  private Tables() {}

  /** Rewrites {@code bench/README.md}, or the one in the folder that is the first argument. */
  public static void main(String[] arguments) {
    Path folder = Path.of(arguments.length == 0 ? "bench" : arguments[0]);
    Path readme = folder.resolve("README.md");
    AtomicFiles.writeString(readme, upToDate(read(readme), folder.resolve("results")));
  }

  /** Whether the tables of a page are those of the results. */
  static boolean isUpToDate(Path readme, Path results) {
    String text = read(readme);
    return text.equals(upToDate(text, results));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    }
  }

  /** The page with its tables as the results have them. */
  private static String upToDate(String page, Path results) {
    return TABLE
        .matcher(page)
        .replaceAll(
            table -> {
              Path file = results.resolve(table.group(2) + ".json");
              String body =
                  Files.exists(file)
                      ? render(Json.read(file, SuiteResult.class))
                      : "Not measured yet.\n";
              return Matcher.quoteReplacement(table.group(1) + body + table.group(3));
            });
  }

  private static String render(SuiteResult result) {
    Set<String> instances = new LinkedHashSet<>();
    Set<String> backends = new LinkedHashSet<>();
    for (SuiteResult.Entry entry : result.entries()) {
      instances.add(entry.instance());
      backends.add(entry.backend());
    }
    StringBuilder text = new StringBuilder();
    List<String> head = new ArrayList<>(List.of(result.entries().get(0).unit()));
    head.addAll(backends);
    head.addAll(List.of(OURS + " ÷ ejml", OURS + " ÷ best peer"));
    row(text, head);
    row(text, head.stream().map(name -> name.equals(head.get(0)) ? "---" : "---:").toList());
    for (String instance : instances) {
      List<String> cells = new ArrayList<>(List.of("`" + instance + "`"));
      for (String backend : backends) {
        cells.add(
            best(result, instance, backend::equals)
                .map(e -> String.format(Locale.ROOT, "%,.1f (%d)", e.median(), e.threads()))
                .orElse(""));
      }
      cells.add(ratio(result, instance, WorkloadBenchmark.REFERENCE::equals));
      cells.add(
          ratio(
              result,
              instance,
              name -> !name.equals(OURS) && !name.equals(WorkloadBenchmark.REFERENCE)));
      row(text, cells);
    }
    Environment environment = result.environment();
    text.append(
        String.format(
            Locale.ROOT,
            "%n[results/%s.json](results/%1$s.json): medians of %d rounds, %s, %s, %d processors, Java %s;"
                + " %s; %s.%n",
            result.suite(),
            result.entries().get(0).rounds().size(),
            environment.date(),
            environment.cpu(),
            environment.processors(),
            environment.java(),
            environment.backends().get(OURS),
            String.join(
                ", ",
                environment.versions().entrySet().stream()
                    .map(version -> version.getKey() + " " + version.getValue())
                    .toList())));
    return text.toString();
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  /** The fastest entry of an instance among some backends: with its best thread count. */
  private static Optional<SuiteResult.Entry> best(
      SuiteResult result, String instance, Predicate<String> backend) {
    return result.entries().stream()
        .filter(entry -> entry.instance().equals(instance) && backend.test(entry.backend()))
        .max((a, b) -> Double.compare(a.median(), b.median()));
  }

  private static String ratio(SuiteResult result, String instance, Predicate<String> others) {
    Optional<SuiteResult.Entry> ours = best(result, instance, OURS::equals);
    Optional<SuiteResult.Entry> other = best(result, instance, others);
    return ours.isPresent() && other.isPresent()
        ? String.format(Locale.ROOT, "%.2f", ours.get().median() / other.get().median())
        : "";
  }
}
