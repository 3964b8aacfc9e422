package latentrace.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;

/** Refuses outputs that cannot be written, or would destroy something, before any work. */
final class Outputs {
  /** What the file beside a result begins with. */
  private static final String PROVENANCE_BEGINS = "{\n  \"what\"";

  private Outputs() {}

  /**
   * Checks a file to be written.
   *
   * @param flag what named it
   * @param endings what its name may end in
   */
  static void requireFile(String flag, Path file, String... endings) {
    String name = file.getFileName() == null ? "" : file.getFileName().toString();
    if (Arrays.stream(endings).noneMatch(name::endsWith)) {
      throw new InputException(
          "%s: found %s, expected a name in %s".formatted(flag, file, String.join(", ", endings)));
    }
    if (Files.isDirectory(file)) {
      throw new InputException("%s: %s is a folder".formatted(flag, file));
    }
    requireFolder(flag, file.toAbsolutePath().getParent());
  }

  /** Checks a folder to be written to, which may not exist yet. */
  static void requireFolder(String flag, Path folder) {
    Path existing = folder.toAbsolutePath();
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing == null || !Files.isDirectory(existing)) {
      throw new InputException("%s: %s is a file".formatted(flag, existing));
    }
    if (!Files.isWritable(existing)) {
      throw new InputException("%s: %s is not writable".formatted(flag, existing));
    }
  }

  /** Refuses to write over what the command reads. */
  static void requireOther(String flag, Path output, List<Path> inputs) {
    Path target = output.toAbsolutePath().normalize();
    for (Path input : inputs) {
      if (input != null && target.equals(input.toAbsolutePath().normalize())) {
        throw new InputException("%s: %s is read by the same command".formatted(flag, output));
      }
    }
  }

  /** The file beside a result that says what made it: scores.npy has scores.json. */
  static Path provenanceOf(Path output) {
    String name = output.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return output.resolveSibling((dot > 0 ? name.substring(0, dot) : name) + ".json");
  }

  /** Refuses to write a result's provenance over a .json that is none. */
  static void requireProvenance(String flag, Path output) {
    Path file = provenanceOf(output);
    if (!Files.exists(file)) {
      return;
    }
    byte[] beginning = new byte[PROVENANCE_BEGINS.length()];
    try (var in = Files.newInputStream(file)) {
      int read = in.readNBytes(beginning, 0, beginning.length);
      if (!new String(beginning, 0, read, StandardCharsets.UTF_8).equals(PROVENANCE_BEGINS)) {
        throw new InputException(
            "%s: %s would be overwritten, and is nothing of Latentrace's".formatted(flag, file));
      }
    } catch (IOException e) {
      throw new InputException("%s: %s: %s".formatted(flag, file, AtomicFiles.reason(e)), e);
    }
  }
}
