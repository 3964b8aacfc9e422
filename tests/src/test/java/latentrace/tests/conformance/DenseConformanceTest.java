package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Matrix products and linear layers. */
class DenseConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  /** alpha and beta: gradients, gradients added up, a step of gradient descent. */
  private static final double[][] FACTORS = {{1, 0}, {1, 1}, {-0.0625, 0.9375}};

  private static final int[][] SIZES = {
    {1, 1, 1},
    {1, 3, 17},
    {3, 1, 33},
    {17, 31, 1},
    {31, 33, 17},
    {33, 17, 257},
    {257, 3, 31},
    {1, 257, 33},
    {17, 65, 129}
  };

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void gemm(Backend backend) {
    double[][] factors = {{1, 0}, {1, 1}, {-1.25, 0.75}, {0.5, 0}, {0, 2}};
    int trial = 0;
    for (int[] size : SIZES) {
      for (boolean transA : BOTH) {
        for (boolean transB : BOTH) {
          for (int gap : new int[] {0, 3}) {
            double[] factor = factors[trial++ % factors.length];
            gemm(backend, size, transA, transB, factor[0], factor[1], gap, 1, false);
            gemm(backend, size, transA, transB, 1, 0, gap, 1, false);
          }
        }
      }
    }
  }

  /** More rows, columns or terms than go through in one part, with beta. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void gemmInParts(Backend backend) {
    gemm(backend, new int[] {7, 70, 1300}, false, true, 1, 0.5, 3, 1, false);
    gemm(backend, new int[] {70, 7, 1300}, false, true, -1, 0.5, 0, 1, false);
    gemm(backend, new int[] {2500, 3, 1100}, true, false, 1, 0.5, 1, 1, false);
    gemm(backend, new int[] {2500, 3, 40}, true, true, 1, 0, 1, 1, false);
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void gemmStridedBatched(Backend backend) {
    for (int[] size : new int[][] {{1, 1, 1}, {3, 17, 5}, {17, 3, 33}, {31, 31, 3}}) {
      for (boolean transA : BOTH) {
        for (boolean transB : BOTH) {
          for (boolean shared : BOTH) {
            gemm(backend, size, transA, transB, -0.75, 0, 1, 5, shared);
            gemm(backend, size, transA, transB, 1.5, 0.5, 2, 3, shared);
          }
        }
      }
    }
  }

  private static void gemm(
      Backend backend,
      int[] size,
      boolean transA,
      boolean transB,
      double alpha,
      double beta,
      int gap,
      int batch,
      boolean shared) {
    int m = size[0];
    int n = size[1];
    int k = size[2];
    int lda = (transA ? m : k) + gap;
    int ldb = (transB ? k : n) + gap;
    int ldc = n + gap;
    int spanA = ((transA ? k : m) - 1) * lda + lda - gap;
    int spanB = ((transB ? n : k) - 1) * ldb + ldb - gap;
    int spanC = (m - 1) * ldc + n;
    // the last matrices end where the buffers end; strides leave a gap between matrices
    long strideA = shared ? 0 : spanA + gap;
    long strideB = shared && transB ? 0 : spanB + 2L * gap;
    long strideC = spanC + 3L * gap;
    String what =
        "gemm m=%d n=%d k=%d %s%s alpha=%s beta=%s gap=%d batch=%d"
            .formatted(m, n, k, transA ? "T" : "N", transB ? "T" : "N", alpha, beta, gap, batch);
    for (boolean offset : BOTH) {
      try (Arena arena = new Arena(backend, offset, m * 31L + n * 7L + k)) {
        double[] a = arena.noise((int) ((batch - 1) * strideA) + spanA);
        double[] b = arena.noise((int) ((batch - 1) * strideB) + spanB);
        int length = (int) ((batch - 1) * strideC) + spanC;
        double[] before = beta == 0 ? Arena.nans(length) : arena.noise(length);
        Buffer c = arena.inOut("C", before);
        Buffer left = arena.in("A", a);
        Buffer right = arena.in("B", b);
        if (batch == 1) {
          backend.dense().gemm(transA, transB, m, n, k, alpha, left, lda, right, ldb, beta, c, ldc);
        } else {
          backend
              .dense()
              .gemmStridedBatched(
                  transA, transB, m, n, k, alpha, left, lda, strideA, right, ldb, strideB, beta, c,
                  ldc, strideC, batch);
        }
        arena.expect(
            what,
            c,
            Oracle.gemm(
                transA, transB, m, n, k, alpha, a, lda, strideA, b, ldb, strideB, beta, before, ldc,
                strideC, batch));
        arena.verify(what);
      }
    }
  }

  /** One buffer as both operands: a Gram matrix. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void gemmOfABufferWithItself(Backend backend) {
    for (boolean transposed : BOTH) {
      try (Arena arena = new Arena(backend, true, 5)) {
        int rows = transposed ? 31 : 17;
        int sum = transposed ? 17 : 31;
        double[] a = arena.noise(17 * 31);
        Buffer x = arena.in("A", a);
        Buffer c = arena.out("C", rows * rows);
        backend.dense().gemm(transposed, !transposed, rows, rows, sum, 1, x, 31, x, 31, 0, c, rows);
        arena.expect(
            "gram",
            c,
            Oracle.gemm(
                transposed,
                !transposed,
                rows,
                rows,
                sum,
                1,
                a,
                31,
                0,
                a,
                31,
                0,
                0,
                Arena.nans(rows * rows),
                rows,
                0,
                1));
        arena.verify("gram");
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void linear(Backend backend) {
    List<Activation> activations = List.of(Activation.values());
    int trial = 0;
    for (int[] size : SIZES) {
      for (boolean offset : BOTH) {
        for (double[] factors : FACTORS) {
          Activation f = activations.get(trial++ % activations.size());
          linear(backend, size[0], size[1], size[2], f, offset, factors);
        }
      }
    }
    for (Activation f : activations) {
      linear(backend, 17, 33, 31, f, true, FACTORS[0]);
    }
    // more inputs than a product takes at once; more rows than a thread sums at once
    linear(backend, 3, 2500, 40, Activation.TANH, true, FACTORS[2]);
    linear(backend, 40, 1300, 7, Activation.RELU, false, FACTORS[1]);
    linear(backend, 600, 5, 1200, Activation.SIGMOID, true, FACTORS[2]);
  }

  private static void linear(
      Backend backend, int rows, int in, int out, Activation f, boolean offset, double[] factors) {
    String what = "linear rows=%d in=%d out=%d %s".formatted(rows, in, out, f);
    try (Arena arena = new Arena(backend, offset, rows + 3L * in + 7L * out)) {
      double[] x = arena.noise(rows * in);
      double[] w = arena.noise(out * in, 1 / Math.sqrt(in));
      double[] b = arena.noise(out);
      double[] delta = arena.noise(rows * out);
      double alpha = factors[0];
      double beta = factors[1];
      double[] weightBefore = beta == 0 ? Arena.nans(out * in) : arena.noise(out * in);
      double[] biasBefore = beta == 0 ? Arena.nans(out) : arena.noise(out);
      Buffer bx = arena.in("x", x);
      Buffer bw = arena.in("weight", w);
      Buffer bDelta = arena.in("delta", delta);
      Buffer y = arena.out("y", rows * out);
      backend.dense().linearForward(rows, in, out, bx, bw, arena.in("bias", b), f, y);
      arena.expect(what + " y", y, Oracle.linearForward(rows, in, out, x, w, b, f));
      Buffer dX = arena.out("dX", rows * in);
      backend.dense().linearBackwardInput(rows, in, out, bDelta, bw, dX);
      arena.expect(what + " dX", dX, Oracle.linearBackwardInput(rows, in, out, delta, w));
      Buffer dW = arena.inOut("dWeight", weightBefore);
      Buffer dB = arena.inOut("dBias", biasBefore);
      backend.dense().linearBackwardParameters(rows, in, out, alpha, bx, bDelta, beta, dW, dB);
      arena.expect(
          what + " dWeight",
          dW,
          Oracle.linearBackwardWeight(rows, in, out, alpha, x, delta, beta, weightBefore));
      arena.expect(
          what + " dBias",
          dB,
          Oracle.linearBackwardBias(rows, out, alpha, delta, beta, biasBefore));
      arena.verify(what);
    }
  }

  /** "Results do not depend on how many" threads: the same bits. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void threadsDoNotChangeResults(Backend backend) {
    BackendProvider provider =
        Backends.providers().stream()
            .filter(p -> p.name().equals(backend.name()))
            .findFirst()
            .orElseThrow();
    double[] first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Backend other = provider.open(new BackendProvider.Options(threads));
          Arena arena = new Arena(other, false, 77)) {
        Buffer a = arena.in("A", arena.noise(257 * 129));
        Buffer b = arena.in("B", arena.noise(129 * 65));
        Buffer c = arena.out("C", 257 * 65);
        other.dense().gemm(false, false, 257, 65, 129, 1, a, 129, b, 65, 0, c, 65);
        double[] result = c.toDoubles();
        if (first != null) {
          assertArrayEquals(first, result, threads + " threads");
        }
        first = result;
      }
    }
  }

  /** "The same bits for every batch size": a row does not depend on the rows beside it. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void batchSizeDoesNotChangeARow(Backend backend) {
    assumeFalse(backend.name().equals("cuda"), "cuBLAS chooses its kernel by the shape");
    try (Arena arena = new Arena(backend, false, 78)) {
      Buffer x = arena.in("x", arena.noise(65 * 129));
      Buffer w = arena.in("weight", arena.noise(33 * 129));
      Buffer b = arena.in("bias", arena.noise(33));
      Buffer all = arena.out("y", 65 * 33);
      Buffer one = arena.out("y", 33);
      backend.dense().linearForward(65, 129, 33, x, w, b, Activation.TANH, all);
      for (int r : new int[] {0, 7, 64}) {
        backend
            .dense()
            .linearForward(1, 129, 33, x.slice(r * 129L, 129), w, b, Activation.TANH, one);
        assertArrayEquals(all.slice(r * 33L, 33).toDoubles(), one.toDoubles(), "row " + r);
      }
    }
  }
}
