package latentrace.influence.fidelity;

import java.util.Locale;

/**
 * A point on a curve of cost against fidelity.
 *
 * @param setting what was made cheaper, and how far
 * @param seconds measured, on this machine
 * @param agreement with the scores that nothing was spared for
 */
public record Tradeoff(String setting, double seconds, Agreement agreement) {
  /** What is timed. */
  @FunctionalInterface
  interface Work<T> {
    T run();
  }

  /**
   * A result and the time it took.
   *
   * @param value the result
   * @param seconds the time
   */
  record Timed<T>(T value, double seconds) {
    static <T> Timed<T> of(Work<T> work) {
      long start = System.nanoTime();
      T value = work.run();
      return new Timed<>(value, (System.nanoTime() - start) / 1e9);
    }
  }

  /** One line for people. */
  public String describe() {
    return String.format(
        Locale.ROOT,
        "%s: %.3g s, Pearson %.4f, Spearman %.4f, recall of proponents %.3f",
        setting,
        seconds,
        agreement.pearson(),
        agreement.spearman(),
        agreement.recall());
  }
}
