package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import latentrace.backend.Backend.Precision;
import org.junit.jupiter.api.Test;

/** The checker itself: it must fail where it should. */
class ClosenessTest {
  private static Expected one(double value) {
    Expected expected = new Expected(1, 1);
    expected.set(0, value, Math.abs(value));
    return expected;
  }

  private static void accepts(Precision precision, double actual, double expected) {
    Closeness.check(precision, "x", new double[] {actual}, one(expected));
  }

  private static void rejects(Precision precision, double actual, double expected) {
    assertThrows(AssertionError.class, () -> accepts(precision, actual, expected));
  }

  @Test
  void acceptsRounding() {
    accepts(Precision.FLOAT64, 1 + 4e-16, 1);
    accepts(Precision.FLOAT32, 1 + 4e-7, 1);
    accepts(Precision.FLOAT32, 5e-7, 0);
  }

  @Test
  void rejectsErrors() {
    rejects(Precision.FLOAT64, 1 + 1e-11, 1);
    rejects(Precision.FLOAT32, 1.0001, 1);
    rejects(Precision.FLOAT32, 0.99, 1);
    rejects(Precision.FLOAT64, -1, 1);
    assertThrows(
        AssertionError.class,
        () -> Closeness.check(Precision.FLOAT64, "x", new double[2], new Expected(1, 1)));
  }

  @Test
  void rejectsWhatIsNotFinite() {
    for (Precision precision : Precision.values()) {
      for (double bad :
          new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
        rejects(precision, bad, 1);
        rejects(precision, 1, bad);
        rejects(precision, bad, bad);
      }
    }
  }

  @Test
  void untouchedMeansTheSameBits() {
    Expected gap = new Expected(new double[] {Double.NaN}, 1);
    Closeness.check(Precision.FLOAT64, "x", new double[] {Double.NaN}, gap);
    assertEquals(
        "x: element 0 must stay NaN, is 0.0",
        assertThrows(
                AssertionError.class,
                () -> Closeness.check(Precision.FLOAT64, "x", new double[] {0}, gap))
            .getMessage());
    Expected zero = new Expected(new double[] {0}, 1);
    assertThrows(
        AssertionError.class,
        () -> Closeness.check(Precision.FLOAT64, "x", new double[] {-0.0}, zero));
  }

  @Test
  void theNormCatchesManySmallErrors() {
    Expected expected = new Expected(10_000, 10_000);
    double[] actual = new double[10_000];
    for (int i = 0; i < actual.length; i++) {
      expected.set(i, 1, 1);
      actual[i] = 1 + 3e-5; // each within 4·ε·100, together not
    }
    assertThrows(
        AssertionError.class, () -> Closeness.check(Precision.FLOAT32, "x", actual, expected));
  }
}
