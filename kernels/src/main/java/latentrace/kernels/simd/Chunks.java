package latentrace.kernels.simd;

/** Element-wise work in pieces of a fixed size. */
final class Chunks {
  /** Elements of a piece: some microseconds of work, and all of its arrays in L2. */
  private static final int SIZE = 1 << 14;

  /** Does the elements {@code from .. from+count-1}. */
  interface Body {
    void run(int from, int count);
  }

  private Chunks() {}

  /** Runs {@code body} over 0..length-1. */
  static void run(WorkerPool pool, int length, Body body) {
    if (length <= SIZE) {
      if (length > 0) {
        body.run(0, length);
      }
      return;
    }
    int pieces = (length + SIZE - 1) / SIZE;
    pool.run(
        pieces,
        (piece, worker) -> {
          int from = piece * SIZE;
          body.run(from, Math.min(SIZE, length - from));
        });
  }

  /**
   * Pieces to cut {@code items} into that cost {@code each} operations: none below some
   * microseconds, and enough for every thread to have several.
   */
  static int pieces(WorkerPool pool, int items, long each) {
    long byCost = Math.max(1, items * each / SIZE);
    return (int) Math.min(items, Math.min(byCost, 4L * pool.threads()));
  }
}
