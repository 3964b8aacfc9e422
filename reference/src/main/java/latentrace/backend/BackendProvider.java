package latentrace.backend;

/** What {@link java.util.ServiceLoader} finds: a kind of backend, and whether it runs here. */
public interface BackendProvider {
  /** How matrix products are computed. */
  enum ProductMath {
    /** In the backend's precision throughout. */
    FP32,
    /**
     * On a GPU's tensor cores, which round each factor to ten bits after the point: an error of
     * about 1e-3 of each term, so that sums are right to about 1e-3 of Σ|terms|/√K. Sums are still
     * in single precision.
     */
    TF32
  }

  /**
   * What a backend is opened with.
   *
   * @param threads worker threads on the CPU, ≥ 1
   * @param deviceMemory bytes of a GPU's memory that may be taken, &gt; 0; {@link
   *     #ALL_DEVICE_MEMORY} for what the driver gives
   * @param math of matrix products; a backend that does not {@linkplain BackendProvider#offers
   *     offer} it is not opened
   */
  record Options(int threads, long deviceMemory, ProductMath math) {
    /** No limit on a GPU's memory. */
    public static final long ALL_DEVICE_MEMORY = Long.MAX_VALUE;

    /** Checks the ranges. */
    public Options {
      Checks.positive("options", "threads", threads);
      Checks.positive("options", "deviceMemory", deviceMemory);
    }

    /** So many threads, and what memory the driver gives. */
    public Options(int threads) {
      this(threads, ALL_DEVICE_MEMORY, ProductMath.FP32);
    }

    /** As many threads as the machine has processors, and what memory the driver gives. */
    public static Options defaults() {
      return new Options(Runtime.getRuntime().availableProcessors());
    }

    /** The same with another limit on a GPU's memory, in bytes. */
    public Options withDeviceMemory(long bytes) {
      return new Options(threads, bytes, math);
    }

    /** The same with matrix products computed otherwise. */
    public Options withMath(ProductMath newMath) {
      return new Options(threads, deviceMemory, newMath);
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

  /** Whether it can compute matrix products so. */
  default boolean offers(ProductMath math) {
    return math == ProductMath.FP32;
  }

  /**
   * Starts it.
   *
   * @throws BackendException with the reason, if it does not run here
   */
  Backend open(Options options);
}
