package latentrace.workload;

/** Work that can be repeated and timed. */
public interface Workload extends AutoCloseable {
  /** Does it once. */
  void run();

  /** Units of work in one {@link #run}: operations, samples, pairs or numbers. */
  double amount();

  /** What the last {@link #run} computed, or enough of it to tell right from wrong. */
  double[] outcome();

  /** Frees memory, threads and files. */
  @Override
  void close();

  /**
   * How far an outcome is from the expected one: ‖actual − expected‖ / ‖expected‖.
   *
   * @throws IllegalArgumentException if the lengths differ
   */
  static double difference(double[] expected, double[] actual) {
    if (expected.length != actual.length) {
      throw new IllegalArgumentException(
          "%d values against %d".formatted(actual.length, expected.length));
    }
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      errors += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      squares += expected[i] * expected[i];
    }
    return Math.sqrt(errors / squares);
  }

  /** Rows of equal length as one array, in double. */
  static double[] flat(float[]... rows) {
    double[] all = new double[rows.length * rows[0].length];
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < rows[r].length; i++) {
        all[r * rows[r].length + i] = rows[r][i];
      }
    }
    return all;
  }
}
