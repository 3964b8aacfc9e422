package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loop of {@link Gemm}, on a tile of six rows and two vectors' width. Written out,
 * because C2 keeps vectors in registers only if they are local variables.
 *
 * <p>Twelve accumulators, two vectors of the panel and a broadcast need 15 registers. Where there
 * are 16 (AVX2), C2 spills in the loop as soon as what comes after it has a second way to store or
 * a second broadcast: 121 GFLOP/s of a core become 43 to 58. So the tile is scaled before the loop
 * there. The same where there are 32 costs a fifth when k is short.
 */
final class MicroKernel {
  private static final VectorSpecies<Float> S = Lanes.SPECIES;
  private static final int V = Lanes.COUNT;

  /** Rows of a tile. */
  static final int ROWS = 6;

  /** Columns of a tile and of a panel. */
  static final int COLUMNS = 2 * V;

  /** Whether there are 32 vector registers: AVX-512, NEON. */
  private static final boolean MANY_REGISTERS =
      S.vectorBitSize() == 512 || System.getProperty("os.arch").equals("aarch64");

  private MicroKernel() {}

  /**
   * C = beta·C + alpha·(rows)·(panel); a beta of 0 overwrites. Rows begin at a0 to a5, the panel is
   * [length, {@link #COLUMNS}].
   */
  static void tile(
      int length,
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      int a4,
      int a5,
      float[] panel,
      int panelAt,
      float[] c,
      int cAt,
      int ldc,
      float alpha,
      float beta) {
    if (MANY_REGISTERS) {
      withMany(length, a, a0, a1, a2, a3, a4, a5, panel, panelAt, c, cAt, ldc, alpha, beta);
      return;
    }
    if (beta != 1) {
      scale(c, cAt, ldc, beta);
    }
    withFew(length, a, a0, a1, a2, a3, a4, a5, panel, panelAt, c, cAt, ldc, alpha);
  }

  private static void scale(float[] c, int cAt, int ldc, float beta) {
    for (int i = 0; i < ROWS; i++) {
      int at = cAt + i * ldc;
      if (beta == 0) {
        Arrays.fill(c, at, at + COLUMNS, 0);
      } else {
        for (int j = at; j < at + COLUMNS; j++) {
          c[j] *= beta;
        }
      }
    }
  }

  /** C += alpha·(rows)·(panel), with 16 registers. */
  private static void withFew(
      int length,
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      int a4,
      int a5,
      float[] panel,
      int panelAt,
      float[] c,
      int cAt,
      int ldc,
      float alpha) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c40 = c00;
    FloatVector c41 = c00;
    FloatVector c50 = c00;
    FloatVector c51 = c00;
    int j = panelAt;
    for (int p = 0; p < length; p++) {
      FloatVector b0 = FloatVector.fromArray(S, panel, j);
      FloatVector b1 = FloatVector.fromArray(S, panel, j + V);
      FloatVector x = FloatVector.broadcast(S, a[a0 + p]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(S, a[a1 + p]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(S, a[a2 + p]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(S, a[a3 + p]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(S, a[a4 + p]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(S, a[a5 + p]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      j += COLUMNS;
    }
    int to = cAt;
    FloatVector.fromArray(S, c, to).add(c00.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).add(c01.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).add(c10.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).add(c11.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).add(c20.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).add(c21.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).add(c30.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).add(c31.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).add(c40.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).add(c41.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).add(c50.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).add(c51.mul(alpha)).intoArray(c, to + V);
  }

  /** With 32 registers. */
  private static void withMany(
      int length,
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      int a4,
      int a5,
      float[] panel,
      int panelAt,
      float[] c,
      int cAt,
      int ldc,
      float alpha,
      float beta) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c40 = c00;
    FloatVector c41 = c00;
    FloatVector c50 = c00;
    FloatVector c51 = c00;
    int j = panelAt;
    for (int p = 0; p < length; p++) {
      FloatVector b0 = FloatVector.fromArray(S, panel, j);
      FloatVector b1 = FloatVector.fromArray(S, panel, j + V);
      FloatVector x = FloatVector.broadcast(S, a[a0 + p]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(S, a[a1 + p]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(S, a[a2 + p]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(S, a[a3 + p]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(S, a[a4 + p]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(S, a[a5 + p]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      j += COLUMNS;
    }
    int to = cAt;
    if (beta == 0) {
      c00.mul(alpha).intoArray(c, to);
      c01.mul(alpha).intoArray(c, to + V);
      to += ldc;
      c10.mul(alpha).intoArray(c, to);
      c11.mul(alpha).intoArray(c, to + V);
      to += ldc;
      c20.mul(alpha).intoArray(c, to);
      c21.mul(alpha).intoArray(c, to + V);
      to += ldc;
      c30.mul(alpha).intoArray(c, to);
      c31.mul(alpha).intoArray(c, to + V);
      to += ldc;
      c40.mul(alpha).intoArray(c, to);
      c41.mul(alpha).intoArray(c, to + V);
      to += ldc;
      c50.mul(alpha).intoArray(c, to);
      c51.mul(alpha).intoArray(c, to + V);
      return;
    }
    FloatVector f = FloatVector.broadcast(S, beta);
    FloatVector.fromArray(S, c, to).fma(f, c00.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).fma(f, c01.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).fma(f, c10.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).fma(f, c11.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).fma(f, c20.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).fma(f, c21.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).fma(f, c30.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).fma(f, c31.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).fma(f, c40.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).fma(f, c41.mul(alpha)).intoArray(c, to + V);
    to += ldc;
    FloatVector.fromArray(S, c, to).fma(f, c50.mul(alpha)).intoArray(c, to);
    FloatVector.fromArray(S, c, to + V).fma(f, c51.mul(alpha)).intoArray(c, to + V);
  }
}
