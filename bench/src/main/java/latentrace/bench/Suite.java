package latentrace.bench;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import latentrace.bench.peer.Natives;
import latentrace.checkpoint.Json;
import latentrace.workload.Comparison;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * Runs the suites in rounds: in each, every backend and peer does every instance once, in a JVM of
 * its own, so that they alternate and a drift of the machine meets all. Results are written after
 * each suite of a round: medians over the rounds so far.
 */
@Command(
    name = "latentrace-bench",
    description = "Runs the JMH suites in rounds and writes bench/results; from the root.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Suite implements Callable<Integer> {
  private static final Path SCRIPT = Path.of("bench", "src", "main", "python", "vae.py");
  private static final int PEER_ATTEMPTS = 3;
  private static final int QUICK_MILLIS = 100;

  @Option(names = "--rounds", paramLabel = "N", description = "Default: 3; quick: 1")
  private Integer rounds;

  @Option(
      names = "--suite",
      paramLabel = "NAME",
      converter = SuiteName.class,
      description =
          "gemm, train-step, vae-tracin, self-influence, attribution, philox or scaling; may be"
              + " repeated. Default: all")
  private List<SuiteSpec> suites = List.of(SuiteSpec.values());

  @Option(names = "--peers", description = "also OpenBLAS and libtorch; needs a build with -Ppeers")
  private boolean peers;

  @Option(
      names = "--pytorch",
      paramLabel = "PYTHON",
      description = "also PyTorch, with this interpreter")
  private String python;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "only this backend or peer of those that would run; may be repeated")
  private List<String> only = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Default: bench/results; quick: bench/target/results")
  private Path out;

  @Option(
      names = "--quick",
      description = "only shows that everything runs: the first instance of each suite, short")
  private boolean quick;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private final Map<SuiteSpec, Map<Key, List<Double>>> rates = new LinkedHashMap<>();
  private Environment environment;

  /** Made by picocli. */
  public Suite() {}

  private record Key(String instance, String backend, int threads) {}

  /** A suite by its name. */
  static final class SuiteName implements ITypeConverter<SuiteSpec> {
    @Override
    public SuiteSpec convert(String text) {
      return SuiteSpec.of(text)
          .orElseThrow(() -> new TypeConversionException("found '%s', see --help".formatted(text)));
    }
  }

  /** Runs the suites; exit status 0, 1 for a failure, 2 for bad usage. */
  public static void main(String[] arguments) {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    System.exit(
        new CommandLine(new Suite())
            .setParameterExceptionHandler(
                (e, unused) -> {
                  e.getCommandLine().getErr().println("latentrace-bench: " + e.getMessage());
                  return CommandLine.ExitCode.USAGE;
                })
            .setExecutionExceptionHandler(
                (e, command, result) -> {
                  if (!(e instanceof BackendException || e instanceof UncheckedIOException)) {
                    throw e;
                  }
                  command.getErr().println("latentrace-bench: " + e.getMessage());
                  return CommandLine.ExitCode.SOFTWARE;
                })
            .execute(arguments));
  }

  @Override
  public Integer call() {
    if (rounds != null && rounds < 1) {
      throw new ParameterException(
          spec.commandLine(), "--rounds: found %d, expected at least 1".formatted(rounds));
    }
    if (out == null) {
      out = Path.of("bench", quick ? "target/results" : "results");
    }
    requireAll();
    environment = Environment.here();
    int count = rounds != null ? rounds : quick ? 1 : 3;
    for (int round = 1; round <= count; round++) {
      for (SuiteSpec suite : suites) {
        List<String> instances = suite.instances();
        for (String instance : quick ? instances.subList(0, 1) : instances) {
          for (String backend : suite.backends(instance, peers)) {
            if (!only.isEmpty() && !only.contains(backend)) {
              continue;
            }
            for (int threads : SuiteSpec.threadCounts(backend)) {
              System.err.printf(
                  "round %d of %d: %s %s %s, threads %d%n",
                  round, count, suite.id(), instance, backend, threads);
              add(
                  suite,
                  new Key(instance, backend, threads),
                  fork(suite, instance, backend, threads));
            }
          }
        }
        write();
      }
      if (python != null) {
        for (int threads : SuiteSpec.threadCounts("pytorch")) {
          System.err.printf("round %d of %d: pytorch, threads %d%n", round, count, threads);
          addPytorch(threads);
        }
      }
      write();
    }
    return CommandLine.ExitCode.OK;
  }

  /** Everything that can be missing, before any work. */
  private void requireAll() {
    for (BackendProvider provider : Backends.providers()) {
      if (SuiteSpec.OURS.contains(provider.name()) && !provider.probe().available()) {
        throw new BackendException(
            "backend %s does not run here: %s"
                .formatted(provider.name(), provider.probe().detail()));
      }
    }
    if (peers) {
      Natives.requireOpenBlas();
      Natives.requireLibtorch();
    }
    if (python != null && !Files.exists(SCRIPT)) {
      throw new BackendException(SCRIPT + ": no such file: run from the project's root");
    }
  }

  private void add(SuiteSpec suite, Key key, double rate) {
    rates
        .computeIfAbsent(suite, s -> new LinkedHashMap<>())
        .computeIfAbsent(key, k -> new ArrayList<>())
        .add(rate);
  }

  private void addPytorch(int threads) {
    List<String> ids = suites.stream().map(SuiteSpec::id).toList();
    for (Pytorch.Figure figure : Pytorch.run(python, SCRIPT, threads, quick, ids)) {
      environment = environment.with("pytorch", figure.version());
      for (SuiteSpec suite : suites) {
        if (suite.id().equals(figure.suite())) {
          add(suite, new Key(figure.instance(), figure.backend(), threads), figure.rate());
        }
      }
    }
  }

  /**
   * The rate in one JVM of its own.
   *
   * @throws BackendException if it fails; a peer has {@value #PEER_ATTEMPTS} attempts, because
   *     libtorch now and then takes its JVM with it
   */
  private double fork(SuiteSpec suite, String instance, String backend, int threads) {
    Path log = out.resolve("failed.log");
    TimeValue time = TimeValue.milliseconds(quick ? QUICK_MILLIS : suite.millis());
    Options options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(suite.benchmark().getName()) + "\\.")
            .param(suite.parameter(), instance)
            .param("backend", backend)
            .param("threads", Integer.toString(threads))
            .forks(1)
            .warmupIterations(quick ? 1 : suite.warmups())
            .warmupTime(time)
            .measurementIterations(quick ? 1 : suite.measurements())
            .measurementTime(time)
            .shouldFailOnError(true)
            .output(log.toString())
            .build();
    int attempts = SuiteSpec.OURS.contains(backend) ? 1 : PEER_ATTEMPTS;
    RunnerException failure = null;
    try {
      Files.createDirectories(out);
      for (int attempt = 1; attempt <= attempts; attempt++) {
        try {
          RunResult result = new Runner(options).runSingle();
          Files.delete(log);
          return result.getSecondaryResults().get("amount").getScore() * suite.scale();
        } catch (RunnerException e) {
          failure = e;
        }
      }
    } catch (java.io.IOException e) {
      throw new UncheckedIOException(out + ": " + e.getMessage(), e);
    }
    throw new BackendException(
        "%s %s %s, threads %d: failed %d times, see %s"
            .formatted(suite.id(), instance, backend, threads, attempts, log),
        failure);
  }

  private void write() {
    rates.forEach(
        (suite, figures) -> {
          List<SuiteResult.Entry> entries = new ArrayList<>();
          figures.forEach((key, values) -> entries.add(entry(suite, key, values)));
          Json.write(
              out.resolve(suite.id() + ".json"), new SuiteResult(suite.id(), environment, entries));
        });
  }

  private static SuiteResult.Entry entry(SuiteSpec suite, Key key, List<Double> values) {
    double[] all = values.stream().mapToDouble(value -> value).toArray();
    return new SuiteResult.Entry(
        key.instance(),
        key.backend(),
        key.threads(),
        suite.unit(),
        List.copyOf(values),
        Comparison.median(all),
        values.stream().mapToDouble(value -> value).min().orElseThrow(),
        values.stream().mapToDouble(value -> value).max().orElseThrow());
  }
}
