package latentrace.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;
import latentrace.data.InputException;

/**
 * The first field in which two JSON values differ.
 *
 * @param field its path, e.g. {@code train.sha256} or {@code checkpoints[2].iteration}
 * @param there the value in the first
 * @param asked the value in the second
 */
public record Difference(String field, JsonNode there, JsonNode asked) {
  /** Compares what is there with what was asked for; empty if they are the same. */
  public static Optional<Difference> first(JsonNode there, JsonNode asked) {
    return first("", there, asked);
  }

  private static Optional<Difference> first(String name, JsonNode there, JsonNode asked) {
    boolean alike =
        there.isContainerNode()
            && asked.isContainerNode()
            && there.isObject() == asked.isObject()
            && there.size() == asked.size();
    if (!alike) {
      return there.equals(asked)
          ? Optional.empty()
          : Optional.of(new Difference(name, there, asked));
    }
    for (Map.Entry<String, JsonNode> field : asked.properties()) {
      String full = name.isEmpty() ? field.getKey() : name + "." + field.getKey();
      Optional<Difference> found = first(full, there.path(field.getKey()), field.getValue());
      if (found.isPresent()) {
        return found;
      }
    }
    for (int k = 0; k < (asked.isArray() ? asked.size() : 0); k++) {
      Optional<Difference> found = first("%s[%d]".formatted(name, k), there.get(k), asked.get(k));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return "%s is %s there, %s was asked for"
        .formatted(
            field, InputException.printable("" + there), InputException.printable("" + asked));
  }
}
