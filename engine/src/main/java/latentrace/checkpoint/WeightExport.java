package latentrace.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import latentrace.data.InputException;
import latentrace.model.ModelSpec;

/** Writes a checkpoint's weights as other programs expect them. */
public final class WeightExport {
  private WeightExport() {}

  /**
   * Writes a safetensors file of a checkpoint's tensors, which are checked against its model.
   *
   * @param torchNames whether they are named as in the papers' PyTorch modules
   * @return number of tensors
   */
  public static int run(Checkpoint checkpoint, Path target, boolean torchNames) {
    ModelSpec spec = ModelFile.read(checkpoint.file().toAbsolutePath().getParent()).model();
    Map<String, Safetensors.Tensor> tensors = Safetensors.read(checkpoint.file()).tensors();
    Map<String, Safetensors.Tensor> renamed = new LinkedHashMap<>();
    WeightImport.shapesOf(spec)
        .forEach(
            (name, shape) -> {
              Safetensors.Tensor tensor = tensors.get(name);
              if (tensor == null || !tensor.shape().equals(shape)) {
                throw new InputException(
                    "%s: tensor %s of %s is not there".formatted(checkpoint.file(), name, shape));
              }
              renamed.put(torchNames ? TorchNames.of(spec, name) : name, tensor);
            });
    Safetensors.write(
        target,
        new Safetensors.Contents(
            renamed, Map.of("format", "pt", "iteration", Long.toString(checkpoint.iteration()))));
    return renamed.size();
  }
}
