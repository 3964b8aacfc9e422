package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.DenseOps;
import latentrace.backend.GradientOps;

/** Per-sample gradients and Gram tiles by cuBLAS, what surrounds them by gradients.cu. */
final class CudaGradients extends GradientOps {
  /** Elements of one Gram tile: 256 MiB. */
  private static final long GRAM_LIMIT = 1 << 26;

  private final CudaBackend backend;
  private final DenseOps dense;
  private final Launcher launcher;

  CudaGradients(CudaBackend backend, CudaDense dense) {
    super(backend);
    this.backend = backend;
    this.dense = dense;
    this.launcher = backend.launcher();
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
      long offset = weight ? (long) in * out : 0;
      launcher.elements(
          "bias_gradient_rows", (long) n * out, n, rank, out, delta, rows, offset, (long) ld);
    }
  }

  private static int testsPerGram(int t, int rankT, int columns) {
    return (int) Math.max(1, Math.min(t, GRAM_LIMIT / ((long) rankT * columns)));
  }

  @Override
  public long ghostProductsMemory(int t, int rankT, int n, int rankN, boolean weight) {
    int columns = Math.multiplyExact(n, rankN);
    return grams((long) testsPerGram(t, rankT, columns) * rankT * columns, weight);
  }

  @Override
  public long ghostDiagonalMemory(int n, int rank, boolean weight) {
    return grams((long) n * rank * rank, weight);
  }

  /** Bytes of the Gram matrices of the deltas and, for the weight, of the inputs. */
  private long grams(long elements, boolean weight) {
    return (weight ? 2 : 1) * backend.memoryOf(elements);
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
    int columns = Math.multiplyExact(n, rankN);
    int chunk = testsPerGram(t, rankT, columns);
    long size = (long) chunk * rankT * columns;
    try (Buffer inputGram = weight ? backend.scratch(size) : null;
        Buffer deltaGram = backend.scratch(size)) {
      for (int first = 0; first < t; first += chunk) {
        int tests = Math.min(chunk, t - first);
        int rows = tests * rankT;
        if (weight) {
          Buffer inputs = aT.slice((long) first * rankT * in, (long) rows * in);
          dense.gemm(false, true, rows, columns, in, 1, inputs, in, aN, in, 0, inputGram, columns);
        }
        Buffer deltas = deltaT.slice((long) first * rankT * out, (long) rows * out);
        dense.gemm(
            false, true, rows, columns, out, 1, deltas, out, deltaN, out, 0, deltaGram, columns);
        int group = Math.max(1, Launcher.SUM_THREADS / rankN);
        launcher.rows(
            "ghost_reduce",
            (long) tests * ((n + group - 1) / group),
            tests,
            rankT,
            n,
            rankN,
            inputGram,
            deltaGram,
            bias ? 1f : 0f,
            coefficient,
            scores.slice((long) first * ld, scores.length() - (long) first * ld),
            (long) ld);
      }
    }
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
    int size = Math.multiplyExact(rank, rank);
    try (Buffer inputGram = weight ? backend.scratch((long) n * size) : null;
        Buffer deltaGram = backend.scratch((long) n * size)) {
      if (weight) {
        ownGrams(n, rank, in, a0, a1, inputGram);
      }
      ownGrams(n, rank, out, delta0, delta1, deltaGram);
      launcher.rows(
          "ghost_diagonal",
          n,
          n,
          size,
          inputGram,
          deltaGram,
          bias ? 1f : 0f,
          coefficient,
          products);
    }
  }

  /** gram[i] [rank,rank] = x_i·y_iᵀ for each sample's own rows x_i, y_i [rank,columns]. */
  private void ownGrams(int n, int rank, int columns, Buffer x, Buffer y, Buffer gram) {
    long stride = (long) rank * columns;
    dense.gemmStridedBatched(
        false,
        true,
        rank,
        rank,
        columns,
        1,
        x,
        columns,
        stride,
        y,
        columns,
        stride,
        0,
        gram,
        rank,
        (long) rank * rank,
        n);
  }

  @Override
  protected void doRowDots(
      int n, int columns, Buffer rows0, Buffer rows1, int ld, double coefficient, Buffer products) {
    launcher.rows("row_dots", n, n, columns, rows0, rows1, (long) ld, coefficient, products);
  }
}
