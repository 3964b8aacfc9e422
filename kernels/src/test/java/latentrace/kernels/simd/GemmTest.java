package latentrace.kernels.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Matrix products at the edges of tiles, panels and blocks. */
class GemmTest {
  private static final int[] SIZES = {1, 3, 17, 31, 33, 257};

  private static float[] noise(int length, int seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The product of random matrices, compared with sums in double; the result. */
  private static float[] checked(
      Gemm gemm, boolean transA, boolean transB, int m, int n, int k, float alpha, float beta) {
    float[] a = noise(m * k, 1);
    float[] b = noise(k * n, 2);
    float[] before = noise(m * n, 3);
    float[] c = before.clone();
    if (beta == 0) {
      Arrays.fill(c, Float.NaN);
    }
    int lda = transA ? m : k;
    int ldb = transB ? k : n;
    gemm.multiply(transA, transB, m, n, k, alpha, a, 0, lda, b, 0, ldb, beta, c, 0, n);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = beta * before[i * n + j];
        double size = Math.abs(sum);
        for (int p = 0; p < k; p++) {
          double term =
              (double) alpha
                  * a[transA ? p * m + i : i * k + p]
                  * b[transB ? j * k + p : p * n + j];
          sum += term;
          size += Math.abs(term);
        }
        double error = Math.abs(c[i * n + j] - sum);
        // NUMERICS §6
        boolean close = error <= 1e-6 + 4 * Math.ulp(1f) * Math.sqrt(k + 1.0) * size;
        int row = i;
        int column = j;
        assertTrue(
            close, () -> "%dx%dx%d at %d,%d: error %s".formatted(m, n, k, row, column, error));
      }
    }
    return c;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void edgeShapes(int flags) {
    try (WorkerPool pool = new WorkerPool(2)) {
      Gemm gemm = new Gemm(pool);
      boolean transA = (flags & 1) != 0;
      boolean transB = (flags & 2) != 0;
      for (int m : SIZES) {
        for (int n : SIZES) {
          for (int k : SIZES) {
            boolean add = (m + n + k) % 4 == 1;
            checked(gemm, transA, transB, m, n, k, add ? -1.25f : 1, add ? 0.75f : 0);
          }
        }
      }
      checked(gemm, transA, transB, 97, 65, 1025, 0.5f, 2);
      checked(gemm, transA, transB, 33, 31, 513, 1, 0);
      checked(gemm, transA, transB, 7, 2049, 40, 1, 1);
      checked(gemm, transA, transB, 2305, 33, 5, 1, 0);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void threadsDoNotMatter(int flags) {
    float[] expected = null;
    for (int threads : new int[] {1, 2, 3, 5}) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        float[] c =
            checked(new Gemm(pool), (flags & 1) != 0, (flags & 2) != 0, 131, 259, 1030, 1, 0);
        if (expected != null) {
          assertArrayEquals(expected, c, threads + " threads");
        }
        expected = c;
      }
    }
  }

  /** A row or a column alone has the bits it has among others. */
  @Test
  void neighboursDoNotMatter() {
    try (WorkerPool pool = new WorkerPool(2)) {
      Gemm gemm = new Gemm(pool);
      int m = 70;
      int n = 67;
      for (int k : new int[] {5, 31, 511, 512, 1100}) {
        for (boolean transB : new boolean[] {false, true}) {
          float[] a = noise(m * k, 1);
          float[] b = noise(k * n, 2);
          float[] all = new float[m * n];
          int ldb = transB ? k : n;
          gemm.multiply(false, transB, m, n, k, 1, a, 0, k, b, 0, ldb, 0, all, 0, n);
          for (int i : new int[] {0, 5, 6, 69}) {
            float[] row = new float[n];
            gemm.multiply(false, transB, 1, n, k, 1, a, i * k, k, b, 0, ldb, 0, row, 0, n);
            assertArrayEquals(Arrays.copyOfRange(all, i * n, (i + 1) * n), row);
          }
          for (int j : new int[] {0, 31, 66}) {
            float[] column = new float[m];
            int at = transB ? j * k : j;
            gemm.multiply(false, transB, m, 1, k, 1, a, 0, k, b, at, ldb, 0, column, 0, 1);
            float[] expected = new float[m];
            for (int i = 0; i < m; i++) {
              expected[i] = all[i * n + j];
            }
            assertArrayEquals(expected, column);
          }
        }
      }
    }
  }
}
