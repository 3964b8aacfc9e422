package latentrace.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
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

  /** Where org.bytedeco:cuda with its classifier linux-x86_64-redist has NVIDIA's libraries. */
  private static final String REDISTRIBUTED = "/org/bytedeco/cuda/linux-x86_64/";

  private static final String INSTALL =
      " is missing: install the CUDA 12 toolkit, or add its lib64 to LD_LIBRARY_PATH";

  /** A library of JCuda and those of NVIDIA's that it needs; loaded once. */
  @SuppressWarnings("ImmutableEnumChecker") // names that nobody writes to
  enum Library {
    /** The driver. */
    DRIVER(
        "jcuda.driver.JCudaDriver",
        "the NVIDIA driver (libcuda.so.1) cannot be loaded: install or repair it"),
    /** The compiler. */
    NVRTC(
        "jcuda.nvrtc.JNvrtc",
        "NVRTC 12 (libnvrtc.so.12)" + INSTALL,
        "libnvrtc-builtins.so.12.6",
        "libnvrtc.so.12"),
    /** Products. */
    CUBLAS(
        "jcuda.jcublas.JCublas2",
        "cuBLAS 12 (libcublas.so.12)" + INSTALL,
        "libcublasLt.so.12",
        "libcublas.so.12"),
    /** Random numbers; only for training noise. */
    CURAND("jcuda.jcurand.JCurand", "cuRAND (libcurand.so.10)" + INSTALL, "libcurand.so.10");

    private final String javaClass;
    private final String missing;
    private final String[] needed;

    Library(String javaClass, String missing, String... needed) {
      this.javaClass = javaClass;
      this.missing = missing;
      this.needed = needed;
    }
  }

  /** What is missing of a library that has been tried; empty for nothing. */
  private static final Map<Library, Optional<String>> TRIED = new EnumMap<>(Library.class);

  private Natives() {}

  /** Loads what the backend cannot do without; null, or what is missing. */
  static String load() {
    return Stream.of(Library.DRIVER, Library.NVRTC, Library.CUBLAS)
        .map(Natives::load)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /** Loads a library; null, or what is missing. */
  static synchronized String load(Library library) {
    return TRIED.computeIfAbsent(library, l -> Optional.ofNullable(firstLoad(l))).orElse(null);
  }

  private static String firstLoad(Library library) {
    String shared = System.getProperty(TEMPORARY);
    Path own;
    try {
      own = Files.createTempDirectory("latentrace-cuda-");
    } catch (IOException e) {
      return "no directory to unpack JCuda's libraries to: " + e;
    }
    System.setProperty(TEMPORARY, own.toString());
    try {
      for (String file : library.needed) {
        loadRedistributed(file, own);
      }
      Class.forName(library.javaClass);
      return null;
    } catch (ClassNotFoundException e) {
      return "JCuda is not on the class path: " + e.getMessage();
    } catch (IOException e) {
      return "NVIDIA's libraries cannot be unpacked from the class path: " + e;
    } catch (LinkageError e) {
      LOG.debug("{}", library.missing, e);
      return library.missing;
    } finally {
      System.setProperty(TEMPORARY, shared);
      delete(own);
    }
  }

  /** From the class path, if it is there; else the dynamic loader looks for it. */
  @SuppressWarnings("restricted") // what --enable-native-access is for
  private static void loadRedistributed(String file, Path folder) throws IOException {
    try (InputStream in = Natives.class.getResourceAsStream(REDISTRIBUTED + file)) {
      if (in != null) {
        Path target = folder.resolve(file);
        Files.copy(in, target);
        System.load(target.toString());
      }
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
