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
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.checkpoint.Json;
import latentrace.data.AtomicFiles;

/** Writes the tables of bench/README.md from bench/results. */
public final class Tables {
  private static final Pattern TABLE =
      Pattern.compile("(<!-- table: ([a-z0-9/-]+) -->\n).*?(<!-- end -->)", Pattern.DOTALL);

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
              String name = table.group(2) + ".json";
              Path file = results.resolve(name);
              String body =
                  Files.exists(file)
                      ? render(name, Json.read(file, SuiteResult.class))
                      : "Not measured yet.\n";
              return Matcher.quoteReplacement(table.group(1) + body + table.group(3));
            });
  }

  private static String render(String file, SuiteResult result) {
    Set<String> instances = new LinkedHashSet<>();
    Set<String> backends = new LinkedHashSet<>();
    for (SuiteResult.Entry entry : result.entries()) {
      instances.add(entry.instance());
      backends.add(entry.backend());
    }
    boolean equalThreads = SuiteSpec.of(result.suite()).orElseThrow().atEqualThreads();
    StringBuilder text = new StringBuilder();
    List<String> head = new ArrayList<>(List.of(result.entries().get(0).unit()));
    head.addAll(backends);
    if (result.entries().stream().anyMatch(Tables::isReference)) {
      head.add(OURS + " ÷ " + WorkloadBenchmark.REFERENCE);
    }
    if (result.entries().stream().anyMatch(Tables::isPeer)) {
      head.add(OURS + " ÷ best peer");
    }
    row(text, head);
    row(text, head.stream().map(name -> name.equals(head.get(0)) ? "---" : "---:").toList());
    if (equalThreads) {
      int most = result.entries().stream().mapToInt(SuiteResult.Entry::threads).max().orElse(1);
      for (int threads = 1; threads <= most; threads++) {
        int count = threads;
        table(text, result, instances, backends, entry -> entry.threads() == count);
      }
    } else {
      table(text, result, instances, backends, entry -> true);
    }
    Environment environment = result.environment();
    text.append(
        String.format(
            Locale.ROOT,
            "%n[results/%s](results/%1$s): medians of %d rounds, %s, %s, %d processors, Java %s;"
                + " %s; %s.%n",
            file,
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

  /** A row per instance, then the geometric means of the ratios if there are several. */
  private static void table(
      StringBuilder text,
      SuiteResult result,
      Set<String> instances,
      Set<String> backends,
      Predicate<SuiteResult.Entry> counted) {
    List<OptionalDouble> toReference = new ArrayList<>();
    List<OptionalDouble> toPeers = new ArrayList<>();
    for (String instance : instances) {
      Predicate<SuiteResult.Entry> here = counted.and(entry -> entry.instance().equals(instance));
      if (best(result, here.and(entry -> isOurs(entry))).isEmpty()) {
        continue;
      }
      List<String> cells = new ArrayList<>(List.of("`" + instance + "`"));
      for (String backend : backends) {
        cells.add(
            best(result, here.and(entry -> entry.backend().equals(backend)))
                .map(e -> String.format(Locale.ROOT, "%,.1f (%d)", e.median(), e.threads()))
                .orElse(""));
      }
      toReference.add(ratio(result, here, Tables::isReference));
      toPeers.add(ratio(result, here, Tables::isPeer));
      addRatios(
          cells, result, toReference.get(toReference.size() - 1), toPeers.get(toPeers.size() - 1));
      row(text, cells);
    }
    if (toPeers.stream().filter(OptionalDouble::isPresent).count() > 1) {
      List<String> cells = new ArrayList<>(List.of("geometric mean"));
      backends.forEach(backend -> cells.add(""));
      addRatios(cells, result, geometricMean(toReference), geometricMean(toPeers));
      row(text, cells);
    }
  }

  private static void addRatios(
      List<String> cells, SuiteResult result, OptionalDouble toReference, OptionalDouble toPeers) {
    if (result.entries().stream().anyMatch(Tables::isReference)) {
      cells.add(text(toReference));
    }
    if (result.entries().stream().anyMatch(Tables::isPeer)) {
      cells.add(text(toPeers));
    }
  }

  private static boolean isPeer(SuiteResult.Entry entry) {
    return !isOurs(entry) && !isReference(entry) && !entry.backend().equals(SuiteSpec.CUDA);
  }

  private static boolean isOurs(SuiteResult.Entry entry) {
    return entry.backend().equals(OURS);
  }

  private static boolean isReference(SuiteResult.Entry entry) {
    return entry.backend().equals(WorkloadBenchmark.REFERENCE);
  }

  private static OptionalDouble geometricMean(List<OptionalDouble> ratios) {
    OptionalDouble meanLog =
        ratios.stream()
            .filter(OptionalDouble::isPresent)
            .mapToDouble(ratio -> Math.log(ratio.getAsDouble()))
            .average();
    return meanLog.isPresent()
        ? OptionalDouble.of(Math.exp(meanLog.getAsDouble()))
        : OptionalDouble.empty();
  }

  private static String text(OptionalDouble ratio) {
    return ratio.isPresent() ? String.format(Locale.ROOT, "%.2f", ratio.getAsDouble()) : "";
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  /** The fastest of some entries. */
  private static Optional<SuiteResult.Entry> best(
      SuiteResult result, Predicate<SuiteResult.Entry> counted) {
    return result.entries().stream()
        .filter(counted)
        .max((a, b) -> Double.compare(a.median(), b.median()));
  }

  /** Our best rate by the others' best. */
  private static OptionalDouble ratio(
      SuiteResult result,
      Predicate<SuiteResult.Entry> counted,
      Predicate<SuiteResult.Entry> others) {
    Optional<SuiteResult.Entry> ours = best(result, counted.and(Tables::isOurs));
    Optional<SuiteResult.Entry> other = best(result, counted.and(others));
    return ours.isPresent() && other.isPresent()
        ? OptionalDouble.of(ours.get().median() / other.get().median())
        : OptionalDouble.empty();
  }
}
