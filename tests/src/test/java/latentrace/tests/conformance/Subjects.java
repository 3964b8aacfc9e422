package latentrace.tests.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import org.junit.jupiter.api.Named;

/**
 * The backends under test: opened once per JVM, so that no test may close them (JUnit would, unless
 * told not to); those that do not run here are printed, or an error with -Drequire.NAME=true.
 */
final class Subjects {
  /** System property: the only backend to test. */
  private static final String ONLY = System.getProperty("latentrace.conformance.only");

  private static final List<Named<Backend>> OPEN = new ArrayList<>();

  static {
    for (BackendProvider provider : Backends.providers()) {
      if (ONLY != null && !ONLY.equals(provider.name())) {
        continue;
      }
      BackendProvider.Probe probe = provider.probe();
      if (probe.available()) {
        OPEN.add(Named.of(provider.name(), provider.open(new BackendProvider.Options(2))));
      } else if (Boolean.getBoolean("require." + provider.name())) {
        throw new AssertionError(provider.name() + " is required: " + probe.detail());
      } else {
        System.out.println("conformance: SKIPPED " + provider.name() + ": " + probe.detail());
      }
    }
    if (OPEN.isEmpty()) {
      throw new AssertionError("no backend runs here");
    }
  }

  private Subjects() {}

  /** For {@code @MethodSource}. */
  static Stream<Named<Backend>> backends() {
    return OPEN.stream();
  }
}
