package latentrace.kernels.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has been taken and how to give it back: run once, in reverse order, to the end even if a
 * step fails. Whoever takes several things adds each as soon as he has it, so that failing half-way
 * frees the ones before.
 */
final class Cleanup implements AutoCloseable {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  void add(Runnable step) {
    steps.push(step);
  }

  /** {@link #close}, because of {@code cause}, which what fails now is added to. */
  void closeAfter(Throwable cause) {
    try {
      close();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!steps.isEmpty()) {
      try {
        steps.pop().run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
