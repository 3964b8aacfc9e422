package latentrace.backend;

/** What {@link java.util.ServiceLoader} finds: a kind of backend, and whether it runs here. */
public interface BackendProvider {
  /**
   * What a backend is opened with.
   *
   * @param threads worker threads on the CPU, ≥ 1
   */
  record Options(int threads) {
    /** Checks the range. */
    public Options {
      Checks.positive("options", "threads", threads);
    }

    /** As many threads as the machine has processors. */
    public static Options defaults() {
      return new Options(Runtime.getRuntime().availableProcessors());
    }
  }

  /**
   * The answer of {@link #probe}.
   *
   * @param available whether {@link #open} would work
   * @param detail if available, what would be used; if not, the reason and what to do about it
   */
  record Probe(boolean available, String detail) {}

  /** The name used on the command line, lower case. */
  String name();

  /** Which available backend {@code auto} prefers: the highest. ejml 100, simd 200, cuda 300. */
  int rank();

  /** Whether this backend runs here, without starting it; never throws. */
  Probe probe();

  /**
   * Starts it.
   *
   * @throws BackendException with the reason, if it does not run here
   */
  Backend open(Options options);
}
