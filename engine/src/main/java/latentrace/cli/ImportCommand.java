package latentrace.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.WeightImport;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "import",
    description = {
      "Makes checkpoints of weights that PyTorch trained.",
      "Reads PyTorch's zip format (a state_dict, or a dict that contains one) and safetensors."
          + " Nothing in a file is run: it may hold tensors, containers and numbers only, anything"
          + " else is refused by name. Sizes are taken from the tensors. Leaves model.json and"
          + " checkpoint-<iteration>.safetensors; the iteration is the dict's 'iter', else the last"
          + " number in the file's name."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ImportCommand implements Callable<Integer> {
  private static final List<String> ENDINGS = List.of(".pt", ".pth", ".ckpt", ".safetensors");

  @Option(
      names = "--from",
      required = true,
      paramLabel = "FILE,...|DIR",
      description =
          "files, or a folder: all of it in .pt, .pth, .ckpt or .safetensors, and those without an"
              + " ending")
  private String from;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "NAME",
      description =
          "mlp-vae, mlp-autoencoder, mlp-classifier, conv-vae, burgess-vae, denoising-mnist,"
              + " denoising-cifar, recurrent-autoencoder or simclr (of [3,32,32])")
  private String model;

  @Option(
      names = "--reconstruction",
      paramLabel = "NAME",
      description =
          "the loss it was trained with: bernoulli (cross-entropy on logits), gaussian (squared"
              + " error after a sigmoid), mse or l1. Needed for a VAE; default otherwise: l1 for a"
              + " recurrent-autoencoder, else mse")
  private Reconstruction reconstruction;

  @Option(
      names = "--beta",
      paramLabel = "F",
      description = "of a VAE's loss, reconstruction + beta KL. Default: 1")
  private Double beta;

  @Option(
      names = "--gamma",
      paramLabel = "F",
      description =
          "of a VAE trained on reconstruction + gamma |KL - C| (Burgess et al.), instead of --beta")
  private Double gamma;

  @Option(
      names = "--capacity",
      paramLabel = "F",
      description = "C at the end of that training, in nats; goes with --gamma")
  private Double capacity;

  @Option(
      names = "--loss-scale",
      paramLabel = "F",
      defaultValue = "1",
      description = "factor on the loss. Default: ${DEFAULT-VALUE}")
  private double lossScale;

  @Option(
      names = "--heads",
      paramLabel = "ORDER",
      defaultValue = "concatenated",
      description =
          "how a VAE's encoder gives mean and log variance: concatenated (first all means), or"
              + " interleaved. Default: ${DEFAULT-VALUE}")
  private WeightImport.Heads heads;

  @Option(
      names = "--steps",
      paramLabel = "T",
      description =
          "time steps of a sample of a recurrent-autoencoder, which its weights do not tell")
  private Integer steps;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description = "between the layers of an mlp-... model. Default: relu")
  private Activation activation;

  @Option(
      names = "--output-activation",
      paramLabel = "NAME",
      description = "after the last layer of an mlp-... model. Default: identity")
  private Activation outputActivation;

  @Mixin private PretextOptions pretext;

  @Option(
      names = "--state",
      paramLabel = "PATH",
      description =
          "where in a file the weights are, e.g. model_states.net. Default: the dict with the most"
              + " tensors")
  private String state;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "a folder without a model in it; made if missing")
  private Path out;

  @Option(names = "--quiet", description = "print nothing")
  private boolean quiet;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    WeightImport.Settings settings = settings();
    Outputs.requireFolder("--out", out);
    if (Files.exists(out.resolve(ModelFile.NAME))
        || (Files.isDirectory(out) && !Checkpoint.list(out).isEmpty())) {
      throw new InputException("--out: %s holds a model already".formatted(out));
    }
    ModelFile file =
        new WeightImport(
                settings,
                line -> {
                  if (!quiet) {
                    spec.commandLine().getOut().println(line);
                  }
                })
            .run(files(), out);
    if (!quiet) {
      spec.commandLine()
          .getOut()
          .printf(
              "%s: %s, %d checkpoint%s%n",
              out,
              WeightImport.sizes(file.model()),
              file.imported().size(),
              file.imported().size() == 1 ? "" : "s");
    }
    return Main.OK;
  }

  private WeightImport.Settings settings() {
    if (!ModelSpec.MODELS.contains(model)) {
      throw new InputException(
          "--model: found '%s', expected one of %s"
              .formatted(model, String.join(", ", ModelSpec.MODELS)));
    }
    boolean vae = model.endsWith("-vae");
    if (vae && reconstruction == null) {
      throw new InputException(
          "--reconstruction: a %s needs the loss it was trained with: bernoulli, gaussian or mse"
              .formatted(model));
    }
    if (!vae && beta != null) {
      throw new InputException("--beta: a %s has no KL term".formatted(model));
    }
    if (!vae && gamma != null) {
      throw new InputException("--gamma: a %s has no KL term".formatted(model));
    }
    if ((gamma == null) != (capacity == null)) {
      throw new InputException(
          "--%s: --gamma and --capacity go together"
              .formatted(gamma == null ? "capacity" : "gamma"));
    }
    if (gamma != null && beta != null) {
      throw new InputException("--beta: the loss with --gamma has none");
    }
    requireAtLeastZero("--beta", beta);
    requireAtLeastZero("--gamma", gamma);
    requireAtLeastZero("--capacity", capacity);
    if (!vae && heads == WeightImport.Heads.INTERLEAVED) {
      throw new InputException("--heads: a %s has no log variance".formatted(model));
    }
    if (!model.startsWith("mlp-") && (activation != null || outputActivation != null)) {
      throw new InputException(
          "--%sactivation: the layers of a %s are fixed"
              .formatted(activation != null ? "" : "output-", model));
    }
    if (!(lossScale > 0 && Double.isFinite(lossScale))) {
      throw new InputException(
          "--loss-scale: found %s, expected a number > 0".formatted(lossScale));
    }
    Pretext task;
    try {
      task = pretext.of(model);
    } catch (IllegalArgumentException e) {
      throw new InputException("--" + e.getMessage(), e);
    }
    boolean recurrent = model.equals(ModelSpec.RECURRENT_AUTOENCODER);
    if (recurrent && steps == null) {
      throw new InputException(
          "--steps: a %s needs the time steps of a sample, its weights do not tell"
              .formatted(model));
    }
    if (!recurrent && steps != null) {
      throw new InputException("--steps: a %s has no time steps".formatted(model));
    }
    if (recurrent && steps < 1) {
      throw new InputException("--steps: found %d, expected at least 1".formatted(steps));
    }
    return new WeightImport.Settings(
        model,
        heads,
        state,
        activation == null ? Activation.RELU : activation,
        outputActivation == null ? Activation.IDENTITY : outputActivation,
        reconstruction != null
            ? reconstruction
            : recurrent ? Reconstruction.L1 : Reconstruction.MSE,
        vae ? beta == null ? 1 : beta : 0,
        gamma == null ? null : new WeightImport.Burgess(gamma, capacity),
        lossScale,
        recurrent ? steps : 0,
        task);
  }

  private static void requireAtLeastZero(String flag, Double value) {
    if (value != null && !(value >= 0 && Double.isFinite(value))) {
      throw new InputException("%s: found %s, expected a number >= 0".formatted(flag, value));
    }
  }

  private List<Path> files() {
    Path folder = Path.of(from);
    if (!Files.isDirectory(folder)) {
      return Arrays.stream(from.split(",", -1)).map(String::strip).map(Path::of).toList();
    }
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(folder, Files::isRegularFile)) {
      content.forEach(
          file -> {
            String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
            if (!name.startsWith(".")
                && (name.indexOf('.') < 0 || ENDINGS.stream().anyMatch(name::endsWith))) {
              files.add(file);
            }
          });
    } catch (IOException e) {
      throw new InputException(folder + ": " + AtomicFiles.reason(e), e);
    }
    if (files.isEmpty()) {
      throw new InputException(
          "--from: nothing in %s, nor without an ending, in %s"
              .formatted(String.join(", ", ENDINGS), folder));
    }
    files.sort(null);
    return files;
  }
}
