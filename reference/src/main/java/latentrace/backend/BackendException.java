package latentrace.backend;

/** A backend cannot be had or cannot go on: the message is one line, with the reason. */
public final class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The whole line to show. */
  public BackendException(String message) {
    super(message);
  }

  /** The same, keeping what made it fail. */
  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}
