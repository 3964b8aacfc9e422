package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import latentrace.backend.Activation;

/**
 * C = alpha·op(A)·op(B) + beta·C, then f(C + bias) if asked for. Two ways, chosen by the transpose
 * flags and k alone:
 *
 * <ul>
 *   <li>panels: A and B are packed into panels that lie as a 6 × 2-vector tile of C reads them; an
 *       element is a chain of fused multiply-adds over {@value #BLOCK} values of k, and the blocks
 *       are added up in order;
 *   <li>dots, for A·Bᵀ with k ≥ {@value #DOTS_FROM}: nothing is packed; a 4 × 4 tile of C keeps one
 *       vector of partial sums per element over {@value #DOT_BLOCK} values of k.
 * </ul>
 *
 * So an element's bits depend on k, its row and its column, and not on m, n, tiles or threads.
 */
final class Gemm implements WorkerPool.Task {
  private static final VectorSpecies<Float> S = Lanes.SPECIES;
  private static final int V = Lanes.COUNT;

  /** Rows of a tile of C and of a panel of A. */
  private static final int ROWS = 6;

  /** Columns of a tile of C and of a panel of B. */
  private static final int COLUMNS = 2 * V;

  /** Values of k in one pass: a panel of B stays in L1. */
  private static final int BLOCK = 256;

  /** Values of k packed at a time, a multiple of BLOCK. */
  private static final int PACK_K = 4 * BLOCK;

  /** Columns of B packed at a time. */
  private static final int PACK_N = 2048;

  /** Rows of A packed at a time. */
  private static final int PACK_M = 2304;

  /** Rows of C in a piece of work: its block of A stays in L2. */
  private static final int PIECE_ROWS = 16 * ROWS;

  private static final int DOTS_FROM = 512;
  private static final int DOT_BLOCK = 1024;
  private static final int DOT_ROWS = 64;
  private static final int DOT_COLUMNS = 128;

  /** Operations below which one thread does it alone. */
  private static final long ALONE = 1 << 18;

  private static final VectorShuffle<Float> SWAP_8 = swap(8);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_1 = swap(1);
  private static final VectorMask<Float> UPPER_8 = upper(8);
  private static final VectorMask<Float> UPPER_4 = upper(4);
  private static final VectorMask<Float> UPPER_2 = upper(2);
  private static final VectorMask<Float> UPPER_1 = upper(1);

  private enum Phase {
    PACK,
    TILES,
    TAILS,
    DOTS
  }

  private final WorkerPool pool;
  private final float[][] tiles;
  private float[] packedA = new float[0];
  private float[] packedB = new float[0];

  private Phase phase;
  private boolean transA;
  private boolean transB;
  private int m;
  private int n;
  private int k;
  private float alpha;
  private float beta;
  private float[] a;
  private int aAt;
  private int lda;
  private float[] b;
  private int bAt;
  private int ldb;
  private float[] c;
  private int cAt;
  private int ldc;
  private float[] bias;
  private int biasAt;
  private Activation activation;

  // the part of the problem that is packed now
  private int rowFrom;
  private int rows;
  private int columnFrom;
  private int columns;
  private int kFrom;
  private int depth;
  private int panelsA;
  private int panelsB;
  private int newPanelsB;
  private int rowPieces;
  private int pieceColumns;

  /**
   * For one problem at a time.
   *
   * @param pool who computes
   */
  Gemm(WorkerPool pool) {
    this.pool = pool;
    this.tiles = new float[pool.threads()][Math.max(ROWS * COLUMNS, 16 * V)];
  }

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(S, lane -> distance < V ? lane ^ distance : lane);
  }

  private static VectorMask<Float> upper(int distance) {
    boolean[] bits = new boolean[V];
    for (int lane = 0; lane < V; lane++) {
      bits[lane] = (lane & distance) != 0;
    }
    return VectorMask.fromArray(S, bits, 0);
  }

  /** Asks for f(C + bias) in the next {@link #multiply}; bias may be null. */
  void finishWith(float[] vector, int at, Activation f) {
    bias = vector;
    biasAt = at;
    activation = f;
  }

  /** One product. */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      int rowsOfC,
      int columnsOfC,
      int length,
      float factor,
      float[] left,
      int leftAt,
      int leftLd,
      float[] right,
      int rightAt,
      int rightLd,
      float factorC,
      float[] result,
      int resultAt,
      int resultLd) {
    transA = transposeA;
    transB = transposeB;
    m = rowsOfC;
    n = columnsOfC;
    k = length;
    alpha = factor;
    a = left;
    aAt = leftAt;
    lda = leftLd;
    b = right;
    bAt = rightAt;
    ldb = rightLd;
    beta = factorC;
    c = result;
    cAt = resultAt;
    ldc = resultLd;
    if (!transA && transB && k >= DOTS_FROM) {
      dots();
    } else {
      panels();
    }
    a = null;
    b = null;
    c = null;
    finishWith(null, 0, Activation.IDENTITY);
  }

  private void spread(int pieces, Phase what) {
    phase = what;
    if (2L * m * n * k < ALONE) {
      for (int piece = 0; piece < pieces; piece++) {
        run(piece, 0);
      }
    } else {
      pool.run(pieces, this);
    }
  }

  @Override
  public void run(int piece, int worker) {
    switch (phase) {
      case PACK -> pack(piece);
      case TILES -> tile(piece, tiles[worker]);
      case TAILS -> tails(piece);
      case DOTS -> dotTile(piece, tiles[worker]);
    }
  }

  private static int ceilDiv(int x, int y) {
    return (x + y - 1) / y;
  }

  /** The size of equal parts of {@code total}, multiples of {@code unit}, none above the limit. */
  private static int part(int total, int limit, int unit) {
    int parts = ceilDiv(total, limit);
    return ceilDiv(ceilDiv(total, parts), unit) * unit;
  }

  private static float[] grown(float[] array, long needed) {
    return array.length >= needed ? array : new float[Math.toIntExact(needed)];
  }

  // ---- panels

  private void panels() {
    int stepM = part(m, PACK_M, PIECE_ROWS);
    int stepN = part(n, PACK_N, COLUMNS);
    for (columnFrom = 0; columnFrom < n; columnFrom += stepN) {
      columns = Math.min(stepN, n - columnFrom);
      panelsB = ceilDiv(columns, COLUMNS);
      for (kFrom = 0; kFrom < k; kFrom += PACK_K) {
        depth = Math.min(PACK_K, k - kFrom);
        packedB = grown(packedB, (long) panelsB * COLUMNS * depth);
        newPanelsB = panelsB;
        for (rowFrom = 0; rowFrom < m; rowFrom += stepM) {
          rows = Math.min(stepM, m - rowFrom);
          panelsA = ceilDiv(rows, ROWS);
          packedA = grown(packedA, (long) panelsA * ROWS * depth);
          spread(panelsA + newPanelsB, Phase.PACK);
          newPanelsB = 0;
          rowPieces = ceilDiv(rows, PIECE_ROWS);
          int columnPieces =
              Math.min(
                  panelsB, Math.max(ceilDiv(panelsB, 16), ceilDiv(4 * pool.threads(), rowPieces)));
          pieceColumns = ceilDiv(panelsB, columnPieces);
          spread(rowPieces * ceilDiv(panelsB, pieceColumns), Phase.TILES);
        }
      }
    }
  }

  private void pack(int piece) {
    if (piece < panelsA) {
      packA(piece);
    } else {
      packB(piece - panelsA);
    }
  }

  private void packA(int panel) {
    int row = rowFrom + panel * ROWS;
    int height = Math.min(ROWS, m - row);
    for (int q = 0; q < depth; q += BLOCK) {
      int length = Math.min(BLOCK, depth - q);
      int to = q * panelsA * ROWS + panel * ROWS * length;
      if (transA) {
        packAcross(a, aAt + (kFrom + q) * lda + row, lda, height, length, packedA, to, ROWS);
      } else {
        packAlong(a, aAt + row * lda + kFrom + q, lda, height, length, packedA, to, ROWS);
      }
    }
  }

  private void packB(int panel) {
    int column = columnFrom + panel * COLUMNS;
    int width = Math.min(COLUMNS, n - column);
    for (int q = 0; q < depth; q += BLOCK) {
      int length = Math.min(BLOCK, depth - q);
      int to = q * panelsB * COLUMNS + panel * COLUMNS * length;
      if (transB) {
        packAlong(b, bAt + column * ldb + kFrom + q, ldb, width, length, packedB, to, COLUMNS);
      } else {
        packAcross(b, bAt + (kFrom + q) * ldb + column, ldb, width, length, packedB, to, COLUMNS);
      }
    }
  }

  /** k runs down the source: each value of k is a run of {@code width} elements. */
  private static void packAcross(
      float[] from, int at, int ld, int width, int length, float[] to, int toAt, int panel) {
    int source = at;
    int target = toAt;
    for (int p = 0; p < length; p++) {
      if (panel == COLUMNS && width == COLUMNS) {
        FloatVector.fromArray(S, from, source).intoArray(to, target);
        FloatVector.fromArray(S, from, source + V).intoArray(to, target + V);
      } else {
        for (int i = 0; i < width; i++) {
          to[target + i] = from[source + i];
        }
        for (int i = width; i < panel; i++) {
          to[target + i] = 0;
        }
      }
      source += ld;
      target += panel;
    }
  }

  /** k runs along the source's rows: transposes. */
  private static void packAlong(
      float[] from, int at, int ld, int width, int length, float[] to, int toAt, int panel) {
    if (panel == ROWS && width == ROWS) {
      int target = toAt;
      for (int p = at; p < at + length; p++) {
        int i = p;
        to[target] = from[i];
        i += ld;
        to[target + 1] = from[i];
        i += ld;
        to[target + 2] = from[i];
        i += ld;
        to[target + 3] = from[i];
        i += ld;
        to[target + 4] = from[i];
        i += ld;
        to[target + 5] = from[i];
        target += ROWS;
      }
      return;
    }
    for (int i = 0; i < panel; i++) {
      int target = toAt + i;
      for (int p = 0; p < length; p++) {
        to[target] = i < width ? from[at + i * ld + p] : 0;
        target += panel;
      }
    }
  }

  private void tile(int piece, float[] scratch) {
    int firstRow = piece % rowPieces * PIECE_ROWS;
    int firstPanel = piece / rowPieces * pieceColumns;
    int lastRow = Math.min(rows, firstRow + PIECE_ROWS);
    int lastPanel = Math.min(panelsB, firstPanel + pieceColumns);
    for (int q = 0; q < depth; q += BLOCK) {
      int length = Math.min(BLOCK, depth - q);
      float factor = kFrom + q == 0 ? beta : 1;
      for (int panel = firstPanel; panel < lastPanel; panel++) {
        int column = columnFrom + panel * COLUMNS;
        int fromB = q * panelsB * COLUMNS + panel * COLUMNS * length;
        for (int row = firstRow; row < lastRow; row += ROWS) {
          int fromA = q * panelsA * ROWS + row * length;
          int to = cAt + (rowFrom + row) * ldc + column;
          int height = Math.min(ROWS, rows - row);
          int width = Math.min(COLUMNS, n - column);
          if (height == ROWS && width == COLUMNS) {
            micro(length, packedA, fromA, packedB, fromB, c, to, ldc, alpha, factor);
          } else {
            micro(length, packedA, fromA, packedB, fromB, scratch, 0, COLUMNS, alpha, 0);
            for (int i = 0; i < height; i++) {
              add(scratch, i * COLUMNS, 1, factor, to + i * ldc, width);
            }
          }
        }
      }
    }
    if (kFrom + depth == k) {
      int from = columnFrom + firstPanel * COLUMNS;
      int to = Math.min(n, columnFrom + lastPanel * COLUMNS);
      for (int row = rowFrom + firstRow; row < rowFrom + lastRow; row++) {
        finish(row, from, to - from);
      }
    }
  }

  /** c = factor·c + scale·tile for a run of elements; a factor of 0 overwrites. */
  private void add(float[] tile, int from, float scale, float factor, int to, int count) {
    if (factor == 0) {
      for (int i = 0; i < count; i++) {
        c[to + i] = scale * tile[from + i];
      }
    } else {
      for (int i = 0; i < count; i++) {
        c[to + i] = Math.fma(c[to + i], factor, scale * tile[from + i]);
      }
    }
  }

  private void finish(int row, int column, int count) {
    if (bias == null) {
      return;
    }
    int at = cAt + row * ldc + column;
    int from = biasAt + column;
    for (int i = 0; i < count; i++) {
      c[at + i] += bias[from + i];
    }
    if (activation != Activation.IDENTITY) {
      Lanes.activate(activation, c, at, c, at, count);
    }
  }

  /** A tile of C: factor·C + alpha·(panel of A)·(panel of B). */
  private static void micro(
      int length,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int ldc,
      float alpha,
      float factor) {
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
    int i = aAt;
    int j = bAt;
    for (int p = 0; p < length; p++) {
      FloatVector b0 = FloatVector.fromArray(S, b, j);
      FloatVector b1 = FloatVector.fromArray(S, b, j + V);
      FloatVector x = FloatVector.broadcast(S, a[i]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(S, a[i + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(S, a[i + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(S, a[i + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(S, a[i + 4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(S, a[i + 5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      i += ROWS;
      j += COLUMNS;
    }
    int to = cAt;
    if (factor == 0) {
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
    FloatVector f = FloatVector.broadcast(S, factor);
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

  // ---- dots

  private void dots() {
    if (k % V != 0) {
      // the last, incomplete vector of every row, filled up with zeros
      packedA = grown(packedA, (long) m * V);
      packedB = grown(packedB, (long) n * V);
      spread(ceilDiv(m, DOT_ROWS) + ceilDiv(n, DOT_ROWS), Phase.TAILS);
    }
    rowPieces = ceilDiv(m, DOT_ROWS);
    int wanted = ceilDiv(n, ceilDiv(4 * pool.threads(), rowPieces));
    pieceColumns = Math.max(4, Math.min(DOT_COLUMNS, ceilDiv(wanted, 4) * 4));
    spread(rowPieces * ceilDiv(n, pieceColumns), Phase.DOTS);
  }

  private void tails(int piece) {
    int ofA = ceilDiv(m, DOT_ROWS);
    if (piece < ofA) {
      tails(a, aAt, lda, m, piece * DOT_ROWS, packedA);
    } else {
      tails(b, bAt, ldb, n, (piece - ofA) * DOT_ROWS, packedB);
    }
  }

  private void tails(float[] from, int at, int ld, int count, int first, float[] to) {
    int rest = k % V;
    for (int row = first; row < Math.min(count, first + DOT_ROWS); row++) {
      System.arraycopy(from, at + row * ld + k - rest, to, row * V, rest);
      Arrays.fill(to, row * V + rest, (row + 1) * V, 0);
    }
  }

  private void dotTile(int piece, float[] scratch) {
    int firstRow = piece % rowPieces * DOT_ROWS;
    int firstColumn = piece / rowPieces * pieceColumns;
    int lastRow = Math.min(m, firstRow + DOT_ROWS);
    int lastColumn = Math.min(n, firstColumn + pieceColumns);
    for (int from = 0; from < k; from += DOT_BLOCK) {
      int length = Math.min(DOT_BLOCK, k - from);
      boolean rest = length % V != 0;
      float factor = from == 0 ? beta : 1;
      for (int j = firstColumn; j < lastColumn; j += 4) {
        for (int i = firstRow; i < lastRow; i += 4) {
          dots(i, j, from, length - length % V, rest, scratch);
          sumLanes(scratch);
          int width = Math.min(4, lastColumn - j);
          for (int r = 0; r < Math.min(4, lastRow - i); r++) {
            add(scratch, 4 * r, alpha, factor, cAt + (i + r) * ldc + j, width);
          }
        }
      }
    }
    for (int row = firstRow; row < lastRow; row++) {
      finish(row, firstColumn, lastColumn - firstColumn);
    }
  }

  /** A 4 × 4 tile of dot products; rows and columns past the end repeat the last one. */
  private void dots(int row, int column, int from, int length, boolean rest, float[] out) {
    int i1 = Math.min(row + 1, m - 1);
    int i2 = Math.min(row + 2, m - 1);
    int i3 = Math.min(row + 3, m - 1);
    int j1 = Math.min(column + 1, n - 1);
    int j2 = Math.min(column + 2, n - 1);
    int j3 = Math.min(column + 3, n - 1);
    int x = aAt + from;
    int y = bAt + from;
    dots(
        a,
        x + row * lda,
        x + i1 * lda,
        x + i2 * lda,
        x + i3 * lda,
        b,
        y + column * ldb,
        y + j1 * ldb,
        y + j2 * ldb,
        y + j3 * ldb,
        length,
        rest,
        packedA,
        row * V,
        i1 * V,
        i2 * V,
        i3 * V,
        packedB,
        column * V,
        j1 * V,
        j2 * V,
        j3 * V,
        out);
  }

  private static void dots(
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      float[] b,
      int b0,
      int b1,
      int b2,
      int b3,
      int length,
      boolean rest,
      float[] ta,
      int ta0,
      int ta1,
      int ta2,
      int ta3,
      float[] tb,
      int tb0,
      int tb1,
      int tb2,
      int tb3,
      float[] out) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = c00;
    FloatVector c02 = c00;
    FloatVector c03 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c12 = c00;
    FloatVector c13 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c22 = c00;
    FloatVector c23 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c32 = c00;
    FloatVector c33 = c00;
    for (int p = 0; p < length; p += V) {
      FloatVector x0 = FloatVector.fromArray(S, b, b0 + p);
      FloatVector x1 = FloatVector.fromArray(S, b, b1 + p);
      FloatVector x2 = FloatVector.fromArray(S, b, b2 + p);
      FloatVector x3 = FloatVector.fromArray(S, b, b3 + p);
      FloatVector y = FloatVector.fromArray(S, a, a0 + p);
      c00 = y.fma(x0, c00);
      c01 = y.fma(x1, c01);
      c02 = y.fma(x2, c02);
      c03 = y.fma(x3, c03);
      y = FloatVector.fromArray(S, a, a1 + p);
      c10 = y.fma(x0, c10);
      c11 = y.fma(x1, c11);
      c12 = y.fma(x2, c12);
      c13 = y.fma(x3, c13);
      y = FloatVector.fromArray(S, a, a2 + p);
      c20 = y.fma(x0, c20);
      c21 = y.fma(x1, c21);
      c22 = y.fma(x2, c22);
      c23 = y.fma(x3, c23);
      y = FloatVector.fromArray(S, a, a3 + p);
      c30 = y.fma(x0, c30);
      c31 = y.fma(x1, c31);
      c32 = y.fma(x2, c32);
      c33 = y.fma(x3, c33);
    }
    if (rest) {
      FloatVector x0 = FloatVector.fromArray(S, tb, tb0);
      FloatVector x1 = FloatVector.fromArray(S, tb, tb1);
      FloatVector x2 = FloatVector.fromArray(S, tb, tb2);
      FloatVector x3 = FloatVector.fromArray(S, tb, tb3);
      FloatVector y = FloatVector.fromArray(S, ta, ta0);
      c00 = y.fma(x0, c00);
      c01 = y.fma(x1, c01);
      c02 = y.fma(x2, c02);
      c03 = y.fma(x3, c03);
      y = FloatVector.fromArray(S, ta, ta1);
      c10 = y.fma(x0, c10);
      c11 = y.fma(x1, c11);
      c12 = y.fma(x2, c12);
      c13 = y.fma(x3, c13);
      y = FloatVector.fromArray(S, ta, ta2);
      c20 = y.fma(x0, c20);
      c21 = y.fma(x1, c21);
      c22 = y.fma(x2, c22);
      c23 = y.fma(x3, c23);
      y = FloatVector.fromArray(S, ta, ta3);
      c30 = y.fma(x0, c30);
      c31 = y.fma(x1, c31);
      c32 = y.fma(x2, c32);
      c33 = y.fma(x3, c33);
    }
    c00.intoArray(out, 0 * V);
    c01.intoArray(out, 1 * V);
    c02.intoArray(out, 2 * V);
    c03.intoArray(out, 3 * V);
    c10.intoArray(out, 4 * V);
    c11.intoArray(out, 5 * V);
    c12.intoArray(out, 6 * V);
    c13.intoArray(out, 7 * V);
    c20.intoArray(out, 8 * V);
    c21.intoArray(out, 9 * V);
    c22.intoArray(out, 10 * V);
    c23.intoArray(out, 11 * V);
    c30.intoArray(out, 12 * V);
    c31.intoArray(out, 13 * V);
    c32.intoArray(out, 14 * V);
    c33.intoArray(out, 15 * V);
  }

  /**
   * Sums the lanes of 16 vectors that stand in {@code v} one after the other, to v[0..15]. Halving
   * step by step: at distance d, vectors r and r + d become one, which holds the sums of lanes d
   * apart, of the first in lanes without bit d and of the second in lanes with it.
   */
  private static void sumLanes(float[] v) {
    if (V == 16) {
      for (int r = 0; r < 8; r++) {
        pair(v, r * V, (r + 8) * V, r * V, SWAP_8, UPPER_8);
      }
    }
    for (int from = 0; from < 16; from += V) {
      int at = from * V;
      if (V >= 8) {
        for (int r = 0; r < 4; r++) {
          pair(v, at + r * V, at + (r + 4) * V, at + r * V, SWAP_4, UPPER_4);
        }
      }
      pair(v, at, at + 2 * V, at, SWAP_2, UPPER_2);
      pair(v, at + V, at + 3 * V, at + V, SWAP_2, UPPER_2);
      pair(v, at, at + V, from, SWAP_1, UPPER_1);
    }
  }

  private static void pair(
      float[] v, int x, int y, int to, VectorShuffle<Float> swap, VectorMask<Float> upper) {
    FloatVector first = FloatVector.fromArray(S, v, x);
    FloatVector second = FloatVector.fromArray(S, v, y);
    first.blend(second, upper).add(second.blend(first, upper).rearrange(swap)).intoArray(v, to);
  }
}
