package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Reconstruction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Per-row losses and their gradients. */
class LossConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void reconstruction(Backend backend) {
    int[][] sizes = {
      {1, 1, 1}, {3, 3, 17}, {6, 3, 31}, {31, 1, 33}, {15, 5, 257}, {257, 1, 3}, {2, 1, 2500}
    };
    for (Reconstruction kind : Reconstruction.values()) {
      for (int[] size : sizes) {
        for (boolean offset : BOTH) {
          check(backend, kind, size[0], size[1], size[2], offset);
        }
      }
    }
  }

  private static void check(
      Backend backend, Reconstruction kind, int rows, int draws, int features, boolean offset) {
    String what = "%s rows=%d draws=%d features=%d".formatted(kind, rows, draws, features);
    try (Arena arena = new Arena(backend, offset, rows + features)) {
      double[] o = arena.noise(rows * features);
      double[] x = arena.noise(rows / draws * features);
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Math.abs(x[i] % 1);
      }
      double scale = -0.375;
      Buffer output = arena.in("output", o);
      Buffer target = arena.in("target", x);
      Buffer values = arena.out("values", rows);
      Buffer dOutput = arena.out("dOutput", rows * features);
      backend
          .losses()
          .reconstruction(kind, rows, draws, features, output, target, values, scale, dOutput);
      Expected losses = Oracle.reconstruction(kind, rows, draws, features, o, x);
      arena.expect(what, values, losses);
      arena.expect(
          what + " gradient",
          dOutput,
          Oracle.reconstructionGradient(kind, rows, draws, features, o, x, scale));
      values.fill(Double.NaN);
      backend
          .losses()
          .reconstruction(kind, rows, draws, features, output, target, values, scale, null);
      arena.expect(what + " without gradient", values, losses);
      arena.verify(what);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void crossEntropy(Backend backend) {
    int[][] sizes = {{1, 1}, {1, 3}, {3, 17}, {17, 2}, {33, 31}, {5, 257}, {257, 10}};
    for (int[] size : sizes) {
      for (boolean offset : BOTH) {
        int rows = size[0];
        int classes = size[1];
        String what = "crossEntropy rows=%d classes=%d".formatted(rows, classes);
        try (Arena arena = new Arena(backend, offset, rows + classes)) {
          double[] o = arena.noise(rows * classes, 2);
          double[] labels = new double[rows];
          for (int r = 0; r < rows; r++) {
            labels[r] = (r * 7 + classes - 1) % classes;
          }
          Buffer output = arena.in("output", o);
          Buffer label = arena.in("labels", labels);
          Buffer values = arena.out("values", rows);
          Buffer dOutput = arena.out("dOutput", rows * classes);
          backend.losses().crossEntropy(rows, classes, output, label, values, 1.75, dOutput);
          Expected losses = Oracle.crossEntropy(rows, classes, o, labels);
          arena.expect(what, values, losses);
          arena.expect(
              what + " gradient",
              dOutput,
              Oracle.crossEntropyGradient(rows, classes, o, labels, 1.75));
          values.fill(Double.NaN);
          backend.losses().crossEntropy(rows, classes, output, label, values, 1.75, null);
          arena.expect(what + " without gradient", values, losses);
          arena.verify(what);
        }
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void contrastive(Backend backend) {
    int[][] sizes = {{1, 1}, {1, 3}, {2, 17}, {9, 5}, {17, 33}, {33, 2}, {65, 4}};
    for (int[] size : sizes) {
      for (double temperature : new double[] {0.5, 0.1}) {
        for (boolean offset : BOTH) {
          int pairs = size[0];
          int features = size[1];
          String what =
              "contrastive pairs=%d features=%d T=%s".formatted(pairs, features, temperature);
          try (Arena arena = new Arena(backend, offset, pairs + features)) {
            double[] x = arena.noise(2 * pairs * features);
            Buffer z = arena.in("z", x);
            Buffer values = arena.out("values", pairs);
            Buffer dZ = arena.out("dZ", 2 * pairs * features);
            backend.losses().contrastive(pairs, features, temperature, z, values, 1.75, dZ);
            Expected losses = Oracle.contrastive(pairs, features, temperature, x);
            arena.expect(what, values, losses);
            arena.expect(
                what + " gradient",
                dZ,
                Oracle.contrastiveGradient(pairs, features, temperature, x, 1.75));
            values.fill(Double.NaN);
            backend.losses().contrastive(pairs, features, temperature, z, values, 1.75, null);
            arena.expect(what + " without gradient", values, losses);
            arena.verify(what);
          }
        }
      }
    }
  }

  /** Logits of ±300: exp would overflow or vanish in single precision. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void farOut(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer values = arena.out("values", 1);
      Buffer dOutput = arena.out("dOutput", 2);
      Buffer output = arena.in("output", new double[] {300, -300});
      backend
          .losses()
          .reconstruction(
              Reconstruction.BERNOULLI,
              1,
              1,
              2,
              output,
              arena.in("target", new double[] {0, 0.5}),
              values,
              1,
              dOutput);
      arena.expect("bernoulli", values, exactly(450));
      arena.expect("bernoulli gradient", dOutput, exactly(1, -0.5));
      backend
          .losses()
          .crossEntropy(1, 2, output, arena.in("labels", new double[] {1}), values, 1, dOutput);
      arena.expect("crossEntropy", values, exactly(600));
      arena.expect("crossEntropy gradient", dOutput, exactly(1, -1));
    }
  }

  /** Certain and right: ln(1 + eᵒ) − o nearly cancels, for white pixels as for black ones. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void certain(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer values = arena.out("values", 2);
      Buffer output = arena.in("output", new double[] {15, -15});
      Buffer target = arena.in("target", new double[] {1, 0});
      backend
          .losses()
          .reconstruction(Reconstruction.BERNOULLI, 2, 1, 1, output, target, values, 1, null);
      double[] actual = values.toDoubles();
      for (int i = 0; i < 2; i++) {
        // not Closeness: relative, the value being far below its absolute tolerance
        assertEquals(Math.log1p(Math.exp(-15)), actual[i], 1e-5 * Math.exp(-15));
      }
    }
  }

  private static Expected exactly(double... expected) {
    Expected values = new Expected(expected.length, 1);
    for (int i = 0; i < expected.length; i++) {
      values.set(i, expected[i], Math.abs(expected[i]));
    }
    return values;
  }
}
