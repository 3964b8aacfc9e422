package latentrace.experiment;

import java.util.Locale;
import latentrace.data.InputException;

/** How large a paper's experiments are; each paper has its own numbers for them. */
enum Scale {
  /** The published protocol. */
  PAPER,
  /** A part of it that two cores can do in an hour or so; what it gives up is said. */
  LAPTOP,
  /** Seconds, on built-in data: it shows that everything runs, its numbers mean nothing. */
  SMOKE;

  /** The scale of this name. */
  static Scale of(String name) {
    for (Scale scale : values()) {
      if (scale.toString().equals(name)) {
        return scale;
      }
    }
    throw new InputException(
        "--scale: found '%s', expected paper, laptop or smoke".formatted(name));
  }

  /** Refuses a number that is none. */
  static void requirePositive(String flag, Integer value) {
    if (value != null && value < 1) {
      throw new InputException("%s: found %d, expected at least 1".formatted(flag, value));
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
