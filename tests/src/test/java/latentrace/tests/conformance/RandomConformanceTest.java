package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.backend.RandomOps;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The noise contract. */
class RandomConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  private static final int[] SAMPLES = {0, 1, 5, 4, 59_999, Integer.MAX_VALUE, 7};

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void contract(Backend backend) {
    long[] seeds = {0, 7, 0x9E3779B97F4A7C15L, -1};
    int[] streams = {0, Philox.stream(1, 0), Philox.stream(2, 0xfffffe), Philox.stream(255, 1)};
    for (int[] shape :
        new int[][] {{1, 1, 1}, {3, 5, 3}, {7, 1, 17}, {2, 3, 33}, {1, 31, 6}, {3, 2, 301}}) {
      for (int s = 0; s < seeds.length; s++) {
        for (boolean offset : BOTH) {
          int n = shape[0];
          int draws = shape[1];
          int size = shape[2];
          try (Arena arena = new Arena(backend, offset, 1)) {
            Buffer out = arena.out("out", n * draws * size);
            backend.random().normals(seeds[s], streams[s], SAMPLES, n, draws, size, out);
            Expected expected = Oracle.normals(seeds[s], streams[s], SAMPLES, n, draws, size);
            double[] actual = out.toDoubles();
            for (int i = 0; i < actual.length; i++) {
              // not Closeness: the contract's own tolerance, because libm differs
              double tolerance = 1e-6 * Math.max(1, Math.abs(expected.value[i]));
              int at = i;
              assertTrue(
                  Math.abs(actual[i] - expected.value[i]) <= tolerance,
                  () -> at + ": " + actual[at] + ", expected " + expected.value[at]);
            }
            arena.verify("normals");
          }
        }
      }
    }
  }

  /** The same values are left out on every backend, exactly; x and y may be one buffer. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void mask(Backend backend) {
    int stream = Philox.stream(Philox.ROLE_MASK, 0);
    long key = Philox.trainingKey(0x9E3779B97F4A7C15L, 12);
    for (int[] shape : new int[][] {{1, 1}, {3, 17}, {7, 33}, {2, 301}, {5, 4}}) {
      for (double p : new double[] {0, 0.2, 0.75, 1}) {
        for (boolean offset : BOTH) {
          int n = shape[0];
          int size = shape[1];
          try (Arena arena = new Arena(backend, offset, n + size)) {
            double[] x = arena.noise(n * size);
            double[] expected = Oracle.mask(key, stream, SAMPLES, n, size, p, x).value;
            Buffer y = arena.out("y", n * size);
            backend.random().mask(key, stream, SAMPLES, n, size, p, arena.in("x", x), y);
            assertArrayEquals(expected, y.toDoubles());
            Buffer both = arena.inOut("xy", x);
            backend.random().mask(key, stream, SAMPLES, n, size, p, both, both);
            assertArrayEquals(expected, both.toDoubles());
            arena.verify("mask");
          }
        }
      }
    }
  }

  /** A sample's noise does not depend on the batch it stands in; its first draws not on m. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void batchingDoesNotMatter(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer all = arena.out("out", 7 * 3 * 5);
      backend.random().normals(42, 9, SAMPLES, 7, 3, 5, all);
      Buffer one = arena.out("out", 2 * 5);
      for (int i = 0; i < 7; i++) {
        backend.random().normals(42, 9, new int[] {SAMPLES[i]}, 1, 2, 5, one);
        double[] expected = all.slice(i * 15L, 10).toDoubles();
        double[] actual = one.toDoubles();
        for (int k = 0; k < 10; k++) {
          assertEquals(expected[k], actual[k]);
        }
      }
    }
  }

  /** A backend's own generator: a function of (seed, step) whose numbers look standard normal. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void generator(Backend backend) {
    RandomOps random = backend.random();
    assertThrows(BackendException.class, () -> random.requireGenerator("dice"));
    try {
      random.requireGenerator("curand");
    } catch (BackendException e) {
      assertTrue(
          e.getMessage().equals("backend %s has no generator curand".formatted(backend.name()))
              || e.getMessage().startsWith("cuda: cuRAND (libcurand.so.10) is missing"),
          e.getMessage());
      return;
    }
    for (int count : new int[] {1, 2, 17, 4096}) {
      for (boolean offset : BOTH) {
        try (Arena arena = new Arena(backend, offset, 1)) {
          Buffer out = arena.out("out", count);
          random.generate(5, 3, count, out);
          double[] once = out.toDoubles();
          random.generate(5, 4, count, out);
          assertFalse(Arrays.equals(once, out.toDoubles()));
          random.generate(6, 3, count, out);
          assertFalse(Arrays.equals(once, out.toDoubles()));
          random.generate(5, 0xffff_ffffL, count, out);
          assertFalse(Arrays.equals(once, out.toDoubles()));
          random.generate(5, 3, count, out);
          assertArrayEquals(once, out.toDoubles());
          arena.verify("generate");
        }
      }
    }
    int count = 100_000;
    try (Buffer out = backend.allocate(count)) {
      random.generate(1, 0, count, out);
      double[] values = out.toDoubles();
      double[] moments = new double[5];
      for (double value : values) {
        for (int power = 1; power < moments.length; power++) {
          moments[power] += Math.pow(value, power) / count;
        }
      }
      // five standard errors of each mean of powers: sqrt(1, 2, 15, 96) / sqrt(count)
      assertEquals(0, moments[1], 0.016);
      assertEquals(1, moments[2], 0.023);
      assertEquals(0, moments[3], 0.062);
      assertEquals(3, moments[4], 0.155);
      assertThrows(IllegalArgumentException.class, () -> random.generate(1, -1, 1, out));
      assertThrows(IllegalArgumentException.class, () -> random.generate(1, 1L << 32, 1, out));
      assertThrows(IllegalArgumentException.class, () -> random.generate(1, 0, 0, out));
      assertThrows(IllegalArgumentException.class, () -> random.generate(1, 0, count + 1, out));
    }
  }
}
