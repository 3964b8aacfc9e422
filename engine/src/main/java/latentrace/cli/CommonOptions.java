package latentrace.cli;

import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;
import latentrace.backend.BackendProvider.ProductMath;
import latentrace.backend.Backends;
import latentrace.data.InputException;
import picocli.CommandLine.Option;

/** What every command that computes takes. */
final class CommonOptions {
  static final String BACKEND = "--backend";
  static final String THREADS_DESCRIPTION = "worker threads on the CPU. Default: all processors";
  static final String QUIET_DESCRIPTION = "no progress and no information, errors only";

  @Option(
      names = BACKEND,
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description =
          "what computes: auto (the fastest that runs here) or a name from 'latentrace devices'."
              + " Default: ${DEFAULT-VALUE}")
  private String backend;

  @Option(names = "--threads", paramLabel = "N", description = THREADS_DESCRIPTION)
  private Integer threads;

  @Option(
      names = "--device-memory",
      paramLabel = "SIZE",
      converter = Converters.ByteSize.class,
      description = "how much of a GPU's memory to take, e.g. 512M or 8G. Default: what it has")
  private Long deviceMemory;

  @Option(
      names = "--math",
      paramLabel = "M",
      defaultValue = "fp32",
      description =
          "of matrix products: fp32, or tf32 on a GPU's tensor cores, several times as fast: factors"
              + " have 10 bits after the point, a relative error of about 1e-3 in each product."
              + " Default: ${DEFAULT-VALUE}")
  private ProductMath math;

  @Option(names = "--quiet", description = QUIET_DESCRIPTION)
  private boolean quiet;

  Backend open() {
    return open(backend, threads, deviceMemory, math);
  }

  /** {@link #open}, in double precision where it is left open what computes. */
  Backend openDouble() {
    return open(backend.equals(Backends.AUTO) ? "ejml" : backend, threads, deviceMemory, math);
  }

  /** A backend of one thread, one of several that work beside each other. */
  Backend openWorker() {
    return open(backend, 1, deviceMemory, math);
  }

  /** How many of them: one thread each, or one on a device. */
  int workers(Backend worker) {
    int most = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    return worker.behindBus() ? 1 : most;
  }

  /**
   * Opens a backend as asked for by {@code --backend}, {@code --threads}, {@code --device-memory}
   * and {@code --math}.
   *
   * @param threads null for the default
   * @param deviceMemory bytes; null for the default
   */
  static Backend open(String backend, Integer threads, Long deviceMemory, ProductMath math) {
    if (threads != null && threads < 1) {
      throw new InputException("--threads: found %d, expected at least 1".formatted(threads));
    }
    BackendProvider.Options options =
        threads == null ? BackendProvider.Options.defaults() : new BackendProvider.Options(threads);
    if (deviceMemory != null) {
      options = options.withDeviceMemory(deviceMemory);
    }
    options = options.withMath(math);
    try {
      return Backends.open(backend, options);
    } catch (BackendException e) {
      throw new InputException("--backend: " + e.getMessage(), e);
    }
  }

  boolean quiet() {
    return quiet;
  }

  /**
   * Progress on stderr, or none if quiet.
   *
   * @param header lines to print before the first progress, so that bad input found before it gets
   *     its one line only
   */
  Listener listener(List<String> header) {
    return quiet ? Listener.SILENT : new ConsoleListener(System.err, header);
  }
}
