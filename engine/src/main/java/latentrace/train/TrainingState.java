package latentrace.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.backend.Backend.Precision;
import latentrace.backend.Buffer;
import latentrace.checkpoint.Safetensors;
import latentrace.checkpoint.Safetensors.Tensor;
import latentrace.data.InputException;

/**
 * What resuming needs beyond the checkpoints: parameters, optimiser state and best parameters in
 * the backend's own precision, counters and running sums bit for bit. In {@code state.safetensors}.
 */
final class TrainingState {
  static final String NAME = "state.safetensors";

  /** Counters and sums; every field is written and read back exactly. */
  static final class Progress {
    long iteration;
    long windowCount;
    double windowLoss;
    double windowReconstruction;
    double windowKl;
    long bestIteration;
    double bestLoss = Double.POSITIVE_INFINITY;
    int badEvaluations;
    boolean stoppedEarly;

    private Map<String, String> toMetadata() {
      Map<String, String> metadata = new LinkedHashMap<>();
      metadata.put("iteration", Long.toString(iteration));
      metadata.put("windowCount", Long.toString(windowCount));
      metadata.put("windowLoss", Double.toHexString(windowLoss));
      metadata.put("windowReconstruction", Double.toHexString(windowReconstruction));
      metadata.put("windowKl", Double.toHexString(windowKl));
      metadata.put("bestIteration", Long.toString(bestIteration));
      metadata.put("bestLoss", Double.toHexString(bestLoss));
      metadata.put("badEvaluations", Integer.toString(badEvaluations));
      metadata.put("stoppedEarly", Boolean.toString(stoppedEarly));
      return metadata;
    }

    private void fromMetadata(Map<String, String> metadata) {
      iteration = Long.parseLong(metadata.get("iteration"));
      windowCount = Long.parseLong(metadata.get("windowCount"));
      windowLoss = Double.parseDouble(metadata.get("windowLoss"));
      windowReconstruction = Double.parseDouble(metadata.get("windowReconstruction"));
      windowKl = Double.parseDouble(metadata.get("windowKl"));
      bestIteration = Long.parseLong(metadata.get("bestIteration"));
      bestLoss = Double.parseDouble(metadata.get("bestLoss"));
      badEvaluations = Integer.parseInt(metadata.get("badEvaluations"));
      stoppedEarly = Boolean.parseBoolean(metadata.get("stoppedEarly"));
    }
  }

  private TrainingState() {}

  static boolean exists(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  static void save(Path folder, Progress progress, Map<String, Buffer> vectors) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    vectors.forEach((name, buffer) -> tensors.put(name, toTensor(buffer)));
    Safetensors.write(
        folder.resolve(NAME), new Safetensors.Contents(tensors, progress.toMetadata()));
  }

  private static Tensor toTensor(Buffer buffer) {
    int length = Math.toIntExact(buffer.length());
    if (buffer.owner().precision() == Precision.FLOAT64) {
      return Tensor.of(List.of(length), buffer.toDoubles());
    }
    float[] values = new float[length];
    buffer.download(0, values, 0, length);
    return Tensor.of(List.of(length), values);
  }

  /** Reads the state of a folder into {@code progress} and {@code vectors}. */
  static void load(Path folder, Progress progress, Map<String, Buffer> vectors) {
    Path file = folder.resolve(NAME);
    Safetensors.Contents contents = Safetensors.read(file);
    vectors.forEach(
        (name, buffer) -> {
          Tensor tensor = contents.tensors().get(name);
          if (tensor == null || tensor.toDoubles().length != buffer.length()) {
            throw new InputException(
                "%s: no tensor %s of %d values".formatted(file, name, buffer.length()));
          }
          boolean doubles = buffer.owner().precision() == Precision.FLOAT64;
          if (doubles != (tensor.doubles() != null)) {
            throw new InputException(
                "%s: saved by a backend of %s precision; resume with the same backend"
                    .formatted(file, doubles ? "single" : "double"));
          }
          buffer.upload(tensor.toDoubles());
        });
    try {
      progress.fromMetadata(contents.metadata());
    } catch (NumberFormatException | NullPointerException e) {
      throw new InputException(file + ": its counters are missing or no numbers", e);
    }
  }
}
