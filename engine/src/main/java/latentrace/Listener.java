package latentrace;

import java.nio.file.Path;
import java.util.Map;

/** Where progress and metrics leave the engine. Called on the thread that works. */
public interface Listener {
  /** Hears nothing. */
  Listener SILENT = new Listener() {};

  /** What the task that begins next is going to take, for people. */
  default void planned(String what) {}

  /**
   * A long task begins.
   *
   * @param task what it is, for people
   * @param total steps that make it whole
   * @param done steps already done, e.g. before a resume
   */
  default void started(String task, long total, long done) {}

  /** {@code done} steps of the running task are done. */
  default void progressed(long done) {}

  /** The running task ended. */
  default void finished() {}

  /** Metrics of training at an iteration: loss, reconstruction, kl, lr, … in a fixed order. */
  default void metrics(long iteration, Map<String, Double> values) {}

  /** A file was written whole. */
  default void saved(Path file) {}
}
