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

  /** Libraries that are loaded together, once. */
  private static final class Group {
    private final Library[] libraries;
    private boolean tried;
    private String missing;

    Group(Library... libraries) {
      this.libraries = libraries;
    }

    synchronized String load() {
      if (!tried) {
        missing = loadAll(libraries);
        tried = true;
      }
      return missing;
    }
  }

  private static final String INSTALL =
      " is missing: install the CUDA 12 toolkit, or add its lib64 to LD_LIBRARY_PATH";

  private static final Group NEEDED =
      new Group(
          new Library(
              "jcuda.driver.JCudaDriver",
              "the NVIDIA driver (libcuda.so.1) cannot be loaded: install or repair it"),
          new Library("jcuda.nvrtc.JNvrtc", "NVRTC 12 (libnvrtc.so.12)" + INSTALL),
          new Library("jcuda.jcublas.JCublas2", "cuBLAS 12 (libcublas.so.12)" + INSTALL));

  private static final Group CURAND =
      new Group(new Library("jcuda.jcurand.JCurand", "cuRAND (libcurand.so.10)" + INSTALL));

  private Natives() {}

  /** Loads what the backend cannot do without, once; null, or what is missing. */
  static String load() {
    return NEEDED.load();
  }

  /** Loads cuRAND, once; null, or what is missing. */
  static String loadCurand() {
    return CURAND.load();
  }

  private static synchronized String loadAll(Library... libraries) {
    String shared = System.getProperty(TEMPORARY);
    Path own;
    try {
      own = Files.createTempDirectory("latentrace-cuda-");
    } catch (IOException e) {
      return "no directory to unpack JCuda's libraries to: " + e;
    }
    System.setProperty(TEMPORARY, own.toString());
    try {
      for (Library library : libraries) {
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
