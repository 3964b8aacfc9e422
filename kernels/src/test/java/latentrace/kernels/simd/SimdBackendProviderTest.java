package latentrace.kernels.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.BackendProvider.Probe;
import latentrace.backend.Backends;
import org.junit.jupiter.api.Test;

/** When it runs, and what it says when it does not. */
class SimdBackendProviderTest {
  @Test
  void runsWithTheModule() {
    Probe probe = new SimdBackendProvider().probe();
    assertTrue(probe.available(), probe.detail());
    assertTrue(
        probe.detail().matches("Java Vector API, \\d+-bit vectors, single precision"),
        probe.detail());
    try (Backend backend = Backends.open("simd", new Options(2))) {
      assertEquals("simd", backend.name());
      assertTrue(backend.description().endsWith("single precision, 2 threads"));
    }
  }

  @Test
  void namesTheFlagWithout() {
    Probe probe = SimdBackendProvider.probe(ModuleLayer.empty());
    assertFalse(probe.available());
    assertEquals(
        "module jdk.incubator.vector is not added: start java with --add-modules"
            + " jdk.incubator.vector",
        probe.detail());
  }
}
