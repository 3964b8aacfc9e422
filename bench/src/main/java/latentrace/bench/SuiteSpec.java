package latentrace.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import latentrace.bench.peer.LibtorchGemm;
import latentrace.bench.peer.LibtorchInfluence;
import latentrace.bench.peer.LibtorchTrainStep;
import latentrace.bench.peer.OpenBlasGemm;
import org.openjdk.jmh.annotations.Param;

/** The suites: what is measured, on which instances, beside which peers, and in what unit. */
@SuppressWarnings("ImmutableEnumChecker") // Set.of and List.of are immutable
enum SuiteSpec {
  GEMM(
      GemmBenchmark.class,
      "shape",
      Set.of(),
      List.of(OpenBlasGemm.NAME, LibtorchGemm.NAME),
      "GFLOP/s",
      1e-9,
      2,
      3,
      400),
  TRAIN_STEP(
      TrainStepBenchmark.class,
      "latent",
      Set.of(),
      List.of(LibtorchTrainStep.NAME),
      "samples/s",
      1,
      2,
      3,
      1000),
  VAE_TRACIN(
      VaeTracInBenchmark.class,
      "samples",
      Set.of("256x128"),
      List.of(LibtorchInfluence.NAME),
      "(sample, checkpoint)/s",
      1,
      1,
      2,
      500),
  SELF_INFLUENCE(
      SelfInfluenceBenchmark.class,
      "samples",
      Set.of("256"),
      List.of(LibtorchInfluence.NAME),
      "(sample, checkpoint)/s",
      1,
      1,
      2,
      500),
  PHILOX(PhiloxBenchmark.class, "samples", Set.of(), List.of(), "10^6 normals/s", 1e-6, 2, 3, 400);

  private final Class<? extends WorkloadBenchmark> benchmark;
  private final String parameter;
  private final Set<String> tooLongForReference;
  private final List<String> peers;
  private final String unit;
  private final double scale;
  private final int warmups;
  private final int measurements;
  private final int millis;

  SuiteSpec(
      Class<? extends WorkloadBenchmark> benchmark,
      String parameter,
      Set<String> tooLongForReference,
      List<String> peers,
      String unit,
      double scale,
      int warmups,
      int measurements,
      int millis) {
    this.benchmark = benchmark;
    this.parameter = parameter;
    this.tooLongForReference = tooLongForReference;
    this.peers = peers;
    this.unit = unit;
    this.scale = scale;
    this.warmups = warmups;
    this.measurements = measurements;
    this.millis = millis;
  }

  /** The name on the command line, of the file and of the table. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  Class<? extends WorkloadBenchmark> benchmark() {
    return benchmark;
  }

  /** The JMH parameter that tells instances apart. */
  String parameter() {
    return parameter;
  }

  /** The instances, as the benchmark lists them. */
  List<String> instances() {
    try {
      return Arrays.asList(benchmark.getField(parameter).getAnnotation(Param.class).value());
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Who does an instance, in turns. */
  List<String> backends(String instance, boolean withPeers) {
    List<String> backends = new ArrayList<>();
    if (!tooLongForReference.contains(instance)) {
      backends.add(WorkloadBenchmark.REFERENCE);
    }
    backends.add("simd");
    if (withPeers) {
      backends.addAll(peers);
    }
    return backends;
  }

  /** Of the rates. */
  String unit() {
    return unit;
  }

  /** Units per what the workload counts. */
  double scale() {
    return scale;
  }

  /** JMH iterations before it measures. */
  int warmups() {
    return warmups;
  }

  /** JMH iterations that count. */
  int measurements() {
    return measurements;
  }

  /** Least length of a JMH iteration, which does the work at least once. */
  int millis() {
    return millis;
  }

  /** With how many threads a backend does it; the reference takes all processors. */
  static List<Integer> threadCounts(String backend) {
    int processors = Runtime.getRuntime().availableProcessors();
    return processors == 1 || backend.equals(WorkloadBenchmark.REFERENCE)
        ? List.of(processors)
        : List.of(1, processors);
  }
}
