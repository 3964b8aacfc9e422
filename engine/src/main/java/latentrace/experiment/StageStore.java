package latentrace.experiment;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import latentrace.checkpoint.Difference;
import latentrace.checkpoint.Json;
import latentrace.data.FileHash;
import latentrace.data.InputException;

/**
 * Where stages are kept: {@code KIND-HASH/}, with what it is in {@code stage.json}, which is
 * written last. A stage that was cut off is gone on with, one that is done is never done again.
 */
final class StageStore {
  private static final String MANIFEST = "stage.json";
  private static final int KEY_DIGITS = 16;

  private final Path root;
  private int made;
  private int reused;

  StageStore(Path root) {
    this.root = root;
  }

  /** What a folder holds. */
  @JsonPropertyOrder({"kind", "version", "identity"})
  record Manifest(String kind, int version, Map<String, Object> identity) {
    static Manifest of(Stage<?> stage) {
      return new Manifest(stage.kind(), stage.version(), stage.identity());
    }
  }

  /** The name of a stage's folder: its kind and a hash of everything it depends on. */
  static String key(Stage<?> stage) {
    String content = Json.toString(Manifest.of(stage));
    return stage.kind() + "-" + FileHash.sha256(content).substring(0, KEY_DIGITS);
  }

  /** Whether a stage is done. */
  boolean has(Stage<?> stage) {
    return Files.exists(folder(stage).resolve(MANIFEST));
  }

  private Path folder(Stage<?> stage) {
    return root.resolve(key(stage));
  }

  /**
   * Does a stage unless it is done.
   *
   * @throws InputException naming the first field in which what is there differs from the stage
   */
  void ensure(Stage<?> stage, Lab lab) {
    Path folder = folder(stage);
    Path file = folder.resolve(MANIFEST);
    if (Files.exists(file)) {
      requireSame(file, Json.tree(Manifest.of(stage)));
      reused++;
    } else {
      lab.say("  " + stage.title());
      stage.make(folder, lab);
      Json.write(file, Manifest.of(stage));
      made++;
    }
  }

  private static void requireSame(Path file, JsonNode asked) {
    Difference.first(Json.read(file, JsonNode.class), asked)
        .ifPresent(
            difference -> {
              throw new InputException(
                  "%s: of another stage: %s; delete its folder to do it anew"
                      .formatted(file, difference));
            });
  }

  /** The result of a stage, which is done first if it has to be. */
  <T> T get(Stage<T> stage, Lab lab) {
    if (!has(stage)) {
      ensure(stage, lab);
    }
    return stage.read(folder(stage));
  }

  /** Stages done since it was made. */
  int made() {
    return made;
  }

  /** Stages found done. */
  int reused() {
    return reused;
  }
}
