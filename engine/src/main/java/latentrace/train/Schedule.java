package latentrace.train;

/** The learning rate over the iterations of training. */
@FunctionalInterface
public interface Schedule {
  /**
   * The factor on the starting rate.
   *
   * @param iteration 1..iterations
   * @param iterations optimiser steps in all
   */
  double factor(long iteration, long iterations);

  /**
   * Parses {@code constant} | {@code linear} (to 0 after the last iteration) | {@code cosine} (the
   * same, along half a cosine: Loshchilov &amp; Hutter 2017) | {@code step:EVERY:FACTOR} (times
   * FACTOR every EVERY iterations) | {@code exponential:FACTOR} (times FACTOR every iteration).
   *
   * @throws IllegalArgumentException if it is none of these
   */
  static Schedule parse(String text) {
    String[] parts = text.split(":", -1);
    try {
      switch (parts[0] + "/" + parts.length) {
        case "constant/1":
          return (i, n) -> 1;
        case "linear/1":
          return (i, n) -> 1 - (double) (i - 1) / n;
        case "cosine/1":
          return (i, n) -> 0.5 * (1 + Math.cos(Math.PI * (i - 1) / n));
        case "step/3":
          long every = Long.parseLong(parts[1]);
          double factor = Double.parseDouble(parts[2]);
          if (every > 0 && factor > 0) {
            return (i, n) -> Math.pow(factor, (double) ((i - 1) / every));
          }
          break;
        case "exponential/2":
          double rate = Double.parseDouble(parts[1]);
          if (rate > 0) {
            return (i, n) -> Math.pow(rate, (double) (i - 1));
          }
          break;
        default:
          break;
      }
    } catch (NumberFormatException e) {
      // reported below, like every other misspelling
    }
    throw new IllegalArgumentException(
        "schedule: found '%s', expected constant, linear, cosine, step:EVERY:FACTOR or exponential:FACTOR"
            .formatted(text));
  }
}
