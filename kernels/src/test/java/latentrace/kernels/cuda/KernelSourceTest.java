package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import latentrace.backend.BackendException;
import latentrace.kernels.cuda.KernelSource.Kind;
import latentrace.kernels.cuda.KernelSource.Parameter;
import org.junit.jupiter.api.Test;

/** The kernels' source and the signatures read from it. */
class KernelSourceTest {
  @Test
  void readsSignatures() {
    Map<String, List<Parameter>> signatures =
        new KernelSource(
                "a.cu",
                Map.of(
                    "a.cu",
                    """
                    // extern in a comment
                    static __device__ inline float f(float x) { return x; }
                    extern "C" __global__ void one(int n, const float* __restrict__ x,
                                                   long long ld, float a, double b) {}
                    extern "C" __global__ void two(double *y) {}
                    """))
            .signatures();
    assertEquals(
        Map.of(
            "one",
            List.of(
                new Parameter("n", Kind.INT),
                new Parameter("x", Kind.POINTER),
                new Parameter("ld", Kind.LONG),
                new Parameter("a", Kind.FLOAT),
                new Parameter("b", Kind.DOUBLE)),
            "two",
            List.of(new Parameter("y", Kind.POINTER))),
        signatures);
  }

  @Test
  void refusesWhatItCannotPack() {
    KernelSource source =
        new KernelSource("a.cu", Map.of("a.cu", "extern \"C\" __global__ void k(short s) {}"));
    assertEquals(
        "cuda: no kernel may take a short s",
        assertThrows(BackendException.class, source::signatures).getMessage());
  }

  @Test
  void holdsEveryKernel() {
    KernelSource source = KernelSource.load();
    assertEquals("latentrace.cu", source.unit());
    assertTrue(source.files().containsKey("common.cuh"), source.files().keySet().toString());
    assertEquals(60, source.signatures().size());
  }
}
