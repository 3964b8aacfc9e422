package latentrace.tests.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is taken is given back, also after failures that the simulated device is told to make: it
 * counts what it handed out, and the context that this class keeps lets it be asked.
 */
class MemoryChecks {
  private static final int OUT_OF_MEMORY = 2;
  private static final Options OPTIONS = new Options(1);
  private static final Path CONTROL = Path.of(System.getenv(SimulatedDevice.CONTROL));
  private static final CUdevice DEVICE = new CUdevice();
  private static final CUcontext CONTEXT = new CUcontext();

  @BeforeAll
  static void keepTheContext() {
    Backends.open("cuda", OPTIONS).close(); // loads JCuda's libraries as the backend does
    assertEquals(0, JCudaDriver.cuDeviceGet(DEVICE, 0));
    assertEquals(0, JCudaDriver.cuDevicePrimaryCtxRetain(CONTEXT, DEVICE));
  }

  @AfterAll
  static void letItGo() {
    assertEquals(0, JCudaDriver.cuDevicePrimaryCtxRelease(DEVICE));
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Files.deleteIfExists(CONTROL);
    long[] free = new long[1];
    long[] total = new long[1];
    assertEquals(0, JCudaDriver.cuCtxSetCurrent(CONTEXT));
    assertEquals(0, JCudaDriver.cuMemGetInfo(free, total));
    assertEquals(total[0], free[0]);
  }

  /** From the n-th such call on, it fails. */
  private static void fail(String call, int n, int result) throws IOException {
    Files.writeString(CONTROL, "%s %d %d\n".formatted(call, n, result));
  }

  /** Operations that need device memory of their own. */
  private static double[] work(Backend backend) {
    int n = 5;
    int rank = 3;
    int in = 40;
    int out = 30;
    Buffer a = backend.allocate((long) n * rank * in);
    a.fill(0.5);
    Buffer delta = backend.allocate((long) n * rank * out);
    delta.fill(0.25);
    Buffer dWeight = backend.allocate((long) in * out);
    Buffer dBias = backend.allocate(out);
    backend.dense().linearBackwardParameters(n * rank, in, out, 1, a, delta, 0, dWeight, dBias);
    Buffer scores = backend.allocate((long) n * n);
    backend
        .gradients()
        .ghostProducts(n, rank, n, rank, in, out, a, delta, a, delta, true, true, 1, scores, n);
    backend.gradients().ghostDiagonal(n, rank, in, out, a, delta, a, delta, true, true, 1, scores);
    Buffer noise = backend.allocate(n * 4L);
    backend.random().normals(1, 2, new int[] {0, 1, 2, 3, 4}, n, 1, 4, noise);
    return scores.toDoubles();
  }

  @Test
  void closeFreesWhatIsStillOpen() {
    try (Backend backend = Backends.open("cuda", OPTIONS)) {
      work(backend);
    }
  }

  @Test
  void closingTwiceAndBuffersAfterTheBackend() {
    Backend backend = Backends.open("cuda", OPTIONS);
    Buffer buffer = backend.allocate(7);
    backend.close();
    buffer.close();
    backend.close();
  }

  @Test
  void freedMemoryIsHandedOutAgain() {
    try (Backend backend = Backends.open("cuda", OPTIONS.withDeviceMemory(7 << 20))) {
      for (int i = 0; i < 10; i++) {
        try (Buffer one = backend.allocate(1 << 18);
            Buffer other = backend.allocate(1 << 18)) {
          one.fill(i);
          assertEquals(0, other.toDoubles()[(1 << 18) - 1]);
        }
      }
      backend.allocate(3 << 18).close(); // what was kept goes back to the driver for it
    }
  }

  @Test
  void theLimitHolds() {
    try (Backend backend = Backends.open("cuda", OPTIONS.withDeviceMemory(7 << 20))) {
      backend.allocate(2 << 18);
      BackendException refused =
          assertThrows(BackendException.class, () -> backend.allocate(2 << 18));
      assertEquals(
          "cuda: out of memory: asked for 2.0 MiB, 1018.0 MiB free of 1024.0 MiB, 6.0 MiB in use"
              + " here, limited to 7.0 MiB",
          refused.getMessage());
    }
  }

  @Test
  void moreThanTheDeviceHas() {
    try (Backend backend = Backends.open("cuda", OPTIONS)) {
      BackendException refused =
          assertThrows(BackendException.class, () -> backend.allocate(1L << 29));
      assertEquals(
          "cuda: out of memory: asked for 2048.0 MiB, 1020.0 MiB free of 1024.0 MiB, 4.0 MiB in"
              + " use here",
          refused.getMessage());
      assertThrows(BackendException.class, () -> backend.allocate(Long.MAX_VALUE / 2));
      assertThrows(BackendException.class, () -> backend.allocate(-1));
    }
  }

  /** Every allocation of the work fails once: a clear error, and all is freed. */
  @Test
  void everyAllocationFails() throws IOException {
    double[] expected;
    try (Backend backend = Backends.open("cuda", OPTIONS)) {
      expected = work(backend);
    }
    int failures = 0;
    for (boolean failed = true; failed; failures += failed ? 1 : 0) {
      fail("cuMemAlloc_v2", failures + 1, OUT_OF_MEMORY);
      try (Backend backend = Backends.open("cuda", OPTIONS)) {
        assertArrayEquals(expected, work(backend));
        failed = false;
      } catch (BackendException e) {
        assertTrue(e.getMessage().startsWith("cuda: out of memory: asked for "), e.getMessage());
      }
      nothingIsLeft();
    }
    assertTrue(failures >= 6, "only " + failures + " allocations");
  }

  /** Every step of opening the backend fails once. */
  @ParameterizedTest
  @CsvSource({
    "cuDevicePrimaryCtxRetain, 1, 2",
    "cuCtxSetCurrent, 1, 201",
    "cuStreamCreate, 1, 2",
    "cuModuleLoadData, 1, 200",
    "cuModuleGetFunction, 1, 500",
    "cuModuleGetFunction, 9, 500",
    "cuMemAlloc_v2, 1, 1",
    "cuStreamCreate, 2, 2",
    "cuMemAllocHost_v2, 1, 2",
    "cuMemAllocHost_v2, 3, 2",
    "cuEventCreate, 1, 2",
    "cuEventCreate, 12, 2",
    "cublasCreate_v2, 1, 3",
    "cublasSetStream_v2, 1, 1",
    "cublasSetMathMode, 1, 7",
  })
  void openingFailsHalfWay(String call, int n, int result) throws IOException {
    fail(call, n, result);
    BackendException failed =
        assertThrows(BackendException.class, () -> Backends.open("cuda", OPTIONS));
    String name = call.replaceAll("_v2$", "");
    assertTrue(
        failed.getMessage().matches("cuda: " + name + ".* failed: CU(DA_ERROR|BLAS_STATUS)_\\w+"),
        failed.getMessage());
  }

  /** cuRAND is opened when it is asked for: that fails, and then it works. */
  @ParameterizedTest
  @CsvSource({
    "curandCreateGenerator, 203, CURAND_STATUS_INITIALIZATION_FAILED",
    "curandSetStream, 101, CURAND_STATUS_NOT_INITIALIZED",
  })
  void openingCurandFails(String call, int result, String name) throws IOException {
    try (Backend backend = Backends.open("cuda", OPTIONS);
        Buffer out = backend.allocate(3)) {
      fail(call, 1, result);
      BackendException failed =
          assertThrows(BackendException.class, () -> backend.random().requireGenerator("curand"));
      assertEquals("cuda: %s failed: %s".formatted(call, name), failed.getMessage());
      assertThrows(IllegalStateException.class, () -> backend.random().generate(1, 2, 3, out));
      Files.delete(CONTROL);
      backend.random().requireGenerator("curand");
      backend.random().generate(1, 2, 3, out);
    }
  }

  /** Calls that fail later are named with the launch before them. */
  @ParameterizedTest
  @CsvSource({
    "cuLaunchKernel, 2",
    "cuMemcpyHtoDAsync_v2, 2",
    "cuMemcpyDtoDAsync_v2, 2",
    "cuMemcpyDtoHAsync_v2, 2",
    "cuStreamWaitEvent, 2",
    "cuEventRecord, 2",
    "cuMemsetD32Async, 2",
    "cuEventSynchronize, 719",
    "cublasSgemm_v2, 13",
  })
  void aCallFails(String call, int result) throws IOException {
    try (Backend backend = Backends.open("cuda", OPTIONS)) {
      Buffer x = backend.allocate(100);
      Buffer y = backend.allocate(100);
      backend.activations().forward(Activation.TANH, 100, x, y);
      fail(call, 1, result);
      BackendException failed =
          assertThrows(
              BackendException.class,
              () -> {
                y.fill(1);
                x.upload(new float[100]);
                backend.dense().gemm(false, false, 10, 10, 10, 1, x, 10, x, 10, 0, y, 10);
                backend.activations().forward(Activation.TANH, 100, x, y);
                y.toDoubles();
              });
      String expected =
          call.startsWith("cublas")
              ? "cuda: cublasSgemm m=10 n=10 k=10 failed: CUBLAS_STATUS_EXECUTION_FAILED"
              : "cuda: %s \\(last launch: activation_forward, grid 1, block 256\\) failed: CUDA_.*"
                  .formatted(call.replaceAll("_v2$", ""));
      assertTrue(failed.getMessage().matches(expected), failed.getMessage());
      Files.delete(CONTROL);
    }
  }

  /** Any thread may call. */
  @Test
  void anotherThreadGoesOn() throws InterruptedException {
    try (Backend backend = Backends.open("cuda", OPTIONS)) {
      Buffer x = backend.allocate(3);
      x.upload(1f, 2f, 3f);
      double[] seen = new double[3];
      Thread other =
          new Thread(
              () -> {
                backend.activations().forward(Activation.RELU, 3, x, x);
                System.arraycopy(x.toDoubles(), 0, seen, 0, 3);
              });
      other.start();
      other.join();
      assertArrayEquals(new double[] {1, 2, 3}, seen);
    }
  }

  /** More than all pieces of the staging memory, in every direction and precision. */
  @Test
  void longCopies() {
    int length = (1 << 21) + 77;
    double[] values = new double[length];
    Arrays.setAll(values, i -> i % 1000);
    float[] singles = new float[length];
    try (Backend backend = Backends.open("cuda", OPTIONS);
        Buffer x = backend.allocate(length);
        Buffer y = backend.allocate(length)) {
      x.upload(values);
      y.copyFrom(x);
      x.fill(7);
      y.download(0, singles, 0, length);
      x.upload(singles);
      for (double[] copy : List.of(y.toDoubles(), x.toDoubles())) {
        assertArrayEquals(values, copy);
      }
    }
  }
}
