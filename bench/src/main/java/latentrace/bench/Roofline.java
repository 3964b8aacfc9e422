package latentrace.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Pattern;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.Backends;
import latentrace.checkpoint.Json;
import latentrace.model.ModelSpec;
import latentrace.workload.GemmShape;
import latentrace.workload.GemmWorkload;
import latentrace.workload.InfluenceWorkload;
import latentrace.workload.LayerWork;
import latentrace.workload.NormalsWorkload;
import latentrace.workload.TrainStepWorkload;
import latentrace.workload.Workload;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How near the work comes to what a device can do: its floor is the larger of operations over peak
 * and bytes over bandwidth, counting every number of parameters, images and results as often as the
 * algorithm must move it and nothing that a cache can keep. Device time is taken by events around
 * many repetitions, wall time beside it: where that is longer, launches are what is waited for.
 */
@Command(
    name = "latentrace-roofline",
    description = "Times work against its floor and writes results/roofline.json.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Roofline implements Callable<Integer> {
  private static final int DRAWS = 16;
  private static final int TIMINGS = 7;
  private static final double LEAST_SECONDS = 0.1;
  private static final double WARM_SECONDS = 0.7;
  private static final double NANOS = 1e9;

  @Option(
      names = "--backend",
      defaultValue = "cuda",
      description = "what computes. Default: ${DEFAULT-VALUE}")
  private String backendName;

  @Option(
      names = "--tflops",
      defaultValue = "67",
      description = "peak, 10^12 operations/s. Default: ${DEFAULT-VALUE}, an H100's FP32")
  private double tflops;

  @Option(
      names = "--bandwidth",
      defaultValue = "3.35",
      description = "of memory, 10^12 bytes/s. Default: ${DEFAULT-VALUE}, an H100's HBM3")
  private double bandwidth;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "bench/results",
      description = "Default: ${DEFAULT-VALUE}")
  private Path out;

  @Option(
      names = "--item",
      paramLabel = "REGEX",
      defaultValue = ".*",
      description = "only work whose name matches. Default: all")
  private Pattern chosen;

  @Option(names = "--quick", description = "only shows that everything runs: small sizes, once")
  private boolean quick;

  /** Made by picocli. */
  public Roofline() {}

  /** Something to time, and the least it takes. */
  private record Item(
      String name, Function<Backend, Workload> work, double operations, double bytes) {}

  /**
   * A row of the result.
   *
   * @param name what was done
   * @param operations floating-point operations of one repetition
   * @param bytes that it must move
   * @param floorMicros the larger of both over what the device can do
   * @param deviceMicros median of a repetition by the device's events; wall time on a CPU
   * @param wallMicros the same by the clock
   * @param share floor by device time
   */
  record Row(
      String name,
      double operations,
      double bytes,
      double floorMicros,
      double deviceMicros,
      double wallMicros,
      double share) {}

  /**
   * The file.
   *
   * @param tflops peak assumed
   * @param bandwidth assumed, 10^12 bytes/s
   */
  record Result(
      Environment environment, String device, double tflops, double bandwidth, List<Row> rows) {}

  /** Runs it; exit status 0, 1 for a failure, 2 for bad usage. */
  public static void main(String[] arguments) {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    System.exit(
        new CommandLine(new Roofline())
            .setExecutionExceptionHandler(
                (e, command, parsed) -> {
                  if (!(e instanceof BackendException)) {
                    throw e;
                  }
                  command.getErr().println("latentrace-roofline: " + e.getMessage());
                  return CommandLine.ExitCode.SOFTWARE;
                })
            .execute(arguments));
  }

  @Override
  public Integer call() {
    List<Row> rows = new ArrayList<>();
    String device;
    try (Backend backend = Backends.open(backendName)) {
      device = backend.description();
      System.out.printf(
          Locale.ROOT,
          "%s; peak %.1f TFLOP/s, %.2f TB/s%n%-34s %12s %12s %12s %7s%n",
          device,
          tflops,
          bandwidth,
          "",
          "floor us",
          "device us",
          "wall us",
          "share");
      for (Item item : items().stream().filter(i -> chosen.matcher(i.name()).matches()).toList()) {
        Row row = measure(backend, item);
        rows.add(row);
        System.out.printf(
            Locale.ROOT,
            "%-34s %12.1f %12.1f %12.1f %6.1f%%%n",
            row.name(),
            row.floorMicros(),
            row.deviceMicros(),
            row.wallMicros(),
            100 * row.share());
      }
    }
    Json.write(
        out.resolve("roofline.json"),
        new Result(Environment.here(), device, tflops, bandwidth, rows));
    return CommandLine.ExitCode.OK;
  }

  private Row measure(Backend backend, Item item) {
    try (Workload work = item.work().apply(backend)) {
      work.run();
      double once = LEAST_SECONDS;
      double warm = 0;
      while (!quick && warm < WARM_SECONDS) { // compiles what launches, too
        once = seconds(backend, work, 1)[1];
        warm += once;
      }
      int repetitions = quick ? 1 : (int) Math.max(1, Math.min(1000, LEAST_SECONDS / once));
      int timings = quick ? 1 : TIMINGS;
      double[] device = new double[timings];
      double[] wall = new double[timings];
      for (int i = 0; i < timings; i++) {
        double[] both = seconds(backend, work, repetitions);
        device[i] = both[0] / repetitions;
        wall[i] = both[1] / repetitions;
      }
      Arrays.sort(device);
      Arrays.sort(wall);
      double floor =
          Math.max(item.operations() / (tflops * 1e12), item.bytes() / (bandwidth * 1e12));
      double median = device[timings / 2];
      return new Row(
          item.name(),
          item.operations(),
          item.bytes(),
          floor * 1e6,
          median * 1e6,
          wall[timings / 2] * 1e6,
          floor / median);
    }
  }

  /** Of the device, and of the clock. */
  private static double[] seconds(Backend backend, Workload work, int repetitions) {
    long start = System.nanoTime();
    Backend.DeviceTime device =
        backend.timed(
            () -> {
              for (int i = 0; i < repetitions; i++) {
                work.run();
              }
            });
    double wall = (System.nanoTime() - start) / NANOS;
    return new double[] {device.seconds() > 0 ? device.seconds() : wall, wall};
  }

  private List<Item> items() {
    List<Item> items = new ArrayList<>();
    for (String shape :
        quick
            ? List.of("NT:64x1024x784")
            : List.of(
                "NN:4096x4096x4096",
                "NN:2048x2048x2048",
                "NT:64x1024x784",
                "NT:16384x1024x784",
                "TN:1024x784x16384",
                "NT:128x60000x256",
                "NT:128x1024x802816")) {
      items.add(gemm(GemmShape.parse(shape)));
    }
    for (int batch : quick ? new int[] {64} : new int[] {64, 512, 4096, 16384}) {
      items.add(trainStep(quick ? "8" : "128", batch));
    }
    for (int batch : quick ? new int[] {1} : new int[] {64, 1024}) {
      items.add(trainStep("conv-64", batch));
    }
    for (int samples : quick ? new int[] {16} : new int[] {1024, 60000}) {
      items.add(scores(quick ? "8" : "128", samples, quick ? 8 : 128));
    }
    items.add(scores("conv-64", quick ? 1 : 2048, quick ? 1 : 128));
    int normals = quick ? 4 : 4096;
    items.add(
        new Item(
            "normals, %d x 16 x 128".formatted(normals),
            backend -> new NormalsWorkload(backend, normals, 16, 128),
            45.0 * normals * 16 * 128,
            4.0 * normals * 16 * 128));
    return items;
  }

  private static Item gemm(GemmShape shape) {
    double numbers =
        (double) shape.m() * shape.k()
            + (double) shape.k() * shape.n()
            + (double) shape.m() * shape.n();
    return new Item(
        "%s%s %dx%dx%d"
            .formatted(
                shape.transA() ? "T" : "N",
                shape.transB() ? "T" : "N",
                shape.m(),
                shape.n(),
                shape.k()),
        backend -> new GemmWorkload(backend, shape),
        shape.operations(),
        4 * numbers);
  }

  /**
   * Forward, both gradients (no input gradient of the first layer); parameters are read and
   * written, images read.
   */
  private static Item trainStep(String model, int batch) {
    ModelSpec spec = Models.of(model);
    double products = 0;
    double numbers = (double) batch * spec.sampleSize();
    List<LayerWork> layers = LayerWork.of(spec);
    for (int l = 0; l < layers.size(); l++) {
      products += (l == 0 ? 2 : 3) * batch * layers.get(l).products();
      numbers += 2.0 * layers.get(l).weights();
    }
    return new Item(
        "step %s, batch %d".formatted(model, batch),
        backend -> new TrainStepWorkload(backend, spec, batch),
        2 * products,
        4 * numbers);
  }

  /**
   * Scores of training samples for tests, m = 16: of a linear layer by factors or rows, whichever
   * takes fewer operations, of a convolution by rows; images are read, scores written.
   */
  private static Item scores(String model, int samples, int tests) {
    ModelSpec spec = Models.of(model);
    double perSample = 0;
    List<LayerWork> layers = LayerWork.of(spec);
    for (int l = 0; l < layers.size(); l++) {
      LayerWork layer = layers.get(l);
      double rank = layer.part() == 0 ? 1 : DRAWS;
      double passes = (l == 0 ? 2 : 4) * rank * layer.products();
      double rows = 2 * rank * layer.products() + 2.0 * tests * layer.weights();
      double ghosts = 2 * tests * rank * rank * ((double) layer.inputs() + layer.outputs());
      perSample += passes + (layer.positions() == 1 ? Math.min(rows, ghosts) : rows);
    }
    return new Item(
        "scores %s, %d x %d".formatted(model, samples, tests),
        backend -> new InfluenceWorkload(backend, spec, samples, tests, DRAWS, 1),
        perSample * samples,
        4.0 * samples * (spec.sampleSize() + tests));
  }
}
