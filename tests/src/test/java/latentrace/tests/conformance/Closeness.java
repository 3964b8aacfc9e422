package latentrace.tests.conformance;

import latentrace.backend.Backend.Precision;

/**
 * The tolerances of NUMERICS.md section 6. Comparisons are written {@code !(error <= tolerance)},
 * so that NaN fails; values that are not finite always fail.
 */
final class Closeness {
  private Closeness() {}

  /**
   * Element-wise: FLOAT32 |a − r| ≤ 1e-6 + 4·ε·√K·Σ|terms|; FLOAT64 the same with 1e-13 and its own
   * ε. Then over all touched elements: ‖a − r‖ ≤ 1e-5·‖r‖ (1e-12 in double), with the same absolute
   * floor per element.
   *
   * @throws AssertionError naming the first element that is off
   */
  static void check(Precision precision, String what, double[] actual, Expected expected) {
    if (actual.length != expected.value.length) {
      throw new AssertionError(
          what + ": " + actual.length + " elements, expected " + expected.value.length);
    }
    boolean single = precision == Precision.FLOAT32;
    double floor = single ? 1e-6 : 1e-13;
    double epsilon = single ? Math.ulp(1f) : Math.ulp(1d);
    double errorSquares = 0;
    double squares = 0;
    int touched = 0;
    for (int i = 0; i < actual.length; i++) {
      double value = expected.value[i];
      if (expected.magnitude[i] < 0) {
        if (Double.doubleToLongBits(actual[i]) != Double.doubleToLongBits(value)) {
          throw new AssertionError(
              "%s: element %d must stay %s, is %s".formatted(what, i, value, actual[i]));
        }
        continue;
      }
      double error = Math.abs(actual[i] - value);
      double tolerance = floor + 4 * epsilon * Math.sqrt(expected.terms) * expected.magnitude[i];
      if (!(error <= tolerance) || !Double.isFinite(actual[i]) || !Double.isFinite(value)) {
        throw new AssertionError(
            "%s: element %d is %s, expected %s: error %s exceeds %s"
                .formatted(what, i, actual[i], value, error, tolerance));
      }
      errorSquares += error * error;
      squares += value * value;
      touched++;
    }
    double limit = (single ? 1e-5 : 1e-12) * Math.sqrt(squares) + floor * Math.sqrt(touched);
    if (!(Math.sqrt(errorSquares) <= limit)) {
      throw new AssertionError(
          "%s: norm of the error %s exceeds %s".formatted(what, Math.sqrt(errorSquares), limit));
    }
  }
}
