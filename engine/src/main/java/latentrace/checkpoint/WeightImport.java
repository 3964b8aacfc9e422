package latentrace.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import latentrace.Version;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.data.FileHash;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;

/**
 * Makes {@code model.json} and checkpoints of the weights that another program trained. Sizes of
 * the model are taken from the tensors' shapes; tensors are matched by our names, by the names of
 * the papers' PyTorch modules, or else by order and shape.
 */
public final class WeightImport {
  private static final String REFERENCE = "ejml";

  /** Parameters and gradients in double, and the file's values. */
  private static final int BYTES_PER_ELEMENT = 48;

  /** No model of linear layers has more. */
  private static final int MOST_LINEAR = 64;

  /** How an encoder's last layer gives μ and lv = log σ². */
  public enum Heads {
    /** [μ | lv], as here. */
    CONCATENATED,
    /** μ₀, lv₀, μ₁, lv₁, …, as Label-Free-XAI's Burgess encoder. */
    INTERLEAVED
  }

  /**
   * What the weights do not tell.
   *
   * @param model one of {@link ModelSpec#MODELS}
   * @param heads order of the encoder's output; of a VAE only
   * @param state where in a file the weights are, e.g. model_states.net; null if there is only one
   *     place
   * @param activation between the layers of a model of linear layers
   * @param outputActivation after its last
   * @param reconstruction decoder distribution
   * @param beta of a VAE
   * @param burgess the other objective of a VAE, or null for reconstruction + β·KL
   * @param lossScale factor on the loss
   * @param steps T of a recurrent model, else 0
   * @param pretext what a denoising-… model was trained for; null for others
   */
  public record Settings(
      String model,
      Heads heads,
      String state,
      Activation activation,
      Activation outputActivation,
      Reconstruction reconstruction,
      double beta,
      Burgess burgess,
      double lossScale,
      int steps,
      Pretext pretext) {}

  /**
   * Objective B as it is at the end of training: reconstruction + γ·|KL − C| (Burgess et al. 2018).
   *
   * @param gamma γ
   * @param capacity C in nats
   */
  public record Burgess(double gamma, double capacity) {}

  /** Our name of a tensor, its name in the file and its shape. */
  private record Match(String ours, String theirs, List<Integer> shape) {}

  /** How a file's tensors fit a model. */
  private record Fit(ModelSpec spec, String manner, List<Match> matches) {}

  private record Source(Path path, long iteration, Fit fit) {}

  private final Settings settings;
  private final Consumer<String> report;

  /**
   * Prepares an import.
   *
   * @param report hears a line for each file and, where tensors are matched by order, for each
   *     tensor
   */
  public WeightImport(Settings settings, Consumer<String> report) {
    this.settings = settings;
    this.report = report;
  }

  /**
   * Reads and checks all files, then writes {@code model.json} and {@code
   * checkpoint-<iteration>.safetensors} for each. A file that repeats another's iteration and
   * weights is left out.
   *
   * @throws InputException if a file is damaged, refused or does not fit; nothing is written then
   */
  public ModelFile run(List<Path> files, Path folder) {
    Map<Long, Source> sources = new TreeMap<>();
    for (Path path : files) {
      Source source = WeightFile.with(path, settings.state(), this::check);
      Source other = sources.putIfAbsent(source.iteration(), source);
      if (other == null) {
        describe(source, sources.size() == 1);
      } else if (sameWeights(source, other)) {
        report.accept("%s: the same as %s, left out".formatted(path, other.path()));
      } else {
        throw new InputException(
            "%s and %s are both of iteration %d, with other weights"
                .formatted(other.path(), path, source.iteration()));
      }
    }
    ModelSpec spec = null;
    for (Source source : sources.values()) {
      spec = spec == null ? source.fit().spec() : spec;
      if (!spec.equals(source.fit().spec())) {
        throw new InputException(
            "%s: %s, the files before are %s"
                .formatted(source.path(), sizes(source.fit().spec()), sizes(spec)));
      }
    }
    List<ModelFile.ImportedFile> imported = new ArrayList<>();
    for (Source source : sources.values()) {
      Checkpoint.write(folder, source.iteration(), tensors(source));
      imported.add(
          new ModelFile.ImportedFile(
              source.path().getFileName().toString(),
              source.iteration(),
              FileHash.sha256(source.path())));
    }
    ModelFile model =
        new ModelFile(
            ModelFile.FORMAT,
            spec,
            null,
            null,
            null,
            imported,
            new TreeMap<>(
                Map.of("latentrace", Version.CURRENT, "java", Runtime.version().toString())));
    Json.write(folder.resolve(ModelFile.NAME), model);
    return model;
  }

  /** One line about a model's sizes. */
  public static String sizes(ModelSpec spec) {
    return "%s of %s, latent %d%s"
        .formatted(
            spec.model(),
            spec.sampleShape(),
            spec.latent(),
            spec.hidden().isEmpty() ? "" : ", hidden " + spec.hidden());
  }

  private void describe(Source source, boolean first) {
    Fit fit = source.fit();
    report.accept(
        "%s: iteration %d, %d tensors %s"
            .formatted(source.path(), source.iteration(), fit.matches().size(), fit.manner()));
    if (first && !fit.manner().startsWith("by name")) {
      for (Match match : fit.matches()) {
        report.accept(
            "  %s is %s %s"
                .formatted(match.ours(), InputException.printable(match.theirs()), match.shape()));
      }
    }
  }

  private boolean sameWeights(Source one, Source other) {
    Map<String, Safetensors.Tensor> left = tensors(one);
    Map<String, Safetensors.Tensor> right = tensors(other);
    return left.keySet().equals(right.keySet())
        && left.keySet().stream()
            .allMatch(name -> Arrays.equals(left.get(name).floats(), right.get(name).floats()));
  }

  /** Finds how a file fits, and reads all its values once. */
  private Source check(WeightFile file) {
    Fit fit = fit(file);
    convert(file, fit);
    return new Source(file.path(), file.iteration(), fit);
  }

  private Map<String, Safetensors.Tensor> tensors(Source source) {
    return WeightFile.with(source.path(), settings.state(), file -> convert(file, source.fit()));
  }

  private Map<String, Safetensors.Tensor> convert(WeightFile file, Fit fit) {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    String head = fit.spec().isVae() ? headOf(fit) : "";
    for (Match match : fit.matches()) {
      double[] values = file.values().apply(match.theirs()).toDoubles();
      int rows = match.shape().isEmpty() ? 1 : match.shape().get(0);
      boolean turn = settings.heads() == Heads.INTERLEAVED && match.ours().startsWith(head);
      float[] floats = new float[values.length];
      int width = values.length / rows;
      for (int i = 0; i < floats.length; i++) {
        int row = turn ? interleaved(i / width, rows / 2) : i / width;
        floats[i] = (float) values[row * width + i % width];
        if (!Float.isFinite(floats[i])) {
          throw new InputException(
              "%s: tensor %s has values that are not finite"
                  .formatted(file.path(), InputException.printable(match.theirs())));
        }
      }
      tensors.put(match.ours(), Safetensors.Tensor.of(match.shape(), floats));
    }
    return tensors;
  }

  /** The interleaved row that is ours: μ_l is row 2l of theirs, lv_l row 2l + 1. */
  private static int interleaved(int row, int latent) {
    return row < latent ? 2 * row : 2 * (row - latent) + 1;
  }

  /** First letters of the names of the encoder's last layer. */
  private static String headOf(Fit fit) {
    String head = "";
    for (Match match : fit.matches()) {
      if (match.ours().startsWith("encoder.")) {
        head = match.ours().substring(0, match.ours().lastIndexOf('.') + 1);
      }
    }
    return head;
  }

  /** By name, or by the first order in which all shapes fit. */
  private Fit fit(WeightFile file) {
    requireMemory(file);
    InputException first = null;
    for (List<String> order : List.of(file.inOrder(), file.inNaturalOrder())) {
      try {
        return fit(file, order);
      } catch (InputException e) {
        first = first == null ? e : first;
      }
    }
    throw first;
  }

  private Fit fit(WeightFile file, List<String> order) {
    ModelSpec spec = specOf(file, order);
    Map<String, List<Integer>> ours = shapesOf(spec);
    String place = file.state().isEmpty() ? "" : ", from " + InputException.printable(file.state());
    for (boolean torch : new boolean[] {false, true}) {
      List<Match> matches = new ArrayList<>();
      Map<String, List<Integer>> expected = new LinkedHashMap<>();
      ours.forEach(
          (name, shape) -> {
            String theirs = torch ? TorchNames.of(spec, name) : name;
            matches.add(new Match(name, theirs, shape));
            expected.put(theirs, shape);
          });
      if (expected.equals(withoutCopies(file, expected))) {
        return new Fit(spec, "by name" + place, matches);
      }
    }
    return new Fit(spec, "by order and shape" + place, byOrder(file, order, ours));
  }

  /**
   * The shapes of a file's tensors but for copies of the encoder's: Label-Free-XAI's classifier has
   * its encoder's layers a second time, as encoder_cnn beside encoder.encoder_cnn.
   */
  private static Map<String, List<Integer>> withoutCopies(
      WeightFile file, Map<String, List<Integer>> expected) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>(file.shapes());
    shapes
        .keySet()
        .removeIf(
            name ->
                !expected.containsKey(name)
                    && file.shapes().containsKey("encoder." + name)
                    && Arrays.equals(
                        file.values().apply(name).toDoubles(),
                        file.values().apply("encoder." + name).toDoubles()));
    return shapes;
  }

  private List<Match> byOrder(
      WeightFile file, List<String> order, Map<String, List<Integer>> ours) {
    List<Match> matches = new ArrayList<>();
    for (boolean statistics : new boolean[] {false, true}) {
      List<String> left = ours.keySet().stream().filter(n -> isStatistic(n) == statistics).toList();
      List<String> right = order.stream().filter(n -> isStatistic(n) == statistics).toList();
      if (left.size() != right.size()) {
        throw new InputException(
            "%s: %d %s, a %s has %d"
                .formatted(
                    file.path(),
                    right.size(),
                    statistics ? "running statistics" : "parameter tensors",
                    settings.model(),
                    left.size()));
      }
      for (int k = 0; k < left.size(); k++) {
        List<Integer> expected = ours.get(left.get(k));
        List<Integer> found = file.shapes().get(right.get(k));
        if (!expected.equals(found)) {
          throw new InputException(
              "%s: tensor %s is %s, expected %s for %s"
                  .formatted(
                      file.path(),
                      InputException.printable(right.get(k)),
                      found,
                      expected,
                      left.get(k)));
        }
        matches.add(new Match(left.get(k), right.get(k), expected));
      }
    }
    return matches;
  }

  private static boolean isStatistic(String name) {
    return WeightFile.last(name).startsWith("running_");
  }

  /** Refuses what could not be worked with, before memory for it is asked. */
  private static void requireMemory(WeightFile file) {
    double elements = 0;
    for (List<Integer> shape : file.shapes().values()) {
      elements += shape.stream().mapToDouble(s -> s).reduce(1, (a, b) -> a * b);
    }
    long most = Runtime.getRuntime().maxMemory();
    if (elements * BYTES_PER_ELEMENT > most) {
      throw new InputException(
          "%s: %.0f values need about %.0f MiB of memory, the JVM may use %d MiB: raise -Xmx"
              .formatted(
                  file.path(), elements, elements * BYTES_PER_ELEMENT / (1 << 20), most >> 20));
    }
  }

  /** The tensors of a checkpoint of a model. */
  static Map<String, List<Integer>> shapesOf(ModelSpec spec) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    try (Backend backend = Backends.open(REFERENCE);
        Model model = Model.create(backend, spec)) {
      model.parameters().state().forEach((name, p) -> shapes.put(name, p.shape()));
    }
    return shapes;
  }

  private ModelSpec specOf(WeightFile file, List<String> order) {
    try {
      ModelSpec spec = spec(file, order);
      Burgess burgess = settings.burgess();
      return burgess == null ? spec : spec.withBurgess(burgess.gamma(), burgess.capacity(), 0);
    } catch (IllegalArgumentException e) {
      throw new InputException(
          "%s: no %s: %s".formatted(file.path(), settings.model(), e.getMessage()), e);
    }
  }

  /** The model of these weights, whose sizes are read from the matrices and filters in order. */
  private ModelSpec spec(WeightFile file, List<String> order) {
    List<List<Integer>> filters = new ArrayList<>();
    List<List<Integer>> matrices = new ArrayList<>();
    for (String name : order) {
      List<Integer> shape = file.shapes().get(name);
      if (shape.size() == 4) {
        filters.add(shape);
      } else if (shape.size() == 2) {
        matrices.add(shape);
      }
    }
    String model = settings.model();
    return switch (model) {
      case ModelSpec.CONV_VAE ->
          ModelSpec.convVae(
                  extent(filters, 0, 1, 32, -1, 4, 4),
                  extent(matrices, 0, 0, -1, 256) / 2,
                  settings.beta(),
                  settings.reconstruction())
              .withLossScale(settings.lossScale());
      case ModelSpec.BURGESS_VAE ->
          ModelSpec.burgessVae(
                  extent(filters, 0, 1, 32, -1, 4, 4),
                  filters.size() < 8 ? 32 : 64,
                  extent(matrices, 2, 0, -1, 256) / 2,
                  settings.beta(),
                  settings.reconstruction())
              .withLossScale(settings.lossScale());
      case ModelSpec.DENOISING_MNIST, ModelSpec.DENOISING_CIFAR ->
          ModelSpec.denoising(model, extent(matrices, 1, 0, -1, 128))
              .withPretext(settings.pretext(), classes(matrices))
              .withLossScale(settings.lossScale());
      case ModelSpec.RECURRENT_AUTOENCODER -> recurrent(matrices);
      case ModelSpec.SIMCLR ->
          ModelSpec.simClr(List.of(3, 32, 32), extent(filters, 0, 0, -1, 3, 3, 3))
              .withLossScale(settings.lossScale());
      default -> {
        if (!filters.isEmpty()) {
          throw new IllegalArgumentException("%d filters in it".formatted(filters.size()));
        }
        yield linear(matrices);
      }
    };
  }

  /** Outputs of the linear layer that a classifier has on its code; 0 for other tasks. */
  private int classes(List<List<Integer>> matrices) {
    boolean classifier =
        settings.pretext() != null && settings.pretext().task() == Pretext.Task.CLASSIFICATION;
    return classifier ? extent(matrices, matrices.size() - 1, 0, -1, -1) : 0;
  }

  /** The first memory has 2d units that read C features. */
  private ModelSpec recurrent(List<List<Integer>> matrices) {
    int features = extent(matrices, 0, 1, -1, -1);
    int units = extent(matrices, 1, 1, -1, -1);
    int steps = settings.steps();
    return ModelSpec.recurrent(features == 1 ? List.of(steps) : List.of(steps, features), units / 2)
        .withReconstruction(settings.reconstruction())
        .withLossScale(settings.lossScale());
  }

  /** One extent of a shape, of which the others are given; −1 stands for any. */
  private static int extent(List<List<Integer>> shapes, int index, int axis, Integer... expected) {
    if (index >= shapes.size()) {
      throw new IllegalArgumentException("too few weights");
    }
    List<Integer> shape = shapes.get(index);
    for (int k = 0; k < expected.length; k++) {
      if (expected[k] >= 0 && !expected[k].equals(shape.get(k))) {
        throw new IllegalArgumentException(
            "found a weight of %s, expected %s"
                .formatted(shape, Arrays.toString(expected).replace("-1", "any")));
      }
    }
    return shape.get(axis);
  }

  /** D → hidden → code in the encoder's matrices [out,in], and the same back in the decoder's. */
  private ModelSpec linear(List<List<Integer>> matrices) {
    boolean classifier = settings.model().equals(ModelSpec.MLP_CLASSIFIER);
    int encoder = classifier ? matrices.size() - 1 : matrices.size() / 2;
    if (encoder < 1 || encoder > MOST_LINEAR) {
      throw new IllegalArgumentException(
          "%d weight matrices, expected 2 to %d".formatted(matrices.size(), MOST_LINEAR));
    }
    boolean vae = settings.model().equals(ModelSpec.MLP_VAE);
    int code = matrices.get(encoder - 1).get(0);
    int latent = vae ? code / 2 : code;
    for (int k = 1; k < matrices.size(); k++) {
      int before = k == encoder ? latent : matrices.get(k - 1).get(0);
      if (matrices.get(k).get(1) != before) {
        throw new IllegalArgumentException(
            "a weight of %s after one of %s, expected [any, %d]"
                .formatted(matrices.get(k), matrices.get(k - 1), before));
      }
    }
    return ModelSpec.builder(settings.model(), List.of(matrices.get(0).get(1)), latent)
        .hidden(matrices.subList(0, encoder - 1).stream().map(m -> m.get(0)).toList())
        .classes(classifier ? matrices.get(encoder).get(0) : 0)
        .activation(settings.activation())
        .outputActivation(settings.outputActivation())
        .reconstruction(settings.reconstruction())
        .beta(settings.beta())
        .lossScale(settings.lossScale())
        .build();
  }
}
