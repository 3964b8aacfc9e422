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
  private static final int FMA_TRIALS = 5;
  private static final int FMAS = 400;

  /** Interpreted, with the instruction, it is below 50; by BigDecimal above 1000. */
  private static final double SLOWEST_FMA_NANOS = 400;

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
    if (!hasFma()) {
      return new Probe(false, "no fused multiply-add in hardware, or not used by this JVM");
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

  /**
   * Whether a fused multiply-add is an instruction: in software it is some hundred times slower
   * than all that this backend could gain. By the clock, because not every JVM can be asked.
   */
  private static boolean hasFma() {
    float value = 1;
    for (int trial = 0; trial < FMA_TRIALS; trial++) { // one undisturbed trial is enough
      long start = System.nanoTime();
      for (int i = 0; i < FMAS; i++) {
        value = Math.fma(value, 0.5f, i);
      }
      if (value > 0 && System.nanoTime() - start < FMAS * SLOWEST_FMA_NANOS) {
        return true;
      }
    }
    return false;
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
