package latentrace.backend;

import java.util.Locale;

/** How enumerations are called outside: on the command line and in JSON. */
public final class Names {
  private Names() {}

  /** Lower case with dashes: LEAKY_RELU is leaky-relu. */
  public static String id(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
