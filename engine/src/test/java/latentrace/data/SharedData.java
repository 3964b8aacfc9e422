package latentrace.data;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * Real data files outside the repository: folder data of the system property latentrace.shared, or
 * shared/data in a folder above the working directory.
 */
public final class SharedData {
  private SharedData() {}

  /** A file there; where it is missing the test is skipped and says so. */
  public static Path file(String name) {
    Path file = folder().resolve(name);
    if (!Files.exists(file)) {
      System.out.println("skipped: no " + file);
      Assumptions.abort("no " + file);
    }
    return file;
  }

  private static Path folder() {
    String property = System.getProperty("latentrace.shared");
    if (property != null) {
      return Path.of(property, "data");
    }
    Path above = Path.of("").toAbsolutePath();
    while (above != null && !Files.isDirectory(above.resolve("shared/data"))) {
      above = above.getParent();
    }
    return (above == null ? Path.of("") : above).resolve("shared/data");
  }
}
