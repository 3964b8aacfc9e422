package latentrace.backend;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What has been taken and how to give it back: run once, in reverse order, to the end even if a
 * step fails. Whoever takes several things adds each as soon as he has it, so that failing half-way
 * frees the ones before.
 */
public final class Cleanup implements AutoCloseable {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  /** Nothing taken yet. */
  public Cleanup() {}

  /** Has {@code step} run before those added so far. */
  public void add(Runnable step) {
    steps.push(step);
  }

  /** {@code thing}, to be given back by {@code close}. */
  public <T> T add(T thing, Consumer<? super T> close) {
    add(() -> close.accept(thing));
    return thing;
  }

  /** {@link #close}, because of {@code cause}, which what fails now is added to. */
  public void closeAfter(Throwable cause) {
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
