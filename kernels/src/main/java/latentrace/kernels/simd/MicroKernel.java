package latentrace.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loop of {@link Gemm}, on a tile of six rows, which begin at a0 to a5, and two
 * vectors' width; the panel is [length, {@link #COLUMNS}]. Written out, because C2 keeps vectors in
 * registers only if they are local variables.
 *
 * <p>Two methods and no branch in either. Twelve accumulators, two vectors of the panel and a
 * broadcast need 15 registers: where there are 16 (AVX2), C2 spills in the loop as soon as a second
 * way to store or a second broadcast comes after it, and 121 GFLOP/s of a core become 43 to 58. And
 * a branch that was cold when JDK 17 compiled it gets its vectors as objects for good.
 */
final class MicroKernel {
  private static final VectorSpecies<Float> S = Lanes.SPECIES;
  private static final int V = Lanes.COUNT;

  /** Rows of a tile. */
  static final int ROWS = 6;

  /** Columns of a tile and of a panel. */
  static final int COLUMNS = 2 * V;

  private MicroKernel() {}

  /** C = beta·C + alpha·(rows)·(panel); a beta of 0 overwrites. */
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
    if (beta == 0) {
      overwrite(length, a, a0, a1, a2, a3, a4, a5, panel, panelAt, c, cAt, ldc, alpha);
      return;
    }
    if (beta != 1) {
      for (int i = 0; i < ROWS; i++) {
        scale(c, cAt + i * ldc, COLUMNS, beta);
      }
    }
    add(length, a, a0, a1, a2, a3, a4, a5, panel, panelAt, c, cAt, ldc, alpha);
  }

  /** A run of elements times a factor. */
  static void scale(float[] values, int at, int count, float factor) {
    for (int i = 0; i < count; i++) {
      values[at + i] *= factor;
    }
  }

  /** C = alpha·(rows)·(panel). */
  private static void overwrite(
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
  }

  /** C += alpha·(rows)·(panel). */
  private static void add(
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
}
