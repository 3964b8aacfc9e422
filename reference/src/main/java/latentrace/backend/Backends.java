package latentrace.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Discovery: which backends there are, which run here, and which is chosen. */
public final class Backends {
  /** The name that stands for the available backend of the highest rank. */
  public static final String AUTO = "auto";

  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  /** Backends whose absence the log has explained. */
  private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

  private Backends() {}

  /** All providers on the class path, highest rank first. */
  public static List<BackendProvider> providers() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader()).stream()
        .forEach(
            provider -> {
              try {
                providers.add(provider.get());
              } catch (ServiceConfigurationError e) {
                // one that is broken must not take the others with it
                LOG.warn("a backend cannot be loaded: {}", e.getMessage());
              }
            });
    providers.sort(Comparator.comparingInt(BackendProvider::rank).reversed());
    return providers;
  }

  /** Opens a backend with {@link BackendProvider.Options#defaults}. */
  public static Backend open(String name) {
    return open(name, BackendProvider.Options.defaults());
  }

  /**
   * Opens a backend. {@code auto} takes the available one of the highest rank and logs it, and once
   * why not a higher one; a backend named explicitly never falls back.
   *
   * @throws BackendException if there is none of that name, or it does not run here: the reason
   */
  public static Backend open(String name, BackendProvider.Options options) {
    List<BackendProvider> providers = providers();
    for (BackendProvider provider : providers) {
      if (!name.equals(AUTO) && !name.equals(provider.name())) {
        continue;
      }
      BackendProvider.Probe probe = provider.probe();
      if (probe.available()) {
        if (!provider.offers(options.math())) {
          throw new BackendException(
              "backend %s has no %s products: only backend cuda has"
                  .formatted(provider.name(), Names.id(options.math())));
        }
        Backend backend = provider.open(options);
        LOG.info("backend {}: {}", backend.name(), backend.description());
        return backend;
      }
      if (!name.equals(AUTO)) {
        throw new BackendException(
            "backend %s does not run here: %s".formatted(name, probe.detail()));
      }
      if (TOLD.add(provider.name())) {
        LOG.info("not backend {}: {}", provider.name(), probe.detail());
      }
    }
    if (name.equals(AUTO)) {
      throw new BackendException("no backend runs here: see 'latentrace devices'");
    }
    throw new BackendException(
        "unknown backend '%s': expected auto%s"
            .formatted(
                name,
                providers.stream()
                    .map(BackendProvider::name)
                    .reduce("", (list, n) -> list + " | " + n)));
  }
}
