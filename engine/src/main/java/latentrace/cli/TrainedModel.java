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

  private Checkpoint checkpoint;
  private ModelSpec spec;

  /** Finds the checkpoint and what it is of. */
  void find() {
    if (!Files.exists(path)) {
      throw new InputException("--model: %s: no such file or folder".formatted(path));
    }
    if (Files.isDirectory(path)) {
      List<Checkpoint> list = Checkpoint.list(path);
      if (list.isEmpty()) {
        throw new InputException("--model: no checkpoint-<iteration>.safetensors in " + path);
      }
      checkpoint = list.get(list.size() - 1);
    } else {
      checkpoint = Checkpoint.of(path);
    }
    spec = ModelFile.read(checkpoint.file().toAbsolutePath().getParent()).model();
  }

  /** The folder of all its checkpoints, or the one file. */
  String asCheckpoints() {
    return path.toString();
  }

  ModelSpec spec() {
    return spec;
  }

  /** Opens it on a backend. */
  Model open(Backend backend) {
    Model model = Model.create(backend, spec);
    try {
      checkpoint.load(model);
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** As provenance has it. */
  Map<String, Object> describe() {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("file", checkpoint.file().toString());
    description.put("iteration", checkpoint.iteration());
    description.put("sha256", FileHash.sha256(checkpoint.file()));
    description.put("model", spec);
    return description;
  }
}
