package latentrace.checkpoint;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.ModelSpec;

/**
 * {@code model.json}: what was trained, how, and on what.
 *
 * @param format {@link #FORMAT}
 * @param model architecture and loss
 * @param training how it was trained; null if it was imported
 * @param data what it was trained on; null if it was imported
 * @param validation what early stopping looked at, or null
 * @param imported the files that its weights come from; null if it was trained
 * @param versions of what made it
 */
@JsonPropertyOrder({"format", "model", "training", "data", "validation", "imported", "versions"})
public record ModelFile(
    String format,
    ModelSpec model,
    TrainingSpec training,
    DataReference data,
    DataReference validation,
    List<ImportedFile> imported,
    Map<String, String> versions) {
  /** The file's name in a checkpoint folder. */
  public static final String NAME = "model.json";

  /** What {@link #format} holds. */
  public static final String FORMAT = "latentrace-model-1";

  /**
   * Data by name and content.
   *
   * @param name file name
   * @param count samples
   * @param sampleShape shape of one sample
   * @param sha256 {@link Dataset#hash}
   */
  @JsonPropertyOrder({"name", "count", "sampleShape", "sha256"})
  public record DataReference(String name, int count, List<Integer> sampleShape, String sha256) {
    /** What identifies a data set; null for null. */
    public static DataReference of(Dataset data) {
      return data == null
          ? null
          : new DataReference(data.name(), data.count(), data.shape(), data.hash());
    }
  }

  /**
   * A file of weights.
   *
   * @param file its name
   * @param iteration of training, as it says
   * @param sha256 of the whole file
   */
  @JsonPropertyOrder({"file", "iteration", "sha256"})
  public record ImportedFile(String file, long iteration, String sha256) {}

  /** Checks that all needed parts are there. */
  public ModelFile {
    if (!FORMAT.equals(format)) {
      throw new IllegalArgumentException("format: found %s, expected %s".formatted(format, FORMAT));
    }
    boolean trained = training != null && data != null;
    if (model == null || versions == null || (!trained && imported == null)) {
      throw new IllegalArgumentException(
          "model, versions, and either training and data or imported must be there");
    }
  }

  /** A model that was trained. */
  public ModelFile(
      String format,
      ModelSpec model,
      TrainingSpec training,
      DataReference data,
      DataReference validation,
      Map<String, String> versions) {
    this(format, model, training, data, validation, null, versions);
  }

  /** Reads {@code folder/model.json}. */
  public static ModelFile read(Path folder) {
    return Json.read(folder.resolve(NAME), ModelFile.class);
  }

  /**
   * Checks that a run to be resumed is the same run.
   *
   * @param other what the folder holds; this is what was asked for
   * @throws InputException naming the first field that differs, with both values
   */
  public void requireSame(ModelFile other, Path folder) {
    var mine = Json.mapper().valueToTree(this);
    var theirs = Json.mapper().valueToTree(other);
    for (String section : List.of("model", "training", "data", "validation")) {
      var left = mine.path(section);
      var right = theirs.path(section);
      if (!left.isObject() || !right.isObject()) {
        if (!left.equals(right)) {
          throw differs(folder, section, right, left);
        }
        continue;
      }
      for (var field : left.properties()) {
        boolean contentOnly = field.getKey().equals("name"); // a file may be called otherwise now
        if (!contentOnly && !field.getValue().equals(right.path(field.getKey()))) {
          throw differs(
              folder, section + "." + field.getKey(), right.path(field.getKey()), field.getValue());
        }
      }
    }
  }

  private static InputException differs(Path folder, String field, Object there, Object asked) {
    return new InputException(
        "%s: cannot resume: %s is %s there, %s was asked for"
            .formatted(folder.resolve(NAME), field, there, asked));
  }
}
