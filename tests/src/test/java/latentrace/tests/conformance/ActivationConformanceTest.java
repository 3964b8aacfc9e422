package latentrace.tests.conformance;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Element-wise activations. */
class ActivationConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void forwardAndBackward(Backend backend) {
    for (Activation f : Activation.values()) {
      for (int length : new int[] {1, 3, 17, 31, 33, 257, 40_001}) {
        for (boolean offset : BOTH) {
          check(backend, f, length, offset);
        }
      }
    }
  }

  private static void check(Backend backend, Activation f, int length, boolean offset) {
    String what = f + " length=" + length;
    try (Arena arena = new Arena(backend, offset, length)) {
      double[] x = arena.noise(length, 2);
      double[] dY = arena.noise(length);
      Buffer y = arena.out("y", length);
      backend.activations().forward(f, length, arena.in("x", x), y);
      Expected forward = new Expected(length, Oracle.FORMULA);
      Expected backward = new Expected(length, Oracle.FORMULA);
      for (int i = 0; i < length; i++) {
        forward.set(i, Oracle.activate(f, x[i]), Math.abs(x[i]) + 1);
        // 1 − y² and y(1 − y) from a rounded y: the error is relative to 1, not to the slope
        backward.set(i, dY[i] * Oracle.slope(f, x[i]), Math.abs(dY[i]));
      }
      arena.expect(what, y, forward);
      Buffer dX = arena.out("dX", length);
      backend.activations().backward(f, length, y, arena.in("dY", dY), dX);
      arena.expect(what + " dX", dX, backward);

      double[] b = arena.noise(length, 2);
      Expected sum = new Expected(length, Oracle.FORMULA);
      for (int i = 0; i < length; i++) {
        sum.set(i, Oracle.activate(f, x[i] + b[i]), Math.abs(x[i]) + Math.abs(b[i]) + 1);
      }
      Buffer join = arena.out("y", length);
      backend.activations().add(f, length, arena.in("a", x), arena.in("b", b), join);
      arena.expect(what + " of a sum", join, sum);
      Buffer onto = arena.inOut("b and y", b);
      backend.activations().add(f, length, arena.in("a", x), onto, onto);
      arena.expect(what + " of a sum in place", onto, sum);

      // in place: y on x, dX on dY
      Buffer same = arena.inOut("x and y", x);
      backend.activations().forward(f, length, same, same);
      arena.expect(what + " in place", same, forward);
      Buffer gradient = arena.inOut("dY and dX", dY);
      backend.activations().backward(f, length, y, gradient, gradient);
      arena.expect(what + " dX in place", gradient, backward);
      arena.verify(what);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void zeroLengthDoesNothing(Backend backend) {
    try (Arena arena = new Arena(backend, true, 1)) {
      Buffer x = arena.in("x", arena.noise(3));
      Buffer y = arena.inOut("y", arena.noise(3));
      double[] before = y.toDoubles();
      backend.activations().forward(Activation.TANH, 0, x, y);
      backend.activations().add(Activation.TANH, 0, x, x, y);
      backend.activations().backward(Activation.TANH, 0, x, x, y);
      arena.expect("y", y, new Expected(before, 1));
      arena.verify("length 0");
    }
  }

  /** At ±200 nothing overflows or becomes NaN, and at 0 the kinks are as documented. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void extremes(Backend backend) {
    extremes(backend, Activation.IDENTITY, -200, 0, 200);
    extremes(backend, Activation.RELU, 0, 0, 200);
    extremes(backend, Activation.LEAKY_RELU, -2, 0, 200);
    extremes(backend, Activation.TANH, -1, 0, 1);
    extremes(backend, Activation.SIGMOID, Math.exp(-200), 0.5, 1);
    extremes(backend, Activation.SOFTPLUS, Math.exp(-200), Math.log(2), 200);
    slopes(backend, Activation.RELU, 0, 0, 1);
    slopes(backend, Activation.LEAKY_RELU, 0.01, 0.01, 1);
    slopes(backend, Activation.TANH, 0, 1, 0);
    slopes(backend, Activation.SIGMOID, 0, 0.25, 0);
    slopes(backend, Activation.SOFTPLUS, 0, 0.5, 1);
  }

  private static void extremes(Backend backend, Activation f, double... expected) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer y = arena.out("y", 3);
      backend.activations().forward(f, 3, arena.in("x", new double[] {-200, 0, 200}), y);
      Expected values = new Expected(3, Oracle.FORMULA);
      for (int i = 0; i < 3; i++) {
        values.set(i, expected[i], Math.abs(expected[i]));
      }
      arena.expect(f + " far out", y, values);
    }
  }

  private static void slopes(Backend backend, Activation f, double... expected) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer y = arena.out("y", 3);
      backend.activations().forward(f, 3, arena.in("x", new double[] {-200, 0, 200}), y);
      Buffer dX = arena.out("dX", 3);
      backend.activations().backward(f, 3, y, arena.in("dY", new double[] {1, 1, 1}), dX);
      Expected values = new Expected(3, Oracle.FORMULA);
      for (int i = 0; i < 3; i++) {
        values.set(i, expected[i], 1);
      }
      arena.expect(f + " slope far out", dX, values);
    }
  }
}
