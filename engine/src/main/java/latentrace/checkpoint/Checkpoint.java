package latentrace.checkpoint;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.nn.Parameter;

/**
 * The parameters of a model after an iteration of training, in a file.
 *
 * @param file {@code checkpoint-<iteration>.safetensors}, beside its {@code model.json}
 * @param iteration optimiser steps taken
 */
public record Checkpoint(Path file, long iteration) {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})\\.safetensors");

  /** The checkpoint in a file whose name says its iteration. */
  public static Checkpoint of(Path file) {
    Matcher matcher = NAME.matcher(String.valueOf(file.getFileName()));
    if (!matcher.matches()) {
      throw new InputException(file + ": expected a file named checkpoint-<iteration>.safetensors");
    }
    if (!Files.isRegularFile(file)) {
      throw new InputException(file + ": no such file");
    }
    return new Checkpoint(file, Long.parseLong(matcher.group(1)));
  }

  /** All checkpoints of a folder, by iteration. */
  public static List<Checkpoint> list(Path folder) {
    List<Checkpoint> checkpoints = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, "checkpoint-*.safetensors")) {
      files.forEach(file -> checkpoints.add(of(file)));
    } catch (IOException e) {
      throw new InputException(folder + ": " + AtomicFiles.reason(e), e);
    }
    checkpoints.sort(Comparator.comparingLong(Checkpoint::iteration));
    return checkpoints;
  }

  /**
   * Saves a model's parameters and running statistics as F32; whole or not at all.
   *
   * @throws InputException if a value is not finite
   */
  public static Checkpoint save(Model model, Path folder, long iteration) {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    model
        .parameters()
        .state()
        .forEach(
            (name, parameter) -> {
              float[] values = new float[parameter.size()];
              parameter.value().download(0, values, 0, values.length);
              Safetensors.Tensor tensor = Safetensors.Tensor.of(parameter.shape(), values);
              if (!tensor.isFinite()) {
                throw new InputException(
                    "training diverged: %s has values that are not finite at iteration %d; try a smaller --lr"
                        .formatted(name, iteration));
              }
              tensors.put(name, tensor);
            });
    return write(folder, iteration, tensors);
  }

  /** Writes tensors that are known to be a model's; whole or not at all. */
  static Checkpoint write(Path folder, long iteration, Map<String, Safetensors.Tensor> tensors) {
    Path file = folder.resolve("checkpoint-" + iteration + ".safetensors");
    Safetensors.write(
        file, new Safetensors.Contents(tensors, Map.of("iteration", Long.toString(iteration))));
    return new Checkpoint(file, iteration);
  }

  /**
   * Copies parameters and running statistics to a model of the same architecture.
   *
   * @throws InputException naming the tensor that is missing, left over, of another shape or not
   *     finite
   */
  public void load(Model model) {
    Map<String, Safetensors.Tensor> tensors = Safetensors.read(file).tensors();
    Map<String, Parameter> named = model.parameters().state();
    for (String name : tensors.keySet()) {
      if (!named.containsKey(name)) {
        throw new InputException(file + ": tensor " + name + " is not one of the model's");
      }
    }
    named.forEach(
        (name, parameter) -> {
          Safetensors.Tensor tensor = tensors.get(name);
          if (tensor == null) {
            throw new InputException(file + ": tensor " + name + " is missing");
          }
          if (!tensor.shape().equals(parameter.shape())) {
            throw new InputException(
                "%s: tensor %s is %s, the model's is %s"
                    .formatted(file, name, tensor.shape(), parameter.shape()));
          }
          if (!tensor.isFinite()) {
            throw new InputException(file + ": tensor " + name + " has values that are not finite");
          }
        });
    named.forEach((name, parameter) -> parameter.value().upload(tensors.get(name).toDoubles()));
  }
}
