package latentrace.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.backend.Backend;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.FileHash;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import picocli.CommandLine.Option;

/** A model as training left it, the same in every command that explains one. */
final class TrainedModel {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|FILE",
      description =
          "a folder that 'latentrace train' or 'import' left, of which the last checkpoint is taken,"
              + " or one of its checkpoint files")
  private Path path;

  private List<Checkpoint> checkpoints;
  private ModelFile file;

  /** Finds the checkpoints and what they are of. */
  void find() {
    if (!Files.exists(path)) {
      throw new InputException("--model: %s: no such file or folder".formatted(path));
    }
    if (Files.isDirectory(path)) {
      checkpoints = Checkpoint.list(path);
      if (checkpoints.isEmpty()) {
        throw new InputException("--model: no checkpoint-<iteration>.safetensors in " + path);
      }
    } else {
      checkpoints = List.of(Checkpoint.of(path));
    }
    file = ModelFile.read(last().file().toAbsolutePath().getParent());
  }

  /** All of a folder, by rising iteration, or the one file. */
  List<Checkpoint> checkpoints() {
    return checkpoints;
  }

  private Checkpoint last() {
    return checkpoints.get(checkpoints.size() - 1);
  }

  /** Of the training; 0 for an imported model. */
  double weightDecay() {
    return file.training() == null ? 0 : file.training().weightDecay();
  }

  /** Iterations that the last checkpoint was trained for. */
  long iteration() {
    return last().iteration();
  }

  ModelSpec spec() {
    return file.model();
  }

  /** Opens it on a backend, as the last checkpoint left it. */
  Model open(Backend backend) {
    Model model = Model.create(backend, spec());
    try {
      last().load(model);
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** As provenance has it. */
  Map<String, Object> describe() {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("file", last().file().toString());
    description.put("iteration", iteration());
    description.put("sha256", FileHash.sha256(last().file()));
    description.put("model", spec());
    return description;
  }
}
