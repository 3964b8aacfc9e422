package latentrace.reference;

import latentrace.backend.Buffer;
import latentrace.backend.GradientOps;

final class EjmlGradients extends GradientOps {
  /** Elements of one Gram tile: 32 MiB. */
  private static final int GRAM_LIMIT = 1 << 22;

  private final EjmlBackend owner;
  private final EjmlDense dense;
  private EjmlBuffer inputGram;
  private EjmlBuffer deltaGram;

  EjmlGradients(EjmlBackend owner, EjmlDense dense) {
    super(owner);
    this.owner = owner;
    this.dense = dense;
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
    EjmlBuffer target = (EjmlBuffer) rows;
    if (weight) {
      for (int i = 0; i < n; i++) {
        Buffer gradient = rows.slice((long) i * ld, (long) in * out);
        Buffer inputs = a.slice((long) i * rank * in, (long) rank * in);
        Buffer deltas = delta.slice((long) i * rank * out, (long) rank * out);
        dense.gemm(true, false, out, in, rank, 1, deltas, out, inputs, in, 0, gradient, in);
      }
    }
    if (bias) {
      int offset = weight ? in * out : 0;
      for (int i = 0; i < n; i++) {
        EjmlDense.columnSums(
            1, (EjmlBuffer) delta, i * rank * out, rank, out, 0, target, i * ld + offset);
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
    EjmlBuffer to = (EjmlBuffer) scores;
    int columns = n * rankN;
    int chunk = Math.max(1, Math.min(t, GRAM_LIMIT / Math.multiplyExact(rankT, columns)));
    reserve((long) chunk * rankT * columns);
    for (int first = 0; first < t; first += chunk) {
      int rows = Math.min(chunk, t - first) * rankT;
      Buffer inputs = aT.slice((long) first * rankT * in, (long) rows * in);
      Buffer deltas = deltaT.slice((long) first * rankT * out, (long) rows * out);
      if (weight) {
        dense.gemm(false, true, rows, columns, in, 1, inputs, in, aN, in, 0, inputGram, columns);
      }
      dense.gemm(
          false, true, rows, columns, out, 1, deltas, out, deltaN, out, 0, deltaGram, columns);
      for (int i = 0; i < rows / rankT; i++) {
        for (int j = 0; j < n; j++) {
          int block = i * rankT * columns + j * rankN;
          to.data[to.offset + (first + i) * ld + j] +=
              coefficient * contract(rankT, rankN, block, columns, weight, bias);
        }
      }
    }
  }

  /** Σ_{r,s} (weight·inputGram[r,s] + bias)·deltaGram[r,s] over the block at {@code from}. */
  private double contract(int rank0, int rank1, int from, int ld, boolean weight, boolean bias) {
    double sum = 0;
    for (int r = 0; r < rank0; r++) {
      for (int s = 0; s < rank1; s++) {
        int at = from + r * ld + s;
        double input = (weight ? inputGram.data[at] : 0) + (bias ? 1 : 0);
        sum += input * deltaGram.data[at];
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
    EjmlBuffer to = (EjmlBuffer) products;
    reserve((long) rank * rank);
    for (int i = 0; i < n; i++) {
      long a = (long) i * rank * in;
      long d = (long) i * rank * out;
      Buffer inputs0 = a0.slice(a, (long) rank * in);
      Buffer inputs1 = a1.slice(a, (long) rank * in);
      Buffer deltas0 = delta0.slice(d, (long) rank * out);
      Buffer deltas1 = delta1.slice(d, (long) rank * out);
      if (weight) {
        dense.gemm(false, true, rank, rank, in, 1, inputs0, in, inputs1, in, 0, inputGram, rank);
      }
      dense.gemm(false, true, rank, rank, out, 1, deltas0, out, deltas1, out, 0, deltaGram, rank);
      to.data[to.offset + i] += coefficient * contract(rank, rank, 0, rank, weight, bias);
    }
  }

  private void reserve(long elements) {
    if (inputGram == null || inputGram.length() < elements) {
      inputGram = (EjmlBuffer) owner.allocate(elements);
      deltaGram = (EjmlBuffer) owner.allocate(elements);
    }
  }

  @Override
  protected void doRowDots(
      int n, int columns, Buffer rows0, Buffer rows1, int ld, double coefficient, Buffer products) {
    EjmlBuffer x = (EjmlBuffer) rows0;
    EjmlBuffer y = (EjmlBuffer) rows1;
    EjmlBuffer to = (EjmlBuffer) products;
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = 0; j < columns; j++) {
        sum += x.data[x.offset + i * ld + j] * y.data[y.offset + i * ld + j];
      }
      to.data[to.offset + i] += coefficient * sum;
    }
  }
}
