package latentrace.data;

/**
 * Something given from outside (a file, a flag, a setting) cannot be used. The message is one line
 * that names it, says what was found and what was expected; the command line prints it and exits
 * with 2.
 */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * The whole line to show, e.g. {@code train.idx: not an IDX file: magic 0x1f8b0800, expected …}.
   */
  public InputException(String message) {
    super(oneLine(message));
  }

  /** The same, keeping what made it fail. */
  public InputException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Quoted input may hold line breaks and other control characters: they are shown escaped. */
  private static String oneLine(String message) {
    StringBuilder line = new StringBuilder(message.length());
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }

  /** Text from a file, fit for a message: cut to 60 characters, without control characters. */
  public static String printable(String text) {
    String shown = text.length() <= 60 ? text : text.substring(0, 57) + "...";
    return shown.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
  }
}
