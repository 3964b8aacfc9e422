package latentrace.bench.peer;

import latentrace.backend.BackendException;
import org.bytedeco.javacpp.Loader;

/** Native libraries of peers, which are on the class path only if asked for. */
public final class Natives {
  private Natives() {}

  /**
   * Finds OpenBLAS.
   *
   * @throws BackendException if it is not on the class path: what to do
   */
  public static void requireOpenBlas() {
    require(OpenBlasGemm.NAME, "openblas", "jniopenblas_nolapack");
  }

  /**
   * Finds libtorch.
   *
   * @throws BackendException if it is not on the class path: what to do
   */
  public static void requireLibtorch() {
    require(LibtorchGemm.NAME, "pytorch", "jnitorch");
  }

  private static void require(String peer, String project, String library) {
    String resource =
        "/org/bytedeco/%s/%s/%s"
            .formatted(project, Loader.getPlatform(), System.mapLibraryName(library));
    if (Natives.class.getResource(resource) == null) {
      throw new BackendException(
          "peer %s: native library not on the class path: build with mvn -Ppeers package"
              .formatted(peer));
    }
  }
}
