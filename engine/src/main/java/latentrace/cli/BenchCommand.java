package latentrace.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import latentrace.Listener;
import latentrace.Version;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;
import latentrace.backend.BackendProvider.ProductMath;
import latentrace.backend.Backends;
import latentrace.checkpoint.Json;
import latentrace.data.InputException;
import latentrace.workload.Comparison;
import latentrace.workload.GemmShape;
import latentrace.workload.GemmWorkload;
import latentrace.workload.InfluenceWorkload;
import latentrace.workload.NormalsWorkload;
import latentrace.workload.PaperModels;
import latentrace.workload.TrainStepWorkload;
import latentrace.workload.Workload;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    description = {
      "Times every backend on the work of training and scoring an MLP beta-VAE, beside the reference"
          + " (ejml), in turns; medians.",
      "Also compares what they compute: fails if one differs from the reference by more than 1e-4."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  private static final String REFERENCE = "ejml";
  private static final double TOLERANCE = 1e-4;
  private static final int BATCH = 64;
  private static final int DRAWS = 16;
  private static final int SAMPLES = 16;

  @Option(
      names = "--quick",
      description = "a smaller model and shorter measurements: a minute instead of a few")
  private boolean quick;

  @Option(
      names = CommonOptions.BACKEND,
      split = ",",
      paramLabel = "NAME",
      description = "what to time beside the reference. Default: every backend that runs here")
  private List<String> names = List.of();

  @Option(names = "--threads", paramLabel = "N", description = CommonOptions.THREADS_DESCRIPTION)
  private Integer threads;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "least length of one measurement. Default: 0.5, quick: 0.2")
  private Double seconds;

  @Option(names = "--latent", hidden = true)
  private Integer latent;

  @Option(names = "--json", paramLabel = "FILE", description = "also write the figures here")
  private Path json;

  @Option(names = "--quiet", description = CommonOptions.QUIET_DESCRIPTION)
  private boolean quiet;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** What is timed; the rate is shown in {@code scale}-fold units per second. */
  private record Work(
      String name, String unit, double scale, Function<Backend, Workload> workload) {}

  /** A figure as it is written. */
  private record Figure(
      String work, String unit, String backend, double rate, double ratio, double difference) {}

  @Override
  public Integer call() {
    if (json != null) {
      Outputs.requireFile("--json", json, ".json");
    }
    if (seconds != null && !(seconds > 0 && seconds <= 60)) {
      throw new InputException(
          "--seconds: found %s, expected a number above 0, at most 60".formatted(seconds));
    }
    List<Backend> backends = new ArrayList<>();
    try {
      for (String name : wanted()) {
        backends.add(CommonOptions.open(name, threads, null, ProductMath.FP32));
      }
      List<Figure> figures = measure(backends);
      print(spec.commandLine().getOut(), figures);
      requireAgreement(figures);
      if (json != null) {
        write(backends, figures);
      }
    } finally {
      backends.forEach(Backend::close);
    }
    return Main.OK;
  }

  /** The reference, then the others, each once. */
  private List<String> wanted() {
    List<String> wanted = new ArrayList<>(List.of(REFERENCE));
    if (names.isEmpty()) {
      for (BackendProvider provider : Backends.providers()) {
        if (provider.probe().available()) {
          wanted.add(provider.name());
        }
      }
    } else {
      wanted.addAll(names);
    }
    return wanted.stream().distinct().toList();
  }

  private List<Work> works() {
    int d = latent != null ? latent : quick ? 64 : 128;
    return List.of(
        gemm("NN:512x512x512"),
        gemm("NT:64x1024x784"),
        new Work(
            "training step, d = %d, batch %d".formatted(d, BATCH),
            "samples/s",
            1,
            backend -> new TrainStepWorkload(backend, PaperModels.mlp(d), BATCH)),
        new Work(
            "scores, d = %d, %d x %d samples".formatted(d, SAMPLES, SAMPLES),
            "(sample, checkpoint)/s",
            1,
            backend ->
                new InfluenceWorkload(backend, PaperModels.mlp(d), SAMPLES, SAMPLES, DRAWS, 1)),
        new Work(
            "self-influence, d = %d, %d samples".formatted(d, SAMPLES),
            "(sample, checkpoint)/s",
            1,
            backend -> new InfluenceWorkload(backend, PaperModels.mlp(d), SAMPLES, 0, DRAWS, 1)),
        new Work(
            "noise",
            "10^6 normals/s",
            1e-6,
            backend -> new NormalsWorkload(backend, BATCH, DRAWS, 128)));
  }

  private static Work gemm(String text) {
    GemmShape shape = GemmShape.parse(text);
    return new Work(
        "matrix product " + text, "GFLOP/s", 1e-9, backend -> new GemmWorkload(backend, shape));
  }

  private List<Figure> measure(List<Backend> backends) {
    List<Work> works = works();
    double least = seconds != null ? seconds : quick ? 0.2 : 0.5;
    int repeats = quick ? 3 : 5;
    List<String> header = backends.stream().map(b -> "backend " + b.description()).toList();
    Listener listener = quiet ? Listener.SILENT : new ConsoleListener(System.err, header);
    listener.started("bench", (long) works.size() * backends.size() * (1 + repeats), 0);
    List<Figure> figures = new ArrayList<>();
    long[] done = {0};
    try {
      for (Work work : works) {
        for (Comparison.Line line :
            Comparison.run(
                backends, work.workload(), least, repeats, () -> listener.progressed(++done[0]))) {
          figures.add(
              new Figure(
                  work.name(),
                  work.unit(),
                  line.backend(),
                  line.rate() * work.scale(),
                  line.ratio(),
                  line.difference()));
        }
      }
    } finally {
      listener.finished();
    }
    return figures;
  }

  private static void print(PrintWriter out, List<Figure> figures) {
    int width = figures.stream().mapToInt(figure -> figure.work().length()).max().orElseThrow();
    String name = "%-" + width + "s  %-7s  ";
    out.printf(
        name + "%10s  %-22s  %8s  %10s%n", "work", "backend", "rate", "", "x ejml", "differs");
    for (Figure figure : figures) {
      out.printf(
          Locale.ROOT,
          name + "%10.2f  %-22s  %8.1f  %10.1e%n",
          figure.work(),
          figure.backend(),
          figure.rate(),
          figure.unit(),
          figure.ratio(),
          figure.difference());
    }
  }

  private void write(List<Backend> backends, List<Figure> figures) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("what", "medians of latentrace bench" + (quick ? " --quick" : ""));
    content.put("date", LocalDate.now(java.time.ZoneOffset.UTC).toString());
    content.put("version", Version.CURRENT);
    content.put("java", Runtime.version().toString());
    content.put("processors", Runtime.getRuntime().availableProcessors());
    content.put("backends", backends.stream().map(b -> b.name() + ": " + b.description()).toList());
    content.put("figures", figures);
    Json.write(json, content);
  }

  private static void requireAgreement(List<Figure> figures) {
    for (Figure figure : figures) {
      if (!(figure.difference() <= TOLERANCE)) {
        throw new BackendException(
            String.format(
                Locale.ROOT,
                "backend %s, %s: differs from the reference by %.1e, expected at most %.0e",
                figure.backend(),
                figure.work(),
                figure.difference(),
                TOLERANCE));
      }
    }
  }
}
