package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import latentrace.backend.BackendException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mistakes put into the kernels and the code around them: the simulated device shows each. */
class SabotageChecks {
  private static final int ROWS = 3;
  private static final int COLUMNS = 500;
  private static final int ONE_MEBIBYTE = 1 << 20;

  @TempDir private Path cache;

  private interface Work {
    void run(Launcher launcher, DeviceMemory memory, Staging staging);
  }

  /** The project's kernels with one file's text changed everywhere it occurs. */
  private static KernelSource changed(String file, String from, String to) {
    KernelSource source = KernelSource.load();
    Map<String, String> files = new LinkedHashMap<>(source.files());
    String text = files.get(file);
    assertTrue(text.contains(from), () -> file + " has no " + from);
    files.put(file, text.replace(from, to));
    return new KernelSource(source.unit(), files);
  }

  private void with(KernelSource source, Work work) {
    Device device = Device.find();
    byte[] image = new KernelCompiler(new KernelCache(cache)).compile(source, device.capability());
    try (Context context = new Context(device);
        Launcher launcher = new Launcher(context, source, image);
        DeviceMemory memory = new DeviceMemory(context, Long.MAX_VALUE);
        Staging staging = new Staging(context, launcher, memory)) {
      work.run(launcher, memory, staging);
      context.await();
    }
  }

  private static float[] rowDots(Launcher launcher, DeviceMemory memory, Staging staging) {
    float[] values = new float[ROWS * COLUMNS];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 7 - 3;
    }
    float[] products = new float[ROWS];
    DeviceMemory.Block rows = memory.allocate((long) values.length * Float.BYTES);
    DeviceMemory.Block sums = memory.allocate((long) ROWS * Float.BYTES);
    staging.upload(
        rows.pointer,
        values.length,
        (ByteBuffer to, int first, int count) -> to.asFloatBuffer().put(values, first, count));
    staging.upload(
        sums.pointer,
        ROWS,
        (ByteBuffer to, int first, int count) -> to.asFloatBuffer().put(products, first, count));
    launcher.rows("row_dots", ROWS, ROWS, COLUMNS, rows, rows, (long) COLUMNS, 1.0, sums);
    staging.download(
        sums.pointer,
        ROWS,
        (ByteBuffer from, int first, int count) ->
            from.asFloatBuffer().get(products, first, count));
    return products;
  }

  private static float[] expectedRowDots() {
    float[] products = new float[ROWS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      products[i / COLUMNS] += (i % 7 - 3) * (i % 7 - 3);
    }
    return products;
  }

  @Test
  void nothingChanged() {
    with(
        KernelSource.load(),
        (launcher, memory, staging) ->
            assertArrayEquals(expectedRowDots(), rowDots(launcher, memory, staging)));
  }

  @Test
  void aMissingBarrierGivesWrongSums() {
    with(
        changed("common.cuh", "__syncthreads();", ""),
        (launcher, memory, staging) ->
            assertFalse(Arrays.equals(expectedRowDots(), rowDots(launcher, memory, staging))));
  }

  @Test
  void aBarrierThatNotAllReach() {
    failsWith(
        changed(
            "common.cuh",
            "    __syncthreads();\n  }",
            "    if (t < half) { __syncthreads(); }\n  }"),
        "cu\\w+ \\(last launch: row_dots, grid 3, block 128\\) failed:"
            + " CUDA_ERROR_LAUNCH_FAILED");
  }

  @Test
  void aStoreOutOfBounds() {
    failsWith(
        changed(
            "gradients.cu", "products[i] = (float)(products[i] +", "products[i + 4096] = (float)("),
        "cu\\w+ \\(last launch: row_dots, grid 3, block 128\\) failed:"
            + " CUDA_ERROR_ILLEGAL_ADDRESS");
  }

  /** With deferred streams, nothing has happened before somebody waits. */
  @Test
  void readingBeforeWaiting() {
    assumeTrue("deferred".equals(System.getenv("SIMCUDA_STREAMS")), "streams are not deferred");
    try (Context context = new Context(Device.find());
        DeviceMemory memory = new DeviceMemory(context, Long.MAX_VALUE)) {
      DeviceMemory.Block block = memory.allocate(Float.BYTES);
      Pointer host = new Pointer();
      assertEquals(0, JCudaDriver.cuMemAllocHost(host, Float.BYTES));
      ByteBuffer bytes = host.getByteBuffer(0, Float.BYTES);
      bytes.putInt(0, 1);
      assertEquals(0, JCudaDriver.cuMemsetD32Async(block.pointer, 0, 1, context.stream));
      assertEquals(
          0, JCudaDriver.cuMemcpyDtoHAsync(host, block.pointer, Float.BYTES, context.stream));
      assertEquals(1, bytes.getInt(0));
      assertEquals(0, context.await());
      assertEquals(0, bytes.getInt(0));
      assertEquals(0, JCudaDriver.cuMemFreeHost(host));
    }
  }

  /** With AddressSanitizer this ends the JVM, which whoever started it expects. */
  @Test
  void anIndexBeyondSharedMemory() {
    assumeTrue(Boolean.getBoolean("latentrace.sabotage.fatal"), "would end this JVM");
    with(
        changed("common.cuh", "shared[t] = value;", "shared[t + 1] = value;"),
        (launcher, memory, staging) -> rowDots(launcher, memory, staging));
  }

  private void failsWith(KernelSource source, String message) {
    with(
        source,
        (launcher, memory, staging) -> {
          BackendException failed =
              assertThrows(BackendException.class, () -> rowDots(launcher, memory, staging));
          assertTrue(failed.getMessage().matches("cuda: " + message), failed.getMessage());
        });
  }

  @Test
  void anArgumentOfTheWrongSize() {
    with(
        KernelSource.load(),
        (launcher, memory, staging) -> {
          DeviceMemory.Block some = memory.allocate(ONE_MEBIBYTE);
          assertRefused(
              "launch: row_dots takes a LONG as ld, not Integer",
              () -> launcher.rows("row_dots", ROWS, ROWS, COLUMNS, some, some, COLUMNS, 1.0, some));
          assertRefused(
              "launch: row_dots takes a DOUBLE as coefficient, not Float",
              () -> launcher.rows("row_dots", ROWS, ROWS, COLUMNS, some, some, 9L, 1f, some));
          assertRefused(
              "launch: row_dots takes a POINTER as products, not Integer",
              () -> launcher.rows("row_dots", ROWS, ROWS, COLUMNS, some, some, 9L, 1.0, 0));
          assertRefused(
              "launch: row_dots takes a INT as n, not null",
              () -> launcher.rows("row_dots", ROWS, null, COLUMNS, some, some, 9L, 1.0, some));
          assertRefused(
              "launch: row_dots takes 7 arguments, not 2",
              () -> launcher.rows("row_dots", ROWS, ROWS, COLUMNS));
          assertRefused(
              "launch: no kernel is called row_dot", () -> launcher.rows("row_dot", ROWS, ROWS));
        });
  }

  private static void assertRefused(String message, Runnable launch) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, launch::run).getMessage());
  }

  @Test
  void sourceThatDoesNotCompile() {
    BackendException failed =
        assertThrows(
            BackendException.class,
            () -> with(changed("random.cu", "float uniform(", "flaot uniform("), (l, m, s) -> {}));
    assertTrue(
        failed
            .getMessage()
            .startsWith("cuda: latentrace.cu does not compile: NVRTC_ERROR_COMPILATION: "),
        failed.getMessage());
    assertTrue(failed.getMessage().contains("flaot"), failed.getMessage());
  }
}
