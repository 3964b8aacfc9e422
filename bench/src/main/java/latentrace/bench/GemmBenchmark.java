package latentrace.bench;

import java.util.concurrent.TimeUnit;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import latentrace.backend.PhiloxRandom;
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
 * Matrix products in the shapes of training and scoring. The counter {@code gigaflops} is 2·m·n·k
 * per second; the product is compared with the reference's once in set-up.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class GemmBenchmark {
  /** By name, as on the command line. */
  @Param({"ejml", "simd"})
  public String backend;

  /** Transposes, then m x n x k. */
  @Param({
    "NN:256x256x256",
    "NN:512x512x512",
    "NN:1152x1152x1152",
    "NN:2048x2048x2048",
    "NT:64x1024x784",
    "NT:64x512x1024",
    "TN:1024x784x64",
    "NT:4096x256x128",
    "NT:128x60000x256"
  })
  public String shape;

  /** Of the backend. */
  @Param({"1", "2"})
  public int threads;

  private Backend computer;
  private boolean transA;
  private boolean transB;
  private int m;
  private int n;
  private int k;
  private Buffer a;
  private Buffer b;
  private Buffer c;

  /** For JMH. */
  public GemmBenchmark() {}

  /** Operations per second. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Rate {
    private double operations;

    /** For JMH. */
    public Rate() {}

    /** 10⁹ floating-point operations done. */
    public double gigaflops() {
      return operations * 1e-9;
    }
  }

  /** Makes the matrices and compares one product with the reference's. */
  @Setup
  public void open() {
    transA = shape.charAt(0) == 'T';
    transB = shape.charAt(1) == 'T';
    String[] sizes = shape.substring(3).split("x", 3);
    m = Integer.parseInt(sizes[0]);
    n = Integer.parseInt(sizes[1]);
    k = Integer.parseInt(sizes[2]);
    computer = Backends.open(backend, new Options(threads));
    a = noise(computer, m * k, 0);
    b = noise(computer, n * k, 1);
    c = computer.allocate((long) m * n);
    multiply(computer, a, b, c);
    try (Backend reference = Backends.open("ejml", new Options(1));
        Buffer expected = reference.allocate((long) m * n)) {
      multiply(reference, noise(reference, m * k, 0), noise(reference, n * k, 1), expected);
      check(expected.toDoubles(), c.toDoubles());
    }
  }

  private static Buffer noise(Backend backend, int length, int substream) {
    PhiloxRandom random = new PhiloxRandom(1, 0, substream);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    Buffer buffer = backend.allocate(length);
    buffer.upload(values);
    return buffer;
  }

  private static void check(double[] expected, double[] actual) {
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      errors += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      squares += expected[i] * expected[i];
    }
    double relative = Math.sqrt(errors / squares);
    if (!(relative <= 1e-5)) {
      throw new AssertionError("the product is off by " + relative);
    }
  }

  private void multiply(Backend by, Buffer left, Buffer right, Buffer to) {
    by.dense()
        .gemm(transA, transB, m, n, k, 1, left, transA ? m : k, right, transB ? k : n, 0, to, n);
  }

  /** One product. */
  @Benchmark
  public Buffer gemm(Rate rate) {
    multiply(computer, a, b, c);
    rate.operations += 2.0 * m * n * k;
    return c;
  }

  /** Ends its threads. */
  @TearDown
  public void close() {
    computer.close();
  }
}
