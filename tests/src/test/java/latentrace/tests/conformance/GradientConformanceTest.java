package latentrace.tests.conformance;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Inner products of per-sample gradients. */
class GradientConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  /** n, rank, in, out. */
  private static final int[][] SIZES = {
    {1, 1, 1, 1}, {3, 1, 17, 5}, {2, 5, 3, 31}, {17, 3, 31, 3}, {1, 33, 7, 9}, {5, 2, 1, 257}
  };

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void materialize(Backend backend) {
    for (int[] size : SIZES) {
      for (int parts = 1; parts <= 3; parts++) {
        for (boolean offset : BOTH) {
          int n = size[0];
          int rank = size[1];
          int in = size[2];
          int out = size[3];
          boolean weight = (parts & 1) != 0;
          boolean bias = (parts & 2) != 0;
          int columns = (weight ? in * out : 0) + (bias ? out : 0);
          int ld = columns + (offset ? 3 : 0);
          String what =
              "materialize n=%d rank=%d in=%d out=%d parts=%d".formatted(n, rank, in, out, parts);
          try (Arena arena = new Arena(backend, offset, n + in + out)) {
            double[] a = arena.noise(n * rank * in);
            double[] delta = arena.noise(n * rank * out);
            int length = (n - 1) * ld + columns;
            Buffer rows = arena.out("rows", length);
            backend
                .gradients()
                .materialize(
                    n,
                    rank,
                    in,
                    out,
                    arena.in("a", a),
                    arena.in("delta", delta),
                    weight,
                    bias,
                    rows,
                    ld);
            arena.expect(
                what,
                rows,
                Oracle.materialize(
                    n, rank, in, out, a, delta, weight, bias, Arena.nans(length), ld));
            arena.verify(what);
          }
        }
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void ghostProducts(Backend backend) {
    // t, rankT, n, rankN, in, out
    int[][] sizes = {
      {1, 1, 1, 1, 1, 1},
      {3, 1, 5, 1, 17, 3},
      {2, 3, 3, 5, 7, 9},
      {17, 1, 31, 2, 3, 5},
      {1, 17, 33, 1, 5, 31},
      {5, 4, 1, 4, 33, 1}
    };
    for (int[] size : sizes) {
      for (int parts = 1; parts <= 3; parts++) {
        for (boolean offset : BOTH) {
          products(backend, size, (parts & 1) != 0, (parts & 2) != 0, offset);
        }
      }
    }
  }

  private static void products(
      Backend backend, int[] size, boolean weight, boolean bias, boolean offset) {
    int t = size[0];
    int rankT = size[1];
    int n = size[2];
    int rankN = size[3];
    int in = size[4];
    int out = size[5];
    int ld = n + (offset ? 2 : 0);
    String what =
        "ghostProducts t=%d rankT=%d n=%d rankN=%d in=%d out=%d %s %s"
            .formatted(t, rankT, n, rankN, in, out, weight, bias);
    try (Arena arena = new Arena(backend, offset, t + n + in)) {
      double[] aT = arena.noise(t * rankT * in);
      double[] deltaT = arena.noise(t * rankT * out);
      double[] aN = arena.noise(n * rankN * in);
      double[] deltaN = arena.noise(n * rankN * out);
      double[] before = arena.noise((t - 1) * ld + n);
      Buffer scores = arena.inOut("scores", before);
      backend
          .gradients()
          .ghostProducts(
              t,
              rankT,
              n,
              rankN,
              in,
              out,
              arena.in("aT", aT),
              arena.in("deltaT", deltaT),
              arena.in("aN", aN),
              arena.in("deltaN", deltaN),
              weight,
              bias,
              -0.625,
              scores,
              ld);
      arena.expect(
          what,
          scores,
          Oracle.ghostProducts(
              t, rankT, n, rankN, in, out, aT, deltaT, aN, deltaN, weight, bias, -0.625, before,
              ld));
      arena.verify(what);
    }
  }

  /** More products than one internal tile may hold: the pieces must add up to the whole. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void ghostProductsInChunks(Backend backend) {
    int t = 33;
    int rankT = 16;
    int n = 513;
    int rankN = 17;
    try (Arena arena = new Arena(backend, true, 4)) {
      double[] aT = arena.noise(t * rankT);
      double[] deltaT = arena.noise(t * rankT);
      double[] aN = arena.noise(n * rankN);
      double[] deltaN = arena.noise(n * rankN);
      double[] before = arena.noise(t * n);
      Buffer scores = arena.inOut("scores", before);
      backend
          .gradients()
          .ghostProducts(
              t,
              rankT,
              n,
              rankN,
              1,
              1,
              arena.in("aT", aT),
              arena.in("deltaT", deltaT),
              arena.in("aN", aN),
              arena.in("deltaN", deltaN),
              true,
              true,
              1.5,
              scores,
              n);
      arena.expect(
          "ghostProducts in chunks",
          scores,
          Oracle.ghostProducts(
              t, rankT, n, rankN, 1, 1, aT, deltaT, aN, deltaN, true, true, 1.5, before, n));
      arena.verify("ghostProducts in chunks");
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void ghostDiagonal(Backend backend) {
    for (int[] size : SIZES) {
      for (int parts = 1; parts <= 3; parts++) {
        for (boolean offset : BOTH) {
          int n = size[0];
          int rank = size[1];
          int in = size[2];
          int out = size[3];
          boolean weight = (parts & 1) != 0;
          boolean bias = (parts & 2) != 0;
          String what =
              "ghostDiagonal n=%d rank=%d in=%d out=%d parts=%d".formatted(n, rank, in, out, parts);
          try (Arena arena = new Arena(backend, offset, n + in + out)) {
            double[] a0 = arena.noise(n * rank * in);
            double[] delta0 = arena.noise(n * rank * out);
            double[] a1 = arena.noise(n * rank * in);
            double[] delta1 = arena.noise(n * rank * out);
            double[] before = arena.noise(n);
            Buffer products = arena.inOut("products", before);
            Buffer left = arena.in("a0", a0);
            Buffer leftDelta = arena.in("delta0", delta0);
            backend
                .gradients()
                .ghostDiagonal(
                    n,
                    rank,
                    in,
                    out,
                    left,
                    leftDelta,
                    arena.in("a1", a1),
                    arena.in("delta1", delta1),
                    weight,
                    bias,
                    0.75,
                    products);
            arena.expect(
                what,
                products,
                diagonal(
                    Oracle.ghostProducts(
                        n,
                        rank,
                        n,
                        rank,
                        in,
                        out,
                        a0,
                        delta0,
                        a1,
                        delta1,
                        weight,
                        bias,
                        0.75,
                        onDiagonal(before),
                        n),
                    n));
            Buffer norms = arena.inOut("products", before);
            backend
                .gradients()
                .ghostDiagonal(
                    n, rank, in, out, left, leftDelta, left, leftDelta, weight, bias, 1, norms);
            arena.expect(
                what + " of itself",
                norms,
                diagonal(
                    Oracle.ghostProducts(
                        n,
                        rank,
                        n,
                        rank,
                        in,
                        out,
                        a0,
                        delta0,
                        a0,
                        delta0,
                        weight,
                        bias,
                        1,
                        onDiagonal(before),
                        n),
                    n));
            arena.verify(what);
          }
        }
      }
    }
  }

  private static double[] onDiagonal(double[] values) {
    double[] matrix = new double[values.length * values.length];
    for (int i = 0; i < values.length; i++) {
      matrix[i * values.length + i] = values[i];
    }
    return matrix;
  }

  private static Expected diagonal(Expected matrix, int n) {
    Expected result = new Expected(n, matrix.terms);
    for (int i = 0; i < n; i++) {
      result.set(i, matrix.value[i * n + i], matrix.magnitude[i * n + i]);
    }
    return result;
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void rowDots(Backend backend) {
    for (int[] size :
        new int[][] {{1, 1}, {3, 17}, {17, 3}, {31, 33}, {2, 257}, {257, 1}, {2, 9001}}) {
      for (boolean offset : BOTH) {
        int n = size[0];
        int columns = size[1];
        int ld = columns + (offset ? 5 : 0);
        String what = "rowDots n=%d columns=%d ld=%d".formatted(n, columns, ld);
        try (Arena arena = new Arena(backend, offset, n + columns)) {
          double[] x = arena.noise((n - 1) * ld + columns);
          double[] y = arena.noise((n - 1) * ld + columns);
          double[] before = arena.noise(n);
          Buffer products = arena.inOut("products", before);
          Buffer left = arena.in("rows0", x);
          backend.gradients().rowDots(n, columns, left, arena.in("rows1", y), ld, -1.5, products);
          arena.expect(what, products, Oracle.rowDots(n, columns, x, y, ld, -1.5, before));
          Buffer norms = arena.inOut("products", before);
          backend.gradients().rowDots(n, columns, left, left, ld, 1, norms);
          arena.expect(what + " of itself", norms, Oracle.rowDots(n, columns, x, x, ld, 1, before));
          arena.verify(what);
        }
      }
    }
  }
}
