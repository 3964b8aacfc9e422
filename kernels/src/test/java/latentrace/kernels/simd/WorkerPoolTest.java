package latentrace.kernels.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
  @Test
  void everyPieceIsDoneOnce() throws InterruptedException {
    try (WorkerPool pool = new WorkerPool(3)) {
      for (int round = 0; round < 2000; round++) {
        int count = 1 + round % 7;
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        pool.run(count, (piece, worker) -> done.incrementAndGet(piece));
        for (int piece = 0; piece < count; piece++) {
          assertEquals(1, done.get(piece));
        }
        if (round % 200 == 0) {
          TimeUnit.MILLISECONDS.sleep(5); // the threads park
        }
      }
    }
  }

  @Test
  void failuresReachTheCaller() {
    try (WorkerPool pool = new WorkerPool(2)) {
      IllegalStateException thrown = new IllegalStateException("piece 3");
      WorkerPool.Task failing =
          (piece, worker) -> {
            if (piece == 3) {
              throw thrown;
            }
          };
      assertSame(thrown, assertThrows(IllegalStateException.class, () -> pool.run(5, failing)));
      pool.run(5, (piece, worker) -> {});
    }
  }

  @Test
  void closingEndsTheThreads() {
    new WorkerPool(3).close();
    long alive =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("latentrace-simd-"))
            .count();
    assertEquals(0, alive);
  }
}
