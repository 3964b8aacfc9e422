package latentrace.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import latentrace.backend.Buffer;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;

/** The checker itself. */
class CentralDifferencesTest {
  private static void rejects(double[] expected, double... actual) {
    assertThrows(AssertionError.class, () -> CentralDifferences.check("x", expected, actual));
  }

  @Test
  void knownDerivative() {
    try (EjmlBackend backend = new EjmlBackend(1);
        Buffer x = backend.allocate(2)) {
      x.upload(0.5, -2);
      double[] gradient =
          CentralDifferences.of(x, () -> Math.sin(x.toDoubles()[0]) * x.toDoubles()[1]);
      CentralDifferences.check(
          "sin(a)b", gradient, new double[] {-2 * Math.cos(0.5), Math.sin(0.5)});
      assertArrayEquals(new double[] {0.5, -2}, x.toDoubles());
    }
  }

  @Test
  void whatItRejects() {
    rejects(new double[] {1, 2}, 1, 2.00001);
    rejects(new double[] {1, 2}, 1, Double.NaN);
    rejects(new double[] {1, Double.NaN}, 1, Double.NaN);
    rejects(new double[] {1, 2}, 2, 1);
    rejects(new double[] {1, 2}, 1);
    rejects(new double[] {0, 0}, 0, 0);
  }
}
