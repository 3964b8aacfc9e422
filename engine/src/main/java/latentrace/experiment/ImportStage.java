package latentrace.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.checkpoint.WeightImport;
import latentrace.data.AtomicFiles;
import latentrace.data.FileHash;
import latentrace.data.InputException;
import latentrace.influence.CheckpointWeights;
import latentrace.model.ModelSpec;

/**
 * The published weights of the CIFAR-airplane model, imported (FengNiMa/VAE-TracIn-pytorch,
 * checkpoints/cifar_zero_beta2_z64_sgd): conv-vae, d = 64, β = 2, SGD with lr 3e-4, batch 64, on
 * 5,000 airplanes.
 *
 * @param files PyTorch checkpoints
 */
record ImportStage(List<Path> files) implements ModelStage {
  private static final int TRAINED_ON = 5000;

  /** All {@code .pt} files of a folder. */
  static ImportStage of(Path folder) {
    try (Stream<Path> content = Files.list(folder)) {
      List<Path> files = content.filter(file -> file.toString().endsWith(".pt")).sorted().toList();
      if (files.isEmpty()) {
        throw new InputException("--checkpoints: no .pt files in " + folder);
      }
      return new ImportStage(files);
    } catch (IOException e) {
      throw new InputException("--checkpoints: %s: %s".formatted(folder, AtomicFiles.reason(e)), e);
    }
  }

  @Override
  public String kind() {
    return "import";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "import %d published checkpoints".formatted(files.size());
  }

  @Override
  public ModelSpec spec() {
    return ModelSpec.convVae(
        3, KongScale.SUBCLASS_LATENT, KongScale.CIFAR_BETA, Reconstruction.GAUSSIAN);
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", spec());
    identity.put("sha256", files.stream().map(FileHash::sha256).toList());
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    new WeightImport(
            new WeightImport.Settings(
                spec().model(),
                WeightImport.Heads.CONCATENATED,
                null,
                Activation.RELU,
                Activation.IDENTITY,
                spec().reconstruction(),
                spec().beta(),
                null,
                1,
                0,
                null),
            line -> {})
        .run(files, folder);
  }

  @Override
  public double[] sgdWeights(List<Checkpoint> checkpoints) {
    long iterations = checkpoints.get(checkpoints.size() - 1).iteration();
    return CheckpointWeights.sgd(
        checkpoints, TrainingSpec.sgd(3e-4, 64, iterations, 1, 1), TRAINED_ON);
  }
}
