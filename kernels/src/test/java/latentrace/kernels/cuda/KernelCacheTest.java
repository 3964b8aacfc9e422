package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiled kernels on disk. */
class KernelCacheTest {
  private static final KernelSource SOURCE = new KernelSource("a.cu", Map.of("a.cu", "text"));
  private static final List<String> OPTIONS = List.of("--std=c++17");

  @TempDir private Path folder;
  private final AtomicInteger builds = new AtomicInteger();

  private byte[] build() {
    builds.incrementAndGet();
    byte[] image = new byte[1000];
    Arrays.fill(image, (byte) 7);
    return image;
  }

  private void get(KernelCache cache, KernelSource source, List<String> options, String compiler) {
    assertArrayEquals(build(), cache.get(source, options, compiler, this::build));
    builds.decrementAndGet();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void isBuiltOnce() throws IOException {
    get(new KernelCache(folder), SOURCE, OPTIONS, "NVRTC 12.6");
    get(new KernelCache(folder), SOURCE, OPTIONS, "NVRTC 12.6");
    assertEquals(1, builds.get());
    assertEquals(1, files().size());
  }

  @Test
  void whateverChangesIsBuilt() throws IOException {
    KernelCache cache = new KernelCache(folder);
    get(cache, SOURCE, OPTIONS, "NVRTC 12.6");
    get(cache, SOURCE, OPTIONS, "NVRTC 12.8");
    get(cache, SOURCE, List.of("--std=c++17", "-G"), "NVRTC 12.6");
    get(cache, new KernelSource("a.cu", Map.of("a.cu", "texts")), OPTIONS, "NVRTC 12.6");
    get(cache, new KernelSource("a.cu", Map.of("a.cut", "ext")), OPTIONS, "NVRTC 12.6");
    assertEquals(5, builds.get());
    assertEquals(5, files().size());
  }

  @Test
  void damageIsRepaired() throws IOException {
    KernelCache cache = new KernelCache(folder);
    get(cache, SOURCE, OPTIONS, "NVRTC 12.6");
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    byte[] flipped = whole.clone();
    flipped[500] ^= 1;
    int expected = 1;
    for (byte[] damaged :
        List.of(flipped, Arrays.copyOf(whole, 900), Arrays.copyOf(whole, 32), new byte[0])) {
      Files.write(file, damaged);
      get(cache, SOURCE, OPTIONS, "NVRTC 12.6");
      assertEquals(++expected, builds.get());
      assertArrayEquals(whole, Files.readAllBytes(file));
    }
  }

  @Test
  void worksWithoutAFolder() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    KernelCache cache = new KernelCache(file.resolve("below"));
    get(cache, SOURCE, OPTIONS, "NVRTC 12.6");
    get(cache, SOURCE, OPTIONS, "NVRTC 12.6");
    assertEquals(2, builds.get());
  }

  @Test
  void severalAtOnce() throws Exception {
    KernelCache cache = new KernelCache(folder);
    Thread[] threads = new Thread[4];
    for (int i = 0; i < threads.length; i++) {
      threads[i] = new Thread(() -> cache.get(SOURCE, OPTIONS, "NVRTC 12.6", this::build));
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, files().size());
    int before = builds.get();
    get(cache, SOURCE, OPTIONS, "NVRTC 12.6");
    assertEquals(before, builds.get());
  }
}
