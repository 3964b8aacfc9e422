package latentrace.kernels.simd;

/**
 * Work over items 0..n−1, shared out in ranges. What it works on stands in fields, so that starting
 * it allocates nothing; one run at a time.
 */
abstract class Loop implements WorkerPool.Task {
  /** Operations of a piece: some microseconds of work. */
  private static final int PIECE = 1 << 14;

  private static final int PIECES_PER_THREAD = 4;

  private int items;
  private int pieces;

  /**
   * Does all items.
   *
   * @param count n
   * @param each rough number of simple operations of an item
   */
  final void over(WorkerPool pool, int count, long each) {
    items = count;
    long byCost = Math.max(1, count * each / PIECE);
    pieces = (int) Math.min(Math.min(count, byCost), (long) PIECES_PER_THREAD * pool.threads());
    pool.run(pieces, this);
  }

  @Override
  public final void run(int piece, int worker) {
    range(
        (int) ((long) items * piece / pieces), (int) ((long) items * (piece + 1) / pieces), worker);
  }

  /** Does the items {@code from .. to-1}. */
  abstract void range(int from, int to, int worker);
}
