package latentrace.kernels.simd;

import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;

/** Offers {@link SimdBackend} where the JVM has the Vector API and vectors worth using. */
public final class SimdBackendProvider implements BackendProvider {
  /** The backend's name. */
  static final String NAME = "simd";

  static final String MODULE = "jdk.incubator.vector";
  private static final int NARROWEST_BITS = 128;

  /** For the service loader. */
  public SimdBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 200;
  }

  @Override
  public Probe probe() {
    return probe(ModuleLayer.boot());
  }

  static Probe probe(ModuleLayer layer) {
    if (layer.findModule(MODULE).isEmpty()) {
      return new Probe(
          false, "module %s is not added: start java with --add-modules %<s".formatted(MODULE));
    }
    try {
      int bits = Lanes.COUNT * Float.SIZE;
      return bits < NARROWEST_BITS
          ? new Probe(false, "vectors of %d bits, needs %d".formatted(bits, NARROWEST_BITS))
          : new Probe(true, "Java Vector API, %d-bit vectors, single precision".formatted(bits));
    } catch (LinkageError e) {
      return new Probe(false, "module %s does not work here: %s".formatted(MODULE, e));
    }
  }

  @Override
  public Backend open(Options options) {
    Probe probe = probe();
    if (!probe.available()) {
      throw new BackendException("simd: " + probe.detail());
    }
    return new SimdBackend(options.threads());
  }
}
