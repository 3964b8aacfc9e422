package latentrace.kernels.cuda;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads JCuda's native libraries. JCuda unpacks them to a fixed name in the temporary directory and
 * takes what it finds there, which may be half written by another process; here every process has a
 * directory of its own, that is gone as soon as the libraries are loaded. While they are,
 * java.io.tmpdir names that directory: JCuda takes it from there.
 */
final class Natives {
  private static final Logger LOG = LoggerFactory.getLogger(Natives.class);
  private static final String TEMPORARY = "java.io.tmpdir";

  private record Library(String javaClass, String missing) {}

  private static final Library[] LIBRARIES = {
    new Library(
        "jcuda.driver.JCudaDriver",
        "the NVIDIA driver (libcuda.so.1) cannot be loaded: install or repair it"),
    new Library(
        "jcuda.nvrtc.JNvrtc",
        "NVRTC 12 (libnvrtc.so.12) is missing: install the CUDA 12 toolkit, or add its lib64 to"
            + " LD_LIBRARY_PATH"),
    new Library(
        "jcuda.jcublas.JCublas2",
        "cuBLAS 12 (libcublas.so.12) is missing: install the CUDA 12 toolkit, or add its lib64 to"
            + " LD_LIBRARY_PATH"),
  };

  private static boolean tried;
  private static String missing;

  private Natives() {}

  /** Loads them once; null, or what is missing. */
  static synchronized String load() {
    if (!tried) {
      missing = loadAll();
      tried = true;
    }
    return missing;
  }

  private static String loadAll() {
    String shared = System.getProperty(TEMPORARY);
    Path own;
    try {
      own = Files.createTempDirectory("latentrace-cuda-");
    } catch (IOException e) {
      return "no directory to unpack JCuda's libraries to: " + e;
    }
    System.setProperty(TEMPORARY, own.toString());
    try {
      for (Library library : LIBRARIES) {
        try {
          Class.forName(library.javaClass);
        } catch (ClassNotFoundException e) {
          return "JCuda is not on the class path: " + e.getMessage();
        } catch (LinkageError e) {
          LOG.debug("{}", library.missing, e);
          return library.missing;
        }
      }
      return null;
    } finally {
      System.setProperty(TEMPORARY, shared);
      delete(own);
    }
  }

  /** What is mapped stays usable without its file. */
  private static void delete(Path folder) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      LOG.debug("{} stays behind", folder, e);
    }
  }
}
