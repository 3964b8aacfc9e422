package latentrace.influence.retraining;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.data.FolderLock;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Model;
import latentrace.model.ModelSpec;

/**
 * The losses ℓ(z; A(X∖S)) of test samples for many sets S left out, several learned at a time, each
 * by a thread with a backend of its own. What they are does not depend on how many threads there
 * are.
 */
public final class Retraining {
  private final Supplier<Backend> backends;
  private final int workers;
  private final ModelSpec spec;
  private final Learner learner;
  private final Settings settings;
  private final Listener listener;
  private PartialRun partial;

  /**
   * Prepares.
   *
   * @param backends opens a backend of one thread; called once per worker
   * @param workers models learned at a time
   * @param settings draws and noise of the losses, and which loss
   */
  public Retraining(
      Supplier<Backend> backends,
      int workers,
      ModelSpec spec,
      Learner learner,
      Settings settings,
      Listener listener) {
    if (workers < 1) {
      throw new IllegalArgumentException(
          "workers: found %d, expected at least 1".formatted(workers));
    }
    this.backends = backends;
    this.workers = workers;
    this.spec = spec;
    this.learner = learner;
    this.settings = settings;
    this.listener = listener;
  }

  /**
   * Keeps each set's losses on disk from now on; the next run goes on with those it finds. The
   * caller removes it once the result is safe.
   *
   * @return this
   */
  public Retraining keeping(PartialRun run) {
    partial = run;
    return this;
  }

  /**
   * ℓ(z; A(X∖S)), averaged over the draws of the test side.
   *
   * @param data X
   * @param omitted sets S of positions in X; may be empty
   * @param test the z
   * @return [sets][T]
   */
  public double[][] losses(Dataset data, List<int[]> omitted, Dataset test) {
    return partial == null
        ? collect(data, omitted, test)
        : FolderLock.during(partial.folder(), "retraining", () -> collect(data, omitted, test));
  }

  private double[][] collect(Dataset data, List<int[]> omitted, Dataset test) {
    double[][] losses = new double[omitted.size()][];
    int done = 0;
    if (partial != null) {
      partial.begin(1, test.count());
      done = partial.restore(new NoSums(), (k, values) -> losses[k] = values).tiles();
    }
    listener.started("retraining", omitted.size(), done);
    try (Work work = new Work(data, omitted, test, done)) {
      for (int k = done; k < losses.length; k++) {
        losses[k] = work.result(k);
        if (partial != null) {
          partial.finished(losses[k], losses[k].length);
        }
        listener.progressed(k + 1L);
      }
      return losses;
    } finally {
      if (partial != null) {
        partial.close();
      }
      listener.finished();
    }
  }

  /** Threads at work on the sets, in order. */
  private final class Work implements AutoCloseable {
    private final Dataset data;
    private final List<int[]> omitted;
    private final Dataset test;
    private final AtomicInteger next;
    private final List<CompletableFuture<double[]>> results;
    private final List<Thread> threads;

    Work(Dataset data, List<int[]> omitted, Dataset test, int done) {
      this.data = data;
      this.omitted = omitted;
      this.test = test;
      this.next = new AtomicInteger(done);
      this.results = omitted.stream().map(set -> new CompletableFuture<double[]>()).toList();
      int count = Math.min(workers, omitted.size() - done);
      this.threads =
          IntStream.range(0, count)
              .mapToObj(w -> new Thread(this::work, "latentrace-retraining-" + w))
              .toList();
      threads.forEach(
          thread -> {
            thread.setDaemon(true);
            thread.start();
          });
    }

    double[] result(int k) {
      try {
        return results.get(k).join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw e;
      }
    }

    private void work() {
      int k = next.getAndIncrement();
      try (Backend backend = backends.get()) {
        for (; k < results.size(); k = next.getAndIncrement()) {
          results.get(k).complete(losses(backend, omitted.get(k)));
        }
      } catch (RuntimeException | Error e) {
        next.set(results.size()); // no other set is begun
        results.forEach(result -> result.completeExceptionally(e));
      }
    }

    private double[] losses(Backend backend, int... set) {
      try (Model model = Model.create(backend, spec)) {
        learner.learn(model, data, set);
        try (Gradients gradients =
            new Gradients(
                model, settings, settings.attribution().at(spec, learner.iterations()), 0)) {
          double[] losses = gradients.losses(test, Philox.ROLE_TEST_SIDE);
          for (int t = 0; t < losses.length; t++) {
            if (!Double.isFinite(losses[t])) {
              throw new InputException(
                  "retraining without %s diverged: the loss of test sample %d is %s; train with a smaller --lr"
                      .formatted(
                          set.length == 1 ? "sample " + set[0] : set.length + " samples",
                          t,
                          losses[t]));
            }
          }
          return losses;
        }
      }
    }

    @Override
    public void close() {
      next.set(results.size());
      boolean interrupted = false;
      for (Thread thread : threads) {
        while (thread.isAlive()) {
          try {
            thread.join();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** A run whose parts are not added up. */
  private static final class NoSums implements PartialRun.Rows {
    @Override
    public int count() {
      return 0;
    }

    @Override
    public int length() {
      return 0;
    }

    @Override
    public void get(int row, double[] target) {
      throw new IndexOutOfBoundsException(row);
    }

    @Override
    public void set(int row, double[] source) {
      throw new IndexOutOfBoundsException(row);
    }
  }
}
