package latentrace.tests.conformance;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameter updates, over several steps with the state carried on. */
class OptimizerConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  private static final int[] SIZES = {1, 3, 17, 31, 33, 257, 70_001};

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void sgd(Backend backend) {
    for (int n : SIZES) {
      for (boolean offset : BOTH) {
        sgd(backend, n, offset, 0, false, 0);
        sgd(backend, n, offset, 0, false, 0.125);
        sgd(backend, n, offset, 0.875, false, 0);
        sgd(backend, n, offset, 0.875, true, 0.125);
      }
    }
  }

  private static void sgd(
      Backend backend, int n, boolean offset, double momentum, boolean nesterov, double decay) {
    String what = "sgd n=%d momentum=%s nesterov=%s".formatted(n, momentum, nesterov);
    try (Arena arena = new Arena(backend, offset, n)) {
      Buffer p = arena.inOut("parameters", arena.noise(n));
      Buffer v = arena.inOut("velocity", new double[n]);
      for (int step = 1; step <= 3; step++) {
        double[] gradient = arena.noise(n);
        Expected[] expected =
            Oracle.sgd(p.toDoubles(), gradient, v.toDoubles(), 0.0625, momentum, nesterov, decay);
        Buffer g = arena.in("gradients", gradient);
        Buffer state = momentum == 0 ? null : v;
        backend.optimizers().sgd(n, p, g, state, 0.0625, momentum, nesterov, decay);
        arena.expect(what, p, expected[0]);
        if (momentum != 0) {
          arena.expect(what + " velocity", v, expected[1]);
        }
      }
      arena.verify(what);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void adam(Backend backend) {
    for (int n : SIZES) {
      for (boolean offset : BOTH) {
        for (double decay : new double[] {0, 0.25}) {
          String what = "adam n=%d decay=%s".formatted(n, decay);
          try (Arena arena = new Arena(backend, offset, n)) {
            Buffer p = arena.inOut("parameters", arena.noise(n));
            Buffer m = arena.inOut("mean", new double[n]);
            Buffer v = arena.inOut("variance", new double[n]);
            for (int step = 1; step <= 4; step++) {
              double[] gradient = arena.noise(n);
              Expected[] expected =
                  Oracle.adam(
                      step,
                      p.toDoubles(),
                      gradient,
                      m.toDoubles(),
                      v.toDoubles(),
                      0.0625,
                      0.875,
                      0.96875,
                      1e-3,
                      decay);
              Buffer g = arena.in("gradients", gradient);
              backend.optimizers().adam(n, step, p, g, m, v, 0.0625, 0.875, 0.96875, 1e-3, decay);
              arena.expect(what, p, expected[0]);
              arena.expect(what + " mean", m, expected[1]);
              arena.expect(what + " variance", v, expected[2]);
            }
            arena.verify(what);
          }
        }
      }
    }
  }

  /** Only the first {@code length} elements are updated. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void shorterThanItsBuffers(Backend backend) {
    try (Arena arena = new Arena(backend, true, 3)) {
      double[] before = arena.noise(5);
      double[] gradient = arena.noise(5);
      Buffer p = arena.inOut("parameters", before);
      backend.optimizers().sgd(2, p, arena.in("gradients", gradient), null, 0.5, 0, false, 0);
      Expected expected = new Expected(before, 4);
      for (int i = 0; i < 2; i++) {
        expected.begin(i, before[i]).add(i, -0.5 * gradient[i]);
      }
      arena.expect("sgd", p, expected);
      arena.verify("sgd");
    }
  }
}
