package latentrace.nn;

import java.util.function.DoubleSupplier;
import latentrace.backend.Buffer;

/** Gradients by central differences in double, over every element of a buffer. */
public final class CentralDifferences {
  private static final double STEP = 1e-4;

  private CentralDifferences() {}

  /**
   * ∂f/∂x, by (f(x − 2h) − 8f(x − h) + 8f(x + h) − f(x + 2h))/12h: the error is O(h⁴).
   *
   * @param x changed and put back, element by element
   */
  public static double[] of(Buffer x, DoubleSupplier f) {
    double[] values = x.toDoubles();
    double[] gradient = new double[values.length];
    double[] one = new double[1];
    for (int i = 0; i < values.length; i++) {
      double sum = 0;
      for (int k : new int[] {-2, -1, 1, 2}) {
        one[0] = values[i] + k * STEP;
        x.upload(one, 0, i, 1);
        double weight = Math.abs(k) == 1 ? 8 * k : -k / 2.0;
        sum += weight * f.getAsDouble();
      }
      one[0] = values[i];
      x.upload(one, 0, i, 1);
      gradient[i] = sum / (12 * STEP);
    }
    return gradient;
  }

  /**
   * Every element within 1e-6, relative to itself or to the root mean square of all.
   *
   * @throws AssertionError naming the first element that is off
   */
  public static void check(String what, double[] expected, double[] actual) {
    if (expected.length != actual.length || expected.length == 0) {
      throw new AssertionError(what + ": " + actual.length + " elements of " + expected.length);
    }
    double squares = 0;
    for (double value : expected) {
      squares += value * value;
    }
    double typical = Math.sqrt(squares / expected.length);
    if (!(typical > 1e-9)) {
      throw new AssertionError(what + ": the gradient is " + typical + ": nothing is tested");
    }
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(expected[i] - actual[i]);
      if (!(error <= 1e-6 * Math.max(typical, Math.abs(expected[i])))) {
        throw new AssertionError(
            "%s: element %d is %s, central difference %s"
                .formatted(what, i, actual[i], expected[i]));
      }
    }
  }
}
