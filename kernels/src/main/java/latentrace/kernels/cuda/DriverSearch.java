package latentrace.kernels.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Whether the dynamic loader would find the NVIDIA driver, without loading anything. */
final class DriverSearch {
  private static final String DRIVER = "libcuda.so.1";
  private static final Path LOADER_CACHE = Path.of("/etc/ld.so.cache");
  private static final List<String> USUAL =
      List.of(
          "/usr/lib/x86_64-linux-gnu",
          "/lib/x86_64-linux-gnu",
          "/usr/lib64",
          "/lib64",
          "/usr/lib",
          "/lib");

  private DriverSearch() {}

  static boolean finds() {
    List<String> folders = new ArrayList<>(USUAL);
    String listed = System.getenv("LD_LIBRARY_PATH");
    if (listed != null) {
      folders.addAll(List.of(listed.split(File.pathSeparator, -1)));
    }
    return folders.stream().anyMatch(folder -> Files.exists(Path.of(folder, DRIVER)))
        || loaderCacheNames(DRIVER);
  }

  private static boolean loaderCacheNames(String library) {
    try {
      String cache = Files.readString(LOADER_CACHE, StandardCharsets.ISO_8859_1);
      return cache.contains("/" + library + "\0");
    } catch (IOException e) {
      return false; // a system without the cache: the folders have been looked into
    }
  }
}
