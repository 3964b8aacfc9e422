package latentrace.kernels.simd;

import jdk.incubator.vector.FloatVector;
import latentrace.backend.Buffer;
import latentrace.backend.GradientOps;

/** Gram tiles of bounded size and their contraction; rows by many small products. */
final class SimdGradients extends GradientOps {
  /** Elements of one Gram tile: 4 MiB. */
  private static final int GRAM_LIMIT = 1 << 20;

  /** Columns of a Gram tile, if one sample has no more rows. */
  private static final int GRAM_COLUMNS = 4096;

  /** Elements of a dot product summed in single precision before double takes over. */
  private static final int DOT_BLOCK = 4096;

  private final WorkerPool pool;
  private final SimdDense dense;
  private final SimdBackend owner;
  private final float[][] lanes;
  private final float[][] inputScratch;
  private final float[][] deltaScratch;
  private final BiasRows biasRows = new BiasRows();
  private final Contraction contraction = new Contraction();
  private final Diagonal diagonal = new Diagonal();
  private final RowDots rowDots = new RowDots();
  private SimdBuffer inputGram;
  private SimdBuffer deltaGram;

  SimdGradients(SimdBackend owner, WorkerPool pool, SimdDense dense) {
    super(owner);
    this.owner = owner;
    this.pool = pool;
    this.dense = dense;
    this.lanes = new float[pool.threads()][Lanes.COUNT];
    this.inputScratch = new float[pool.threads()][0];
    this.deltaScratch = new float[pool.threads()][0];
  }

  /** Over samples: the bias' part of a row. */
  private final class BiasRows extends Loop {
    private int rank;
    private int out;
    private SimdBuffer delta;
    private SimdBuffer rows;
    private int at;
    private int ld;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        int source = delta.at((long) i * rank * out);
        int target = rows.at((long) i * ld + at);
        dense.columnSums(1, delta.data, source, out, rank, out, 0, rows.data, target, worker);
      }
    }

    @Override
    void release() {
      delta = null;
      rows = null;
    }
  }

  /** Over pairs (test i, sample j) of two Gram tiles. */
  private final class Contraction extends Loop {
    private int rankT;
    private int n;
    private int rankN;
    private float[] inputs;
    private float[] deltas;
    private float one;
    private double coefficient;
    private SimdBuffer scores;
    private long at;
    private int ld;

    @Override
    void range(int from, int to, int worker) {
      int columns = n * rankN;
      for (int p = from; p < to; p++) {
        int i = p / n;
        int j = p % n;
        int block = i * rankT * columns + j * rankN;
        double product = contract(rankT, rankN, inputs, deltas, block, columns, one, lanes[worker]);
        scores.data[scores.at(at + (long) i * ld + j)] += (float) (coefficient * product);
      }
    }

    @Override
    void release() {
      inputs = null;
      deltas = null;
      scores = null;
    }
  }

  /** Over samples, each with two Gram matrices of its own. */
  private final class Diagonal extends Loop {
    private int rank;
    private int in;
    private int out;
    private SimdBuffer a0;
    private SimdBuffer delta0;
    private SimdBuffer a1;
    private SimdBuffer delta1;
    private boolean weight;
    private float one;
    private double coefficient;
    private SimdBuffer products;

    @Override
    void range(int from, int to, int worker) {
      int step = (int) Math.max(1, Math.min(rank, (long) GRAM_LIMIT / rank));
      float[] inputs = weight ? scratch(inputScratch, worker, step * rank) : null;
      float[] deltas = scratch(deltaScratch, worker, step * rank);
      for (int i = from; i < to; i++) {
        double product = 0;
        for (int row = 0; row < rank; row += step) {
          int rows = Math.min(step, rank - row);
          if (weight) {
            gram(rows, rank, in, a0, a1, i, row, inputs, worker);
          }
          gram(rows, rank, out, delta0, delta1, i, row, deltas, worker);
          product += contract(rows, rank, inputs, deltas, 0, rank, one, lanes[worker]);
        }
        products.data[products.offset + i] += (float) (coefficient * product);
      }
    }

    @Override
    void release() {
      a0 = null;
      delta0 = null;
      a1 = null;
      delta1 = null;
      products = null;
    }
  }

  private final class RowDots extends Loop {
    private int columns;
    private SimdBuffer x;
    private SimdBuffer y;
    private int ld;
    private double coefficient;
    private SimdBuffer products;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        long at = (long) i * ld;
        double product = dot(x.data, x.at(at), y.data, y.at(at), columns, lanes[worker]);
        products.data[products.offset + i] += (float) (coefficient * product);
      }
    }

    @Override
    void release() {
      x = null;
      y = null;
      products = null;
    }
  }

  @Override
  protected void doMaterialize(
      int n,
      int rank,
      int in,
      int out,
      Buffer a,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    if (weight) {
      dense.gemmStridedBatched(
          true,
          false,
          out,
          in,
          rank,
          1,
          delta,
          out,
          (long) rank * out,
          a,
          in,
          (long) rank * in,
          0,
          rows,
          in,
          ld,
          n);
    }
    if (bias) {
      biasRows.rank = rank;
      biasRows.out = out;
      biasRows.delta = (SimdBuffer) delta;
      biasRows.rows = (SimdBuffer) rows;
      biasRows.at = weight ? in * out : 0;
      biasRows.ld = ld;
      biasRows.over(pool, n, (long) rank * out);
    }
  }

  @Override
  protected void doGhostProducts(
      int t,
      int rankT,
      int n,
      int rankN,
      int in,
      int out,
      Buffer aT,
      Buffer deltaT,
      Buffer aN,
      Buffer deltaN,
      boolean weight,
      boolean bias,
      double coefficient,
      Buffer scores,
      int ld) {
    int stepN = Math.min(n, Math.max(1, GRAM_COLUMNS / rankN));
    long perTest = (long) rankT * rankN * stepN;
    int stepT = (int) Math.min(t, Math.max(1, GRAM_LIMIT / perTest));
    reserve(perTest * stepT);
    contraction.rankT = rankT;
    contraction.rankN = rankN;
    contraction.one = bias ? 1 : 0;
    contraction.coefficient = coefficient;
    contraction.ld = ld;
    for (int firstT = 0; firstT < t; firstT += stepT) {
      int countT = Math.min(stepT, t - firstT);
      for (int firstN = 0; firstN < n; firstN += stepN) {
        int countN = Math.min(stepN, n - firstN);
        int rows = countT * rankT;
        int columns = countN * rankN;
        long rowT = (long) firstT * rankT;
        long rowN = (long) firstN * rankN;
        if (weight) {
          gram(rows, columns, in, aT, rowT, aN, rowN, inputGram);
        }
        gram(rows, columns, out, deltaT, rowT, deltaN, rowN, deltaGram);
        contraction.scores = (SimdBuffer) scores;
        contraction.n = countN;
        contraction.inputs = weight ? inputGram.data : null;
        contraction.deltas = deltaGram.data;
        contraction.at = (long) firstT * ld + firstN;
        contraction.over(pool, countT * countN, 2L * rankT * rankN);
      }
    }
  }

  /** target [rows,columns] = X·Yᵀ over {@code length}, by all threads. */
  private void gram(
      int rows, int columns, int length, Buffer x, long rowX, Buffer y, long rowY, Buffer target) {
    SimdBuffer left = (SimdBuffer) x;
    SimdBuffer right = (SimdBuffer) y;
    SimdBuffer to = (SimdBuffer) target;
    dense
        .together()
        .multiply(
            false,
            true,
            rows,
            columns,
            length,
            1,
            left.data,
            left.at(rowX * length),
            length,
            right.data,
            right.at(rowY * length),
            length,
            0,
            to.data,
            to.offset,
            columns);
  }

  /** Σ_{r,s} (inputs[r,s] + one)·deltas[r,s] over the block at {@code from}. */
  private static double contract(
      int rankT,
      int rankN,
      float[] inputs,
      float[] deltas,
      int from,
      int ld,
      float one,
      float[] lanes) {
    double sum = 0;
    int whole = rankN - rankN % Lanes.COUNT;
    if (whole > 0) {
      FloatVector partial = FloatVector.zero(Lanes.SPECIES);
      for (int r = 0; r < rankT; r++) {
        int at = from + r * ld;
        for (int s = 0; s < whole; s += Lanes.COUNT) {
          FloatVector delta = FloatVector.fromArray(Lanes.SPECIES, deltas, at + s);
          partial =
              inputs == null
                  ? partial.add(delta)
                  : FloatVector.fromArray(Lanes.SPECIES, inputs, at + s)
                      .add(one)
                      .fma(delta, partial);
        }
      }
      sum = Lanes.sum(partial, lanes);
    }
    for (int r = 0; r < rankT; r++) {
      int at = from + r * ld;
      for (int s = whole; s < rankN; s++) {
        double input = inputs == null ? one : (double) inputs[at + s] + one;
        sum += input * deltas[at + s];
      }
    }
    return sum;
  }

  @Override
  protected void doGhostDiagonal(
      int n,
      int rank,
      int in,
      int out,
      Buffer a0,
      Buffer delta0,
      Buffer a1,
      Buffer delta1,
      boolean weight,
      boolean bias,
      double coefficient,
      Buffer products) {
    diagonal.rank = rank;
    diagonal.in = in;
    diagonal.out = out;
    diagonal.a0 = (SimdBuffer) a0;
    diagonal.delta0 = (SimdBuffer) delta0;
    diagonal.a1 = (SimdBuffer) a1;
    diagonal.delta1 = (SimdBuffer) delta1;
    diagonal.weight = weight;
    diagonal.one = bias ? 1 : 0;
    diagonal.coefficient = coefficient;
    diagonal.products = (SimdBuffer) products;
    diagonal.over(pool, n, (long) rank * rank * (in + out));
  }

  private static float[] scratch(float[][] perWorker, int worker, int size) {
    if (perWorker[worker].length < size) {
      perWorker[worker] = new float[size];
    }
    return perWorker[worker];
  }

  /** target [rows,rank]: rows {@code row ..} of X_i·Y_iᵀ over {@code length}, by one thread. */
  private void gram(
      int rows,
      int rank,
      int length,
      SimdBuffer x,
      SimdBuffer y,
      int i,
      int row,
      float[] target,
      int worker) {
    long at = (long) i * rank * length;
    dense
        .alone(worker)
        .multiply(
            false,
            true,
            rows,
            rank,
            length,
            1,
            x.data,
            x.at(at + (long) row * length),
            length,
            y.data,
            y.at(at),
            length,
            0,
            target,
            0,
            rank);
  }

  private void reserve(long elements) {
    if (deltaGram == null || deltaGram.length() < elements) {
      inputGram = null;
      deltaGram = null;
      SimdBuffer inputs = (SimdBuffer) owner.allocate(elements);
      deltaGram = (SimdBuffer) owner.allocate(elements);
      inputGram = inputs;
    }
  }

  @Override
  protected void doRowDots(
      int n, int columns, Buffer rows0, Buffer rows1, int ld, double coefficient, Buffer products) {
    rowDots.columns = columns;
    rowDots.x = (SimdBuffer) rows0;
    rowDots.y = (SimdBuffer) rows1;
    rowDots.ld = ld;
    rowDots.coefficient = coefficient;
    rowDots.products = (SimdBuffer) products;
    rowDots.over(pool, n, columns);
  }

  private static double dot(float[] x, int xAt, float[] y, int yAt, int length, float[] lanes) {
    double sum = 0;
    for (int from = 0; from < length; from += DOT_BLOCK) {
      sum += block(x, xAt + from, y, yAt + from, Math.min(DOT_BLOCK, length - from), lanes);
    }
    return sum;
  }

  private static double block(float[] x, int xAt, float[] y, int yAt, int length, float[] lanes) {
    FloatVector s0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int v = Lanes.COUNT;
    int i = 0;
    for (; i <= length - 4 * v; i += 4 * v) {
      s0 = load(x, xAt + i).fma(load(y, yAt + i), s0);
      s1 = load(x, xAt + i + v).fma(load(y, yAt + i + v), s1);
      s2 = load(x, xAt + i + 2 * v).fma(load(y, yAt + i + 2 * v), s2);
      s3 = load(x, xAt + i + 3 * v).fma(load(y, yAt + i + 3 * v), s3);
    }
    double sum = Lanes.sum(s0.add(s1).add(s2.add(s3)), lanes);
    for (; i < length; i++) {
      sum += (double) x[xAt + i] * y[yAt + i];
    }
    return sum;
  }

  private static FloatVector load(float[] from, int at) {
    return FloatVector.fromArray(Lanes.SPECIES, from, at);
  }
}
