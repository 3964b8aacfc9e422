package latentrace.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.bench.peer.Natives;
import latentrace.workload.GemmShape;
import latentrace.workload.GemmWorkload;
import latentrace.workload.Workload;
import org.junit.jupiter.api.Test;

class WorkloadBenchmarkTest {
  private static GemmBenchmark gemm(String backend) {
    GemmBenchmark benchmark = new GemmBenchmark();
    benchmark.backend = backend;
    benchmark.threads = 1;
    benchmark.shape = "NT:5x7x3";
    return benchmark;
  }

  @Test
  void countsWhatWasDone() {
    GemmBenchmark benchmark = gemm("simd");
    benchmark.open();
    WorkloadBenchmark.Done done = new WorkloadBenchmark.Done();
    benchmark.work(done);
    benchmark.work(done);
    benchmark.close();
    assertEquals(2 * 2 * 5 * 7 * 3, done.amount);
  }

  @Test
  void aWrongOutcomeIsNotTimed() {
    GemmBenchmark wrong =
        new GemmBenchmark() {
          @Override
          Workload onBackend(Backend on) {
            return new GemmWorkload(
                on, GemmShape.parse(on.name().equals("simd") ? "NN:5x7x3" : "TT:5x7x3"));
          }
        };
    wrong.backend = "simd";
    wrong.threads = 1;
    AssertionError error = assertThrows(AssertionError.class, wrong::open);
    assertTrue(error.getMessage().startsWith("simd differs from the reference by "));
  }

  @Test
  void aPeerWithoutItsLibrarySaysWhatToDo() {
    assumeTrue(
        Natives.class.getResource("/org/bytedeco/openblas/linux-x86_64") == null, "with -Ppeers");
    BackendException error = assertThrows(BackendException.class, gemm("openblas")::open);
    assertEquals(
        "peer openblas: native library not on the class path: build with mvn -Ppeers package",
        error.getMessage());
  }

  @Test
  void everySuiteHasItsInstances() {
    for (SuiteSpec suite : SuiteSpec.values()) {
      assertFalse(suite.instances().isEmpty(), suite.id());
      for (String instance : suite.instances()) {
        assertTrue(suite.backends(instance, false).contains("simd"), instance);
      }
    }
  }
}
