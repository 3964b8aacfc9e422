package latentrace.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.Listener;
import latentrace.Version;
import latentrace.backend.Backend;
import latentrace.backend.Names;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.Json;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.FileHash;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Noise;
import latentrace.influence.ParameterSelection;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn;
import latentrace.model.Estimator;
import latentrace.model.ModelSpec;
import latentrace.model.Objective;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What {@code score} and {@code self} share. */
final class ScoringOptions {
  @Option(
      names = "--checkpoints",
      required = true,
      paramLabel = "DIR|FILE,...",
      description = "a folder that 'latentrace train' left, or checkpoint files of one")
  private String checkpoints;

  @Option(names = "--train", required = true, paramLabel = "FILE", description = "training samples")
  private Path train;

  @Option(
      names = "--train-labels",
      paramLabel = "FILE",
      description = "their labels, if not in the file (for a classifier)")
  private Path trainLabels;

  @Mixin private TrainingData range;

  @Mixin private ImageSize size;

  @Option(
      names = "--draws",
      paramLabel = "M",
      defaultValue = "16",
      description = "latent draws per sample. Default: ${DEFAULT-VALUE}")
  private int draws;

  @Option(
      names = "--noise",
      paramLabel = "N",
      defaultValue = "contract",
      description =
          "contract (by seed, sample, draw and checkpoint), mean (none, one draw at the mean), or a"
              + " .npy of draws [m,d], [n,m,d] or [checkpoints,n,m,d]. Default: ${DEFAULT-VALUE}")
  private String noise;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "of the draws. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--weights",
      paramLabel = "W",
      defaultValue = "uniform",
      description =
          "of the checkpoints: uniform (the paper's eq. 10), sgd (lr * batch * iterations between"
              + " checkpoints / N: the published code) or w1,w2,... in the order of the files. Default: ${DEFAULT-VALUE}")
  private String weights;

  @Option(
      names = "--estimator",
      paramLabel = "NAME",
      defaultValue = "pathwise",
      description =
          "of the encoder's gradient: pathwise, or score-function (eq. 9)."
              + " Default: ${DEFAULT-VALUE}")
  private Estimator estimator;

  @Option(
      names = "--parameters",
      paramLabel = "P",
      defaultValue = "all",
      description =
          "which count: all, encoder, decoder or last:K (the last K tensors of each part)."
              + " Default: ${DEFAULT-VALUE}")
  private String parameters;

  @Option(
      names = "--attribution-loss",
      paramLabel = "NAME",
      defaultValue = "as-trained",
      description =
          "whose gradients count: as-trained, bernoulli, gaussian, mse or l1."
              + " Default: ${DEFAULT-VALUE}")
  private String attributionLoss;

  @Option(names = "--beta", paramLabel = "B", description = "of that loss. Default: as trained")
  private Double beta;

  @Option(
      names = "--loss-scale",
      paramLabel = "F",
      description = "factor on that loss. Default: as trained")
  private Double lossScale;

  @Option(
      names = "--tile",
      paramLabel = "N",
      description =
          "training samples worked on at a time; changes memory and speed, not results (on a GPU,"
              + " their last bits). Default: as suits the backend and its memory")
  private Integer tile;

  @Option(
      names = "--restart",
      description =
          "begin anew, where an earlier run was cut off. Default: go on with it, to the same bytes")
  private boolean restart;

  /** A run whose input is checked. */
  @SuppressWarnings("ArrayRecordComponent") // carries arguments, never compared
  record Prepared(
      List<Checkpoint> checkpoints,
      double[] weights,
      VaeTracIn.Settings settings,
      Dataset train,
      ModelFile model,
      Map<String, Object> provenance) {
    VaeTracIn on(Backend backend, Listener listener) {
      return new VaeTracIn(backend, model.model(), checkpoints, weights, settings, listener);
    }

    /** The loss at the last checkpoint. */
    Objective objective() {
      return settings
          .attribution()
          .at(model.model(), checkpoints.get(checkpoints.size() - 1).iteration());
    }
  }

  /**
   * The unfinished run beside an output: found there, or begun.
   *
   * @param provenance all that the result depends on
   */
  PartialRun partial(Path output, String what, Backend backend, Map<String, Object> provenance) {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("what", what);
    identity.put("backend", backend.name() + ": " + backend.description());
    identity.putAll(provenance);
    return PartialRun.in(
        output.resolveSibling(output.getFileName() + ".partial"), withoutFiles(identity), restart);
  }

  /** Content counts, not where it lies: the same without the fields called "file". */
  private static Map<String, Object> withoutFiles(Map<?, ?> fields) {
    Map<String, Object> left = new LinkedHashMap<>();
    fields.forEach(
        (key, value) -> {
          if (!key.equals("file")) {
            left.put(
                key.toString(),
                value instanceof Map<?, ?> map
                    ? withoutFiles(map)
                    : value instanceof List<?> list
                        ? list.stream()
                            .map(v -> v instanceof Map<?, ?> map ? withoutFiles(map) : v)
                            .toList()
                        : value);
          }
        });
    return left;
  }

  Prepared prepare(boolean independentSelf) {
    List<Checkpoint> list = checkpoints();
    ModelFile model = modelFile(list);
    Dataset data = range.read(train, trainLabels, size);
    requireMeaning(model, independentSelf);
    double[] w;
    VaeTracIn.Settings settings;
    if (tile != null && tile < 1) {
      throw new InputException("--tile: found %d, expected at least 1".formatted(tile));
    }
    try {
      w = weights(list, model);
      settings =
          new VaeTracIn.Settings(
              draws,
              noise(),
              estimator,
              ParameterSelection.parse(parameters),
              attribution(),
              independentSelf,
              tile == null ? VaeTracIn.Settings.AUTOMATIC : tile);
      settings.attribution().at(model.model(), 0); // there is such a loss
    } catch (IllegalArgumentException e) {
      throw new InputException("--" + e.getMessage(), e);
    }
    if (estimator == Estimator.SCORE_FUNCTION
        && (model.model().latent() == 0
            || !model.model().isVae()
            || (beta == null && !model.model().objectiveAt(0).isLinearInKl()))) {
      throw new InputException(
          "--estimator: score-function needs a VAE with objective H (or --beta), this is a %s with"
                  .formatted(model.model().model())
              + " objective "
              + model.model().objective());
    }
    return new Prepared(
        list, w, settings, data, model, provenance(list, w, data, settings, model.model()));
  }

  /** The size that the images of both sides are brought to. */
  ImageSize imageSize() {
    return size;
  }

  /** Of the draws. */
  long seed() {
    return seed;
  }

  /** Refuses weights of checkpoints, where only the last counts. */
  void requireOneSetOfParameters() {
    if (!weights.equals("uniform")) {
      throw new InputException(
          "--weights: this command looks at the end of training, one set of parameters: leave it out");
    }
  }

  /** Refuses flags that would have no effect on this model. */
  private void requireMeaning(ModelFile model, boolean independentSelf) {
    String kind = model.model().model();
    boolean vae = model.model().isVae();
    if (!vae && beta != null) {
      throw new InputException("--beta: a %s has no KL term".formatted(kind));
    }
    if (model.model().isClassifier() && !attributionLoss.equals("as-trained")) {
      throw new InputException(
          "--attribution-loss: a %s is scored by its cross-entropy".formatted(kind));
    }
    if (independentSelf && (!vae || !noise.equals("contract"))) {
      throw new InputException("--self-noise: independent needs a VAE and --noise contract");
    }
  }

  private List<Checkpoint> checkpoints() {
    Path folder = Path.of(checkpoints);
    if (Files.isDirectory(folder)) {
      List<Checkpoint> list = Checkpoint.list(folder);
      if (list.isEmpty()) {
        throw new InputException(
            "--checkpoints: no checkpoint-<iteration>.safetensors in " + folder);
      }
      return list;
    }
    List<String> files = Arrays.stream(checkpoints.split(",", -1)).map(String::strip).toList();
    List<Checkpoint> list = new ArrayList<>();
    for (String file : files) {
      Path path = Path.of(file);
      if (!Files.exists(path)) {
        throw new InputException("--checkpoints: %s: no such file or folder".formatted(file));
      }
      if (Files.isDirectory(path)) {
        throw new InputException(
            "--checkpoints: %s is a folder; give one folder, or files".formatted(file));
      }
      list.add(Checkpoint.of(path));
    }
    for (int c = 1; c < list.size(); c++) {
      if (list.get(c).iteration() <= list.get(c - 1).iteration()) {
        throw new InputException(
            "--checkpoints: %s after %s: list them by rising iteration, each once"
                .formatted(files.get(c), files.get(c - 1)));
      }
    }
    return list;
  }

  private static ModelFile modelFile(List<Checkpoint> list) {
    ModelFile first = null;
    Path firstFolder = null;
    for (Checkpoint checkpoint : list) {
      Path folder = checkpoint.file().toAbsolutePath().getParent();
      if (folder.equals(firstFolder)) {
        continue;
      }
      ModelFile next = ModelFile.read(folder);
      if (first != null && !first.model().equals(next.model())) {
        throw new InputException(
            "--checkpoints: %s and %s are of different models".formatted(firstFolder, folder));
      }
      first = first == null ? next : first;
      firstFolder = firstFolder == null ? folder : firstFolder;
    }
    return first;
  }

  private double[] weights(List<Checkpoint> list, ModelFile model) {
    return switch (weights) {
      case "uniform" -> CheckpointWeights.uniform(list.size());
      case "sgd" -> {
        if (model.training() == null) {
          throw new IllegalArgumentException(
              "weights: sgd needs to know how the model was trained, this one was imported: give"
                  + " uniform or w1,w2,...");
        }
        yield CheckpointWeights.sgd(list, model.training(), model.data().count());
      }
      default -> CheckpointWeights.parse(weights, list.size());
    };
  }

  private Noise noise() {
    return switch (noise) {
      case "contract" -> Noise.contract(seed);
      case "mean" -> Noise.mean();
      default -> givenNoise();
    };
  }

  private Noise givenNoise() {
    if (!noise.endsWith(".npy")) {
      throw new IllegalArgumentException(
          "noise: found '%s', expected contract, mean or a .npy file".formatted(noise));
    }
    NpyArray array = Npy.read(Path.of(noise));
    return Noise.given(noise, array.shape(), array.toFloats());
  }

  private VaeTracIn.Attribution attribution() {
    Reconstruction reconstruction = null;
    if (!attributionLoss.equals("as-trained")) {
      for (Reconstruction candidate : Reconstruction.values()) {
        if (Names.id(candidate).equals(attributionLoss)) {
          reconstruction = candidate;
        }
      }
      if (reconstruction == null) {
        throw new IllegalArgumentException(
            "attribution-loss: found '%s', expected as-trained, bernoulli, gaussian, mse or l1"
                .formatted(attributionLoss));
      }
    }
    if (beta != null && !(beta >= 0 && Double.isFinite(beta))) {
      throw new IllegalArgumentException("beta: found %s, expected a number >= 0".formatted(beta));
    }
    if (lossScale != null && !(lossScale > 0 && Double.isFinite(lossScale))) {
      throw new IllegalArgumentException(
          "loss-scale: found %s, expected a number > 0".formatted(lossScale));
    }
    return new VaeTracIn.Attribution(reconstruction, beta, lossScale);
  }

  private Map<String, Object> provenance(
      List<Checkpoint> list,
      double[] w,
      Dataset data,
      VaeTracIn.Settings settings,
      ModelSpec model) {
    Map<String, Object> provenance = new LinkedHashMap<>();
    List<Map<String, Object>> files = new ArrayList<>();
    for (int c = 0; c < list.size(); c++) {
      Map<String, Object> file = new LinkedHashMap<>();
      file.put("file", list.get(c).file().toString());
      file.put("iteration", list.get(c).iteration());
      file.put("weight", w[c]);
      file.put("sha256", FileHash.sha256(list.get(c).file()));
      files.add(file);
    }
    provenance.put("checkpoints", files);
    provenance.put("train", describe(train, data));
    provenance.put("resize", size.describe());
    provenance.put("model", model);
    provenance.put("draws", model.isVae() ? settings.noise().draws(draws) : 1);
    provenance.put("noise", settings.noise().describe());
    if (noise.endsWith(".npy")) {
      provenance.put("noiseSha256", FileHash.sha256(Path.of(noise)));
    }
    provenance.put("seed", seed);
    provenance.put("estimator", Names.id(estimator));
    provenance.put("parameters", parameters);
    provenance.put("weights", weights);
    provenance.put("attributionLoss", attributionLoss);
    provenance.put("beta", beta == null ? "as-trained" : beta);
    provenance.put("lossScale", lossScale == null ? "as-trained" : lossScale);
    provenance.put("latentrace", Version.CURRENT);
    provenance.put("java", Runtime.version().toString());
    return provenance;
  }

  /** A data set as provenance has it. */
  static Map<String, Object> describe(Path file, Dataset data) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("file", file.toString());
    description.put("first", data.fileIndex(0));
    description.put("count", data.count());
    description.put("sampleShape", data.shape());
    description.put("sha256", data.hash());
    return description;
  }

  /** Writes what made {@code output} beside it: scores.npy gets scores.json. */
  static void writeProvenance(
      Path output, String what, Backend backend, Map<String, Object> provenance) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("what", what);
    all.putAll(provenance);
    all.put("math", backend.math());
    all.put("backend", backend.name() + ": " + backend.description());
    Json.write(Outputs.provenanceOf(output), all);
  }

  /** Refuses an output that could not be written or would destroy an input, before the work. */
  void requireOutput(String flag, Path output, Path... otherInputs) {
    Outputs.requireFile(flag, output, ".npy");
    Outputs.requireProvenance(flag, output);
    List<Path> inputs = new ArrayList<>(Arrays.asList(otherInputs));
    inputs.add(train);
    inputs.add(trainLabels);
    if (noise.endsWith(".npy")) {
      inputs.add(Path.of(noise));
    }
    Outputs.requireOther(flag, output, inputs);
  }
}
