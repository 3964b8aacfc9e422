package latentrace.backend;

/** Argument checks of the operation families: op, argument, expected against actual. */
final class Checks {
  private Checks() {}

  static void positive(String op, String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "%s: %s must be positive, was %d".formatted(op, name, value));
    }
  }

  static void notNegative(String op, String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "%s: %s must not be negative, was %d".formatted(op, name, value));
    }
  }

  static void leadingDimension(String op, String name, long actual, long columns) {
    if (actual < columns) {
      throw new IllegalArgumentException(
          "%s: %s=%d is less than its %d columns".formatted(op, name, actual, columns));
    }
  }

  /** The buffer is on {@code owner} and holds at least {@code needed} elements. */
  static void holds(
      Backend owner, String op, String name, String shape, Buffer buffer, long needed) {
    if (buffer == null) {
      throw new IllegalArgumentException("%s: %s %s is null".formatted(op, name, shape));
    }
    if (buffer.owner() != owner) {
      throw new IllegalArgumentException(
          "%s: %s is a buffer of backend %s, not of this %s"
              .formatted(op, name, buffer.owner().name(), owner.name()));
    }
    if (buffer.length() < needed) {
      throw new IllegalArgumentException(
          "%s: %s %s needs %d elements, the buffer has %d"
              .formatted(op, name, shape, needed, buffer.length()));
    }
  }

  /** Elements spanned by {@code rows} rows of {@code columns}, {@code stride} apart; exact. */
  static long span(long rows, long stride, long columns) {
    return rows == 0
        ? 0
        : Math.addExact(Math.multiplyExact(Math.subtractExact(rows, 1), stride), columns);
  }

  /** At least one of a gradient's parts is wanted. */
  static void parts(String op, boolean weight, boolean bias) {
    if (!weight && !bias) {
      throw new IllegalArgumentException(op + ": neither weight nor bias is wanted");
    }
  }
}
