package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import latentrace.backend.Activation;

/**
 * C = alpha·op(A)·op(B) + beta·C, then f(C + bias) if asked for.
 *
 * <p>One operand is the left one: its elements are broadcast, {@value #ROWS} rows at a time, read
 * where they lie if a row's values of k are neighbours, else from a transposed copy. The other is
 * the right one: a worker copies {@value #BLOCK} values of k of two vectors' width into its own
 * panel, which stays in L1, and runs down the rows of its piece with it. So a product needs no
 * barrier between copying and computing, and copies little. For A·Bᵀ the operands change places
 * where that copies less; a tile of C is then stored across.
 *
 * <p>An element is a chain of fused multiply-adds over {@value #BLOCK} values of k, and the blocks
 * are added up in order: its bits depend on k, its row and its column, and not on m, n, transposes,
 * tiles or threads.
 */
final class Gemm implements WorkerPool.Task {
  private static final VectorSpecies<Float> S = Lanes.SPECIES;
  private static final int V = Lanes.COUNT;

  private static final int ROWS = MicroKernel.ROWS;
  private static final int COLUMNS = MicroKernel.COLUMNS;

  /** Values of k in one pass: a panel stays in L1. */
  static final int BLOCK = 256;

  /** Values of k in one go, if C is stored across or the left operand copied. */
  private static final int STEP_K = 4 * BLOCK;

  /** Rows of which a transposed copy is made at a time. */
  private static final int COPY_ROWS = 2304;

  /** Keeps rows of the copy apart in the cache's sets. */
  private static final int COPY_GAP = 16;

  /** Elements of the left operand that a piece goes over with each panel: half of an L2. */
  private static final int PIECE_ELEMENTS = 1 << 17;

  /** Rows below which making a panel costs too much beside using it. */
  private static final int FEWEST_ROWS = 16 * ROWS;

  private static final int MOST_PANELS = 16;
  private static final int PIECES_PER_THREAD = 12;

  /** Operations below which one thread does it alone. */
  private static final long ALONE = 1 << 18;

  private enum Phase {
    COPY,
    PACK,
    TILES
  }

  private final WorkerPool pool;
  private final float[][] tiles;
  private final float[][] panels;
  private float[] copy = new float[0];
  private float[] packed = new float[0];

  private Phase phase;
  private float alpha;
  private float beta;
  private float[] bias;
  private int biasAt;
  private Activation activation;

  // the operands in their places: left [rows,k], right [k,columns]
  private int m;
  private int n;
  private int k;
  private float[] left;
  private int leftAt;
  private int leftLd;
  private boolean leftAcross;
  private float[] right;
  private int rightAt;
  private int rightLd;
  private boolean rightAcross;
  private float[] c;
  private int cAt;
  private int rowStride;
  private int columnStride;

  // the part that is computed now
  private int rowFrom;
  private int rows;
  private int kFrom;
  private int depth;
  private int pieceRows;
  private int rowPieces;
  private int piecePanels;
  private boolean shared;

  /**
   * For one problem at a time.
   *
   * @param pool who computes
   */
  Gemm(WorkerPool pool) {
    this.pool = pool;
    this.tiles = new float[pool.threads()][ROWS * COLUMNS];
    this.panels = new float[pool.threads()][STEP_K * COLUMNS];
  }

  /** Asks for f(C + bias) in the next {@link #multiply}; bias may be null. */
  void finishWith(float[] vector, int at, Activation f) {
    bias = vector;
    biasAt = at;
    activation = f;
  }

  /** One product. */
  void multiply(
      boolean transA,
      boolean transB,
      int rowsOfC,
      int columnsOfC,
      int length,
      float factor,
      float[] a,
      int aAt,
      int lda,
      float[] b,
      int bAt,
      int ldb,
      float factorC,
      float[] result,
      int resultAt,
      int ldc) {
    k = length;
    alpha = factor;
    beta = factorC;
    c = result;
    cAt = resultAt;
    boolean swapped = !transA && transB && rowsOfC < columnsOfC;
    if (swapped) {
      m = columnsOfC;
      n = rowsOfC;
      place(b, bAt, ldb, false, a, aAt, lda, true);
      rowStride = 1;
      columnStride = ldc;
    } else {
      m = rowsOfC;
      n = columnsOfC;
      place(a, aAt, lda, transA, b, bAt, ldb, transB);
      rowStride = ldc;
      columnStride = 1;
    }
    int stepRows = leftAcross ? part(m, COPY_ROWS, FEWEST_ROWS) : m;
    int stepK = leftAcross || rightAcross ? STEP_K : k;
    try {
      for (kFrom = 0; kFrom < k; kFrom += stepK) {
        depth = Math.min(stepK, k - kFrom);
        for (rowFrom = 0; rowFrom < m; rowFrom += stepRows) {
          rows = Math.min(stepRows, m - rowFrom);
          computePart();
        }
      }
    } finally {
      left = null;
      right = null;
      c = null;
      finishWith(null, 0, Activation.IDENTITY);
    }
  }

  private void place(
      float[] l, int lAt, int lLd, boolean lAcross, float[] r, int rAt, int rLd, boolean rAcross) {
    left = l;
    leftAt = lAt;
    leftLd = lLd;
    leftAcross = lAcross;
    right = r;
    rightAt = rAt;
    rightLd = rLd;
    rightAcross = rAcross;
  }

  private void computePart() {
    if (leftAcross) {
      int needed = Math.multiplyExact(rows, depth + COPY_GAP);
      if (copy.length < needed) {
        copy = new float[needed];
      }
      spread(ceilDiv(rows, COLUMNS), Phase.COPY);
    }
    int allPanels = ceilDiv(n, COLUMNS);
    int wanted = PIECES_PER_THREAD * pool.threads();
    int limit = Math.max(FEWEST_ROWS, PIECE_ELEMENTS / Math.min(depth, BLOCK));
    int parts =
        Math.max(ceilDiv(rows, limit), Math.min(ceilDiv(wanted, allPanels), rows / FEWEST_ROWS));
    pieceRows = part(rows, ceilDiv(rows, Math.max(1, parts)), ROWS);
    rowPieces = ceilDiv(rows, pieceRows);
    int groups =
        Math.min(allPanels, Math.max(ceilDiv(allPanels, MOST_PANELS), ceilDiv(wanted, rowPieces)));
    piecePanels = ceilDiv(allPanels, groups);
    shared = rightAcross && rowPieces > 1;
    if (shared) {
      int needed = Math.multiplyExact(allPanels * COLUMNS, depth);
      if (packed.length < needed) {
        packed = new float[needed];
      }
      spread(allPanels * ceilDiv(depth, BLOCK), Phase.PACK);
    }
    spread(rowPieces * ceilDiv(allPanels, piecePanels), Phase.TILES);
  }

  private void spread(int pieces, Phase what) {
    phase = what;
    if (2L * rows * n * depth < ALONE) {
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
      case COPY -> copyLeft(piece * COLUMNS);
      case PACK -> pack(piece);
      case TILES -> tiles(piece, tiles[worker], panels[worker]);
    }
  }

  private static int ceilDiv(int x, int y) {
    return (x - 1) / y + 1;
  }

  /** The size of equal parts of {@code total}, multiples of {@code unit}, none above the limit. */
  private static int part(int total, int limit, int unit) {
    int parts = ceilDiv(total, limit);
    return ceilDiv(ceilDiv(total, parts), unit) * unit;
  }

  private void copyLeft(int first) {
    int ld = depth + COPY_GAP;
    transpose(
        left,
        leftAt + kFrom * leftLd + rowFrom + first,
        leftLd,
        depth,
        Math.min(COLUMNS, rows - first),
        copy,
        first * ld,
        ld);
  }

  private void pack(int piece) {
    int blocks = ceilDiv(depth, BLOCK);
    int column = piece / blocks * COLUMNS;
    int q = piece % blocks * BLOCK;
    fillPanel(
        kFrom + q,
        Math.min(BLOCK, depth - q),
        column,
        Math.min(COLUMNS, n - column),
        packed,
        column * depth + q * COLUMNS);
  }

  private void fillPanel(int from, int length, int column, int width, float[] panel, int at) {
    if (rightAcross) {
      if (width < COLUMNS) {
        Arrays.fill(panel, at, at + length * COLUMNS, 0);
      }
      transpose(
          right, rightAt + column * rightLd + from, rightLd, width, length, panel, at, COLUMNS);
      return;
    }
    int source = rightAt + from * rightLd + column;
    int target = at;
    for (int p = 0; p < length; p++) {
      if (width == COLUMNS) {
        FloatVector.fromArray(S, right, source).intoArray(panel, target);
        FloatVector.fromArray(S, right, source + V).intoArray(panel, target + V);
      } else {
        System.arraycopy(right, source, panel, target, width);
        Arrays.fill(panel, target + width, target + COLUMNS, 0);
      }
      source += rightLd;
      target += COLUMNS;
    }
  }

  /** to[c,r] = from[r,c] for a matrix of {@code rows} × {@code columns}. */
  static void transpose(
      float[] from, int at, int ld, int rows, int columns, float[] to, int toAt, int toLd) {
    int r = 0;
    for (; r <= rows - 8; r += 8) {
      int r0 = at + r * ld;
      int r1 = r0 + ld;
      int r2 = r1 + ld;
      int r3 = r2 + ld;
      int r4 = r3 + ld;
      int r5 = r4 + ld;
      int r6 = r5 + ld;
      int r7 = r6 + ld;
      int t = toAt + r;
      for (int q = 0; q < columns; q++) {
        to[t] = from[r0 + q];
        to[t + 1] = from[r1 + q];
        to[t + 2] = from[r2 + q];
        to[t + 3] = from[r3 + q];
        to[t + 4] = from[r4 + q];
        to[t + 5] = from[r5 + q];
        to[t + 6] = from[r6 + q];
        to[t + 7] = from[r7 + q];
        t += toLd;
      }
    }
    for (; r < rows; r++) {
      int source = at + r * ld;
      int t = toAt + r;
      for (int q = 0; q < columns; q++) {
        to[t] = from[source + q];
        t += toLd;
      }
    }
  }

  private void tiles(int piece, float[] tile, float[] panel) {
    int firstRow = piece % rowPieces * pieceRows;
    int lastRow = Math.min(rows, firstRow + pieceRows);
    int firstColumn = piece / rowPieces * piecePanels * COLUMNS;
    int lastColumn = Math.min(n, firstColumn + piecePanels * COLUMNS);
    if (columnStride == 1) {
      straight(firstRow, lastRow, firstColumn, lastColumn, tile, panel);
    } else {
      across(firstRow, lastRow, firstColumn, lastColumn, tile, panel);
    }
    if (kFrom + depth == k) {
      finish(rowFrom + firstRow, lastRow - firstRow, firstColumn, lastColumn - firstColumn, tile);
    }
  }

  /** Block after block of k, so that the left rows of a block are read again from L2. */
  private void straight(
      int firstRow, int lastRow, int firstColumn, int lastColumn, float[] tile, float[] panel) {
    for (int q = 0; q < depth; q += BLOCK) {
      int length = Math.min(BLOCK, depth - q);
      float factor = kFrom + q == 0 ? beta : 1;
      for (int column = firstColumn; column < lastColumn; column += COLUMNS) {
        int width = Math.min(COLUMNS, lastColumn - column);
        if (!shared) {
          fillPanel(kFrom + q, length, column, width, panel, 0);
        }
        float[] b = shared ? packed : panel;
        int at = shared ? column * depth + q * COLUMNS : 0;
        for (int row = firstRow; row < lastRow; row += ROWS) {
          int height = Math.min(ROWS, lastRow - row);
          int to = cAt + (rowFrom + row) * rowStride + column;
          if (height == ROWS && width == COLUMNS) {
            tile(row, height, q, length, b, at, c, to, rowStride, factor);
          } else {
            tile(row, height, q, length, b, at, tile, 0, COLUMNS, 0);
            for (int i = 0; i < height; i++) {
              add(tile, i * COLUMNS, width, factor, to + i * rowStride);
            }
          }
        }
      }
    }
  }

  /** c = factor·c + tile for a run of elements of C; a factor of 0 overwrites. */
  private void add(float[] tile, int from, int count, float factor, int to) {
    if (factor == 0) {
      System.arraycopy(tile, from, c, to, count);
      return;
    }
    if (factor != 1) {
      MicroKernel.scale(c, to, count, factor);
    }
    for (int i = 0; i < count; i++) {
      c[to + i] += tile[from + i];
    }
  }

  /** All blocks of a tile of C one after the other, so that it is stored across only once. */
  private void across(
      int firstRow, int lastRow, int firstColumn, int lastColumn, float[] tile, float[] panel) {
    float first = kFrom == 0 ? beta : 1;
    for (int column = firstColumn; column < lastColumn; column += COLUMNS) {
      int width = Math.min(COLUMNS, lastColumn - column);
      for (int q = 0; !shared && q < depth; q += BLOCK) {
        fillPanel(kFrom + q, Math.min(BLOCK, depth - q), column, width, panel, q * COLUMNS);
      }
      float[] b = shared ? packed : panel;
      int at = shared ? column * depth : 0;
      for (int row = firstRow; row < lastRow; row += ROWS) {
        int height = Math.min(ROWS, lastRow - row);
        int to = cAt + row + column * columnStride;
        if (first != 0) {
          for (int j = 0; j < width; j++) {
            for (int i = 0; i < height; i++) {
              tile[i * COLUMNS + j] = c[to + j * columnStride + i];
            }
          }
        }
        for (int q = 0; q < depth; q += BLOCK) {
          int length = Math.min(BLOCK, depth - q);
          float factor = q == 0 ? first : 1;
          tile(row, height, q, length, b, at + q * COLUMNS, tile, 0, COLUMNS, factor);
        }
        storeAcross(tile, height, width, c, to, columnStride);
      }
    }
  }

  private static void storeAcross(
      float[] tile, int height, int width, float[] c, int cAt, int stride) {
    int to = cAt;
    if (height < ROWS) {
      for (int j = 0; j < width; j++) {
        for (int i = 0; i < height; i++) {
          c[to + i] = tile[i * COLUMNS + j];
        }
        to += stride;
      }
      return;
    }
    for (int j = 0; j < width; j++) {
      c[to] = tile[j];
      c[to + 1] = tile[COLUMNS + j];
      c[to + 2] = tile[2 * COLUMNS + j];
      c[to + 3] = tile[3 * COLUMNS + j];
      c[to + 4] = tile[4 * COLUMNS + j];
      c[to + 5] = tile[5 * COLUMNS + j];
      to += stride;
    }
  }

  /** A tile's share of one block of k; rows past the end repeat the last one. */
  private void tile(
      int row,
      int height,
      int q,
      int length,
      float[] panel,
      int panelAt,
      float[] to,
      int toAt,
      int toLd,
      float factor) {
    float[] from = leftAcross ? copy : left;
    int ld = leftAcross ? depth + COPY_GAP : leftLd;
    int a0 = leftAcross ? row * ld + q : leftAt + (rowFrom + row) * ld + kFrom + q;
    int last = height - 1;
    int a1 = a0 + Math.min(1, last) * ld;
    int a2 = a0 + Math.min(2, last) * ld;
    int a3 = a0 + Math.min(3, last) * ld;
    int a4 = a0 + Math.min(4, last) * ld;
    int a5 = a0 + Math.min(5, last) * ld;
    MicroKernel.tile(
        length, from, a0, a1, a2, a3, a4, a5, panel, panelAt, to, toAt, toLd, alpha, factor);
  }

  /** Bias and activation over a block of finished elements, along the rows of C. */
  private void finish(int row, int height, int column, int width, float[] scratch) {
    if (bias == null) {
      return;
    }
    boolean straight = columnStride == 1;
    int lines = straight ? height : width;
    int count = straight ? width : height;
    int firstOfC = straight ? column : row;
    int at = cAt + row * rowStride + column * columnStride;
    for (int line = 0; line < lines; line++) {
      for (int i = 0; i < count; i++) {
        c[at + i] += bias[biasAt + firstOfC + i];
      }
      if (activation != Activation.IDENTITY) {
        Lanes.activate(activation, c, at, c, at, count, scratch);
      }
      at += straight ? rowStride : columnStride;
    }
  }
}
