package latentrace.kernels.simd;

import java.util.Arrays;
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
      SimdBuffer from = (SimdBuffer) delta;
      SimdBuffer to = (SimdBuffer) rows;
      int offset = weight ? in * out : 0;
      for (int i = 0; i < n; i++) {
        int at = to.at((long) i * ld + offset);
        Arrays.fill(to.data, at, at + out, 0);
        SimdDense.addColumnSums(from.data, from.at((long) i * rank * out), rank, out, to.data, at);
      }
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
        contract(
            countT,
            rankT,
            countN,
            rankN,
            weight,
            bias,
            coefficient,
            (SimdBuffer) scores,
            (long) firstT * ld + firstN,
            ld);
      }
    }
  }

  /** target [rows,columns] = X·Yᵀ over {@code length}. */
  private void gram(
      int rows, int columns, int length, Buffer x, long rowX, Buffer y, long rowY, Buffer target) {
    dense.gemm(
        false,
        true,
        rows,
        columns,
        length,
        1,
        x.slice(rowX * length, (long) rows * length),
        length,
        y.slice(rowY * length, (long) columns * length),
        length,
        0,
        target,
        columns);
  }

  private void contract(
      int t,
      int rankT,
      int n,
      int rankN,
      boolean weight,
      boolean bias,
      double coefficient,
      SimdBuffer scores,
      long at,
      int ld) {
    float[] inputs = weight ? inputGram.data : null;
    int columns = n * rankN;
    int pairs = t * n;
    int pieces = Chunks.pieces(pool, pairs, 2L * rankT * rankN);
    pool.run(
        pieces,
        (piece, worker) -> {
          int end = (int) ((long) pairs * (piece + 1) / pieces);
          for (int p = (int) ((long) pairs * piece / pieces); p < end; p++) {
            int i = p / n;
            int j = p % n;
            double product =
                contract(
                    rankT,
                    rankN,
                    inputs,
                    deltaGram.data,
                    i * rankT * columns + j * rankN,
                    columns,
                    bias ? 1 : 0,
                    lanes[worker]);
            scores.data[scores.at(at + (long) i * ld + j)] += (float) (coefficient * product);
          }
        });
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
    SimdBuffer x0 = (SimdBuffer) a0;
    SimdBuffer x1 = (SimdBuffer) a1;
    SimdBuffer d0 = (SimdBuffer) delta0;
    SimdBuffer d1 = (SimdBuffer) delta1;
    SimdBuffer to = (SimdBuffer) products;
    int size = Math.multiplyExact(rank, rank);
    int pieces = Chunks.pieces(pool, n, (long) size * (in + out));
    pool.run(
        pieces,
        (piece, worker) -> {
          float[] gram = scratch(inputScratch, worker, size);
          float[] deltas = scratch(deltaScratch, worker, size);
          int end = (int) ((long) n * (piece + 1) / pieces);
          for (int i = (int) ((long) n * piece / pieces); i < end; i++) {
            if (weight) {
              gram(rank, in, x0, x1, i, gram, worker);
            }
            gram(rank, out, d0, d1, i, deltas, worker);
            double product =
                contract(
                    rank, rank, weight ? gram : null, deltas, 0, rank, bias ? 1 : 0, lanes[worker]);
            to.data[to.offset + i] += (float) (coefficient * product);
          }
        });
  }

  private static float[] scratch(float[][] perWorker, int worker, int size) {
    if (perWorker[worker].length < size) {
      perWorker[worker] = new float[size];
    }
    return perWorker[worker];
  }

  /** target [rank,rank] = X_i·Y_iᵀ over {@code length}, by one thread. */
  private void gram(
      int rank, int length, SimdBuffer x, SimdBuffer y, int i, float[] target, int worker) {
    long at = (long) i * rank * length;
    dense
        .alone(worker)
        .multiply(
            false, true, rank, rank, length, 1, x.data, x.at(at), length, y.data, y.at(at), length,
            0, target, 0, rank);
  }

  private void reserve(long elements) {
    if (inputGram == null || inputGram.length() < elements) {
      inputGram = (SimdBuffer) owner.allocate(elements);
      deltaGram = (SimdBuffer) owner.allocate(elements);
    }
  }

  @Override
  protected void doRowDots(
      int n, int columns, Buffer rows0, Buffer rows1, int ld, double coefficient, Buffer products) {
    SimdBuffer x = (SimdBuffer) rows0;
    SimdBuffer y = (SimdBuffer) rows1;
    SimdBuffer to = (SimdBuffer) products;
    int pieces = Chunks.pieces(pool, n, columns);
    pool.run(
        pieces,
        (piece, worker) -> {
          int end = (int) ((long) n * (piece + 1) / pieces);
          for (int i = (int) ((long) n * piece / pieces); i < end; i++) {
            long at = (long) i * ld;
            double product = dot(x.data, x.at(at), y.data, y.at(at), columns, lanes[worker]);
            to.data[to.offset + i] += (float) (coefficient * product);
          }
        });
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
