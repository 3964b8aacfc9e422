package latentrace.bench;

import java.util.concurrent.TimeUnit;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A {@link Workload} on a backend or by a peer. Set-up compares its outcome with the reference's;
 * the counter {@code amount} gives units of work per second.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "-XX:+IgnoreUnrecognizedVMOptions",
      "-XX:+UseTransparentHugePages", // as the command line starts itself on Linux
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      // the peers' memory is not the Java heap's
      "-Dorg.bytedeco.javacpp.maxbytes=0",
      "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"
    })
public abstract class WorkloadBenchmark {
  /** The backend that peers are compared with, too. */
  static final String REFERENCE = "ejml";

  private static final double TOLERANCE = 1e-5;

  /** A backend's name as on the command line, or a peer's. */
  @Param({"ejml", "simd"})
  public String backend;

  /** Of the backend or peer. */
  @Param({"1", "2"})
  public int threads;

  private Backend computer;
  private Workload workload;

  /** For JMH. */
  protected WorkloadBenchmark() {}

  /** Units of work done. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Done {
    /** As {@link Workload#amount} counts them. */
    public double amount;

    /** Seconds that a GPU was at it, per second of the run; 0 on a CPU. */
    public double deviceSeconds;

    /** Seconds of copies to and from a GPU, most of them beside its work. */
    public double transferSeconds;

    /** For JMH. */
    public Done() {}
  }

  /** What a backend is to do. */
  abstract Workload onBackend(Backend on);

  /** What a backend is compared with the reference by: the same, or the same kind but smaller. */
  Workload compared(Backend on) {
    return onBackend(on);
  }

  /** The same as a peer does it, or null if no peer of that name does. */
  Workload byPeer(String name, int peerThreads) {
    return null;
  }

  /** What a peer is compared with the reference by. */
  Workload comparedByPeer(String name, int peerThreads) {
    return byPeer(name, peerThreads);
  }

  /** Makes the work, and compares its outcome once with the reference's. */
  @Setup
  public final void open() {
    workload = byPeer(backend, threads);
    if (workload == null) {
      computer = Backends.open(backend, new Options(threads));
      workload = onBackend(computer);
    }
    try (Backend reference = Backends.open(REFERENCE, new Options(1));
        Workload expected = compared(reference);
        Workload actual =
            computer == null ? comparedByPeer(backend, threads) : compared(computer)) {
      expected.run();
      actual.run();
      double difference = Workload.difference(expected.outcome(), actual.outcome());
      if (!(difference <= TOLERANCE)) {
        throw new AssertionError(
            "%s differs from the reference by %.1e, expected at most %.0e"
                .formatted(backend, difference, TOLERANCE));
      }
    }
  }

  /** Does the work once. */
  @Benchmark
  public void work(Done done) {
    if (computer == null) {
      workload.run();
    } else {
      Backend.DeviceTime time = computer.timed(workload::run);
      done.deviceSeconds += time.seconds();
      done.transferSeconds += time.transferSeconds();
    }
    done.amount += workload.amount();
  }

  /** Frees memory and ends threads. */
  @TearDown
  public final void close() {
    workload.close();
    if (computer != null) {
      computer.close();
    }
  }
}
