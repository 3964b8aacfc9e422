package latentrace.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import latentrace.backend.Backends;
import latentrace.bench.peer.LibtorchInfluence;
import latentrace.bench.peer.LibtorchTrainStep;
import latentrace.bench.peer.OpenBlasGemm;
import org.openjdk.jmh.annotations.Param;

/** The suites: what is measured, on which instances, beside which peers, and in what unit. */
@SuppressWarnings("ImmutableEnumChecker") // predicates without state, lists of List.of
enum SuiteSpec {
  GEMM(
      GemmBenchmark.class,
      "shape",
      // each over a second on the reference
      Set.of("NN:2048x2048x2048", "NT:128x60000x256")::contains,
      // libtorch's products on the JVM are OpenBLAS's
      List.of(OpenBlasGemm.NAME),
      "GFLOP/s",
      1e-9,
      3,
      3,
      400),
  TRAIN_STEP(
      TrainStepBenchmark.class,
      "model",
      instance -> false,
      List.of(LibtorchTrainStep.NAME),
      "samples/s",
      1,
      3,
      3,
      1000),
  VAE_TRACIN(
      VaeTracInBenchmark.class,
      "samples",
      instance -> !instance.equals("16x16"),
      List.of(LibtorchInfluence.NAME),
      "(sample, checkpoint)/s",
      1,
      3,
      3,
      1500),
  SELF_INFLUENCE(
      SelfInfluenceBenchmark.class,
      "samples",
      "256"::equals,
      List.of(LibtorchInfluence.NAME),
      "(sample, checkpoint)/s",
      1,
      3,
      3,
      1500),
  ATTRIBUTION(
      AttributionBenchmark.class, "samples", "1000"::equals, List.of(), "images/s", 1, 3, 3, 1000),
  PHILOX(
      PhiloxBenchmark.class,
      "samples",
      instance -> false,
      List.of(),
      "10^6 normals/s",
      1e-6,
      2,
      3,
      400),
  SCALING(
      ScalingBenchmark.class,
      "run",
      instance -> true,
      List.of(),
      "10^9 sample·checkpoint·parameters/s",
      1e-9,
      3,
      3,
      1000);

  private static final String SIMD = "simd";

  /** Instances that no peer in the JVM does, only PyTorch. */
  private static final Pattern PYTORCHS = Pattern.compile(Models.CONV + "|" + Models.ENCODER);

  /** Measured where there is a GPU. */
  static final String CUDA = "cuda";

  /** The backends that are measured everywhere. */
  static final Set<String> OURS = Set.of(WorkloadBenchmark.REFERENCE, SIMD);

  private final Class<? extends WorkloadBenchmark> benchmark;
  private final String parameter;
  private final Predicate<String> tooLongForReference;
  private final List<String> peers;
  private final String unit;
  private final double scale;
  private final int warmups;
  private final int measurements;
  private final int millis;

  SuiteSpec(
      Class<? extends WorkloadBenchmark> benchmark,
      String parameter,
      Predicate<String> tooLongForReference,
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

  /** The suite of an {@link #id}, if there is one. */
  static Optional<SuiteSpec> of(String id) {
    return Arrays.stream(values()).filter(suite -> suite.id().equals(id)).findFirst();
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
    if (!tooLongForReference.test(instance)) {
      backends.add(WorkloadBenchmark.REFERENCE);
    }
    backends.add(SIMD);
    if (Backends.providers().stream()
        .anyMatch(p -> p.name().equals(CUDA) && p.probe().available())) {
      backends.add(CUDA);
    }
    if (withPeers && !PYTORCHS.matcher(instance).lookingAt()) {
      backends.addAll(peers);
    }
    return backends;
  }

  /** Whether the table compares at equal thread counts, else each at its best. */
  boolean atEqualThreads() {
    return this == GEMM;
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

  /** With how many threads a backend does it; the reference takes all processors, a GPU one. */
  static List<Integer> threadCounts(String backend) {
    int processors = Runtime.getRuntime().availableProcessors();
    if (backend.equals(CUDA)) {
      return List.of(1);
    }
    return processors == 1 || backend.equals(WorkloadBenchmark.REFERENCE)
        ? List.of(processors)
        : List.of(1, processors);
  }
}
