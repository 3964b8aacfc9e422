package latentrace.kernels.simd;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed team of daemon threads and the calling thread, which share out the pieces of one task at
 * a time. Who takes which piece is open, so pieces must not depend on each other. Waiting threads
 * spin for some microseconds, then park. Running a task allocates nothing.
 */
final class WorkerPool implements AutoCloseable {
  /** Work in numbered pieces. */
  interface Task {
    /**
     * Does one piece.
     *
     * @param piece 0..pieces-1
     * @param worker who does it, 0..threads-1: for scratch memory of its own
     */
    void run(int piece, int worker);
  }

  private static final int SPINS = 4_000;
  private static final long NAP_NANOS = 50_000;

  private final Thread[] workers;

  /** Upper half: number of the task; lower half: pieces that nobody has taken yet. */
  private final AtomicLong open = new AtomicLong();

  private final AtomicInteger sleepers = new AtomicInteger();
  private final AtomicInteger unfinished = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile Task task;
  private volatile int pieces;
  private volatile boolean closed;

  /**
   * Starts the threads.
   *
   * @param threads including the calling one, ≥ 1
   */
  WorkerPool(int threads) {
    workers = new Thread[threads - 1];
    for (int w = 1; w < threads; w++) {
      int worker = w;
      Thread thread = new Thread(() -> serve(worker), "latentrace-simd-" + w);
      thread.setDaemon(true);
      workers[w - 1] = thread;
      thread.start();
    }
  }

  int threads() {
    return workers.length + 1;
  }

  /**
   * Runs all pieces and returns when the last has ended.
   *
   * @throws IllegalStateException inside another task, for which nobody would be left
   */
  void run(int count, Task work) {
    if (count == 1 || workers.length == 0) {
      for (int piece = 0; piece < count; piece++) {
        work.run(piece, 0);
      }
      return;
    }
    if (task != null) {
      throw new IllegalStateException("a task runs already: inside it, work is done alone");
    }
    task = work;
    pieces = count;
    unfinished.set(count);
    // written last: whoever takes a piece of this number sees the task it belongs to
    open.set(((open.get() >>> 32) + 1) << 32 | count);
    if (sleepers.get() > 0) {
      for (Thread worker : workers) {
        LockSupport.unpark(worker);
      }
    }
    while (takeOne(0)) {
      // until none is left
    }
    for (int spins = 0; unfinished.get() > 0; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, NAP_NANOS);
      }
    }
    task = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** Takes and does a piece; false if there was none. */
  private boolean takeOne(int worker) {
    long state = open.get();
    while ((int) state > 0) {
      Task work = task;
      int total = pieces;
      if (open.compareAndSet(state, state - 1)) {
        try {
          work.run(total - (int) state, worker);
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        } finally {
          unfinished.decrementAndGet();
        }
        return true;
      }
      state = open.get();
    }
    return false;
  }

  private void serve(int worker) {
    int spins = 0;
    while (!closed) {
      if (takeOne(worker)) {
        spins = 0;
      } else if (spins++ < SPINS) {
        Thread.onSpinWait();
      } else {
        sleepers.incrementAndGet();
        if ((int) open.get() == 0 && !closed) {
          LockSupport.park(this);
        }
        sleepers.decrementAndGet();
        spins = 0;
      }
    }
  }

  /** Ends the threads and waits for them. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Thread worker : workers) {
      LockSupport.unpark(worker);
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
