package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import latentrace.backend.Cleanup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Uploads run beside the computation and still come in order; each wait that this rests on is
 * needed. Work on deferred streams is done as late as it may be.
 */
class StagingChecks {
  private static final Path CONTROL = Path.of(System.getenv("SIMCUDA_CONTROL"));

  /** Three times round the ring of pieces, and a bit. */
  private static final int LENGTH = 3 * Staging.PIECES * Staging.PIECE / Float.BYTES + 77;

  private Context context;
  private Launcher launcher;
  private DeviceMemory memory;
  private Staging staging;
  private final Cleanup cleanup = new Cleanup();

  @BeforeEach
  void open() {
    Device device = Device.find();
    KernelSource source = KernelSource.load();
    byte[] image = new KernelCompiler(KernelCache.ofUser()).compile(source, device.capability());
    context = new Context(device);
    cleanup.add(context::close);
    launcher = new Launcher(context, source, image);
    cleanup.add(launcher::close);
    memory = new DeviceMemory(context, Long.MAX_VALUE);
    cleanup.add(memory::close);
    staging = new Staging(context, launcher, memory);
    cleanup.add(staging::close);
  }

  @AfterEach
  void close() throws IOException {
    Files.deleteIfExists(CONTROL);
    cleanup.close();
  }

  private static void requireDeferredStreams() {
    assumeTrue("deferred".equals(System.getenv("SIMCUDA_STREAMS")), "streams are not deferred");
  }

  private static float[] values(int seed) {
    float[] values = new float[LENGTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 31L + seed) % 8191;
    }
    return values;
  }

  private void upload(DeviceMemory.Block target, float[] values) {
    staging.upload(
        target.pointer,
        values.length,
        (ByteBuffer to, int first, int count) -> to.asFloatBuffer().put(values, first, count));
  }

  private float[] download(DeviceMemory.Block source) {
    float[] values = new float[LENGTH];
    staging.download(
        source.pointer,
        LENGTH,
        (ByteBuffer from, int first, int count) -> from.asFloatBuffer().get(values, first, count));
    return values;
  }

  /** y = x, then x anew: y has the old, x the new, and nothing has been waited for. */
  private float[][] overwriteBehindAKernel() throws IOException {
    DeviceMemory.Block x = memory.allocate((long) LENGTH * Float.BYTES);
    DeviceMemory.Block y = memory.allocate((long) LENGTH * Float.BYTES);
    upload(x, values(1));
    launcher.elements("activation_forward", LENGTH, 1, (long) LENGTH, x, y);
    upload(x, values(2));
    Files.deleteIfExists(CONTROL);
    return new float[][] {download(y), download(x)};
  }

  @Test
  void uploadsComeInOrder() throws IOException {
    float[][] seen = overwriteBehindAKernel();
    assertArrayEquals(values(1), seen[0]);
    assertArrayEquals(values(2), seen[1]);
  }

  @Test
  void anUploadDoesNotWaitForTheComputation() {
    requireDeferredStreams();
    DeviceMemory.Block x = memory.allocate((long) LENGTH * Float.BYTES);
    DeviceMemory.Block y = memory.allocate((long) LENGTH * Float.BYTES);
    launcher.elements("activation_forward", LENGTH, 1, (long) LENGTH, x, y);
    staging.upload(
        x.pointer,
        Staging.PIECES * Staging.PIECE / Float.BYTES,
        (ByteBuffer to, int first, int count) -> to.putFloat(0, first));
    assertEquals(
        CUresult.CUDA_ERROR_NOT_READY, JCudaDriver.cuStreamQuery(context.stream), "it has waited");
  }

  /** The calls of an upload: for each piece two waits of streams and one of the host. */
  @ParameterizedTest
  @CsvSource({
    "cuStreamWaitEvent 1 -1 2, the copies do not wait until a place has been read",
    "cuStreamWaitEvent 2 -1 2, the computation does not wait for the copy",
    "cuEventSynchronize 1 -1 1, the host does not wait until a piece has been copied",
  })
  void aMissingWaitGivesWrongNumbers(String control, String what) throws IOException {
    requireDeferredStreams();
    Files.writeString(CONTROL, control + "\n");
    float[][] seen = overwriteBehindAKernel();
    assertFalse(
        Arrays.equals(values(1), seen[0]) && Arrays.equals(values(2), seen[1]),
        () -> "not noticed: " + what);
  }
}
