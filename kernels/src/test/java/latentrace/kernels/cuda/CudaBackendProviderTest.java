package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.BackendProvider.Probe;
import latentrace.backend.Backends;
import org.junit.jupiter.api.Test;

/** On a machine without a GPU; where there is a driver, the simulated device's tests stand in. */
class CudaBackendProviderTest {
  private static final String REASON =
      "no NVIDIA driver: libcuda.so.1 is not found; install one for CUDA 12 or newer";

  @Test
  void saysInOneLineWhyNot() {
    assumeFalse(DriverSearch.finds(), "there is a driver");
    Probe probe = new CudaBackendProvider().probe();
    assertFalse(probe.available());
    assertEquals(REASON, probe.detail());
    assertEquals(
        "cuda: " + REASON,
        assertThrows(
                BackendException.class, () -> new CudaBackendProvider().open(Options.defaults()))
            .getMessage());
    assertEquals(
        "backend cuda does not run here: " + REASON,
        assertThrows(BackendException.class, () -> Backends.open("cuda")).getMessage());
  }
}
