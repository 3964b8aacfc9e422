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
    Schedule schedule = null;
    try {
      schedule =
          switch (parts[0] + "/" + parts.length) {
            case "constant/1" -> (i, n) -> 1;
            case "linear/1" -> (i, n) -> 1 - (double) (i - 1) / n;
            case "cosine/1" -> (i, n) -> 0.5 * (1 + Math.cos(Math.PI * (i - 1) / n));
            case "step/3" -> step(Long.parseLong(parts[1]), Double.parseDouble(parts[2]));
            case "exponential/2" -> step(1, Double.parseDouble(parts[1]));
            default -> null;
          };
    } catch (NumberFormatException e) {
      // reported below, like every other misspelling
    }
    if (schedule != null) {
      return schedule;
    }
    throw new IllegalArgumentException(
        "schedule: found '%s', expected constant, linear, cosine, step:EVERY:FACTOR or exponential:FACTOR"
            .formatted(text));
  }

  /** Times {@code factor} every {@code every} iterations; null if they make no sense. */
  private static Schedule step(long every, double factor) {
    if (every < 1 || !(factor > 0 && Double.isFinite(factor))) {
      return null;
    }
    return (i, n) -> {
      long steps = (i - 1) / every;
      return Math.pow(factor, (double) steps);
    };
  }
}
