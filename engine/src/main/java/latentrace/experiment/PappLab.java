package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import latentrace.attribution.FeatureImportance;
import latentrace.attribution.FeatureVisualization;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.attribution.Target;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Gradients;
import latentrace.influence.ParameterSelection;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.influence.curvature.EkFac;
import latentrace.influence.curvature.InfluenceFunctions;
import latentrace.influence.curvature.InfluenceFunctions.Normalisation;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Objective;
import latentrace.model.Pretext;
import latentrace.model.Pretext.Task;
import latentrace.neighbors.ExampleImportance;

/** The models of Papp et al. 2023, the data that they are examined on, and how they are. */
final class PappLab extends Lab {
  /**
   * Inputs that go through a model together: as in the published code, whose gradient SHAP mixes
   * them up.
   */
  private static final int ROWS = 300;

  private static final int VAE_SIDE = 32;
  private static final double DAMPING = 1e-3;
  private static final double RELATIVE_DAMPING = 0.1;

  private final PappScale scale;
  private final Map<String, Domain> domains = new HashMap<>();

  /** Nothing is read or done yet. */
  PappLab(Settings settings, PappScale scale, Means means) {
    super(settings, means);
    this.scale = scale;
  }

  PappScale scale() {
    return scale;
  }

  /** 0, 1, …: a seed each. */
  IntStream runs() {
    return IntStream.range(0, scale.runs());
  }

  private Domain domain(
      String name, Source train, Dataset test, float[] baseline, PappScale.Regime regime) {
    List<String> notes = new ArrayList<>(ExperimentData.notes(train));
    if (settings().scale() != Scale.PAPER) {
      notes.add(regime.describe(name, train.data().count()));
    }
    return new Domain(name, train.data(), test, baseline, regime, notes);
  }

  /** MNIST; a masked pixel is black. */
  Domain mnist() {
    return domains.computeIfAbsent(
        "mnist",
        key -> {
          Source train = mnistSource().first(scale.mnist().samples());
          Dataset test = drawn("mnist test", mnistTestSource().data(), scale.tests());
          return domain("MNIST", train, test, new float[test.sampleSize()], scale.mnist());
        });
  }

  /** CIFAR-10; a masked pixel is the mean image's. */
  Domain cifar() {
    return domains.computeIfAbsent(
        "cifar",
        key -> {
          Source train = source("cifar", data()::cifarTrain).first(scale.cifar().samples());
          Dataset all = source("cifar test", data()::cifarTestImages).data();
          return domain(
              "CIFAR-10",
              train,
              drawn("cifar test", all, scale.tests()),
              FeatureImportance.mean(train.data()),
              scale.cifar());
        });
  }

  /** CIFAR-100 as {@link #cifar}. */
  private Domain cifar100() {
    return domains.computeIfAbsent(
        "cifar100",
        key -> {
          Source train = data().cifar100Train().first(scale.cifar().samples());
          return domain(
              "CIFAR-100",
              train,
              drawn("cifar test", data().cifar100Test().data(), scale.tests()),
              FeatureImportance.mean(train.data()),
              scale.cifar());
        });
  }

  /** The domains of colour images: CIFAR-100 only where it is among the data. */
  List<Domain> colours() {
    return data().hasCifar100() ? List.of(cifar(), cifar100()) : List.of(cifar());
  }

  /** ECG5000 in random order, labelled 0 if normal and 1 otherwise. */
  private Source heartbeats() {
    return source(
        "heartbeats",
        () -> {
          Source all = data().heartbeats();
          Dataset shuffled = drawn("heartbeats", all.data(), all.data().count());
          int[] anomalous = Arrays.stream(shuffled.labels()).map(l -> l == 1 ? 0 : 1).toArray();
          return new Source(shuffled.withLabels(anomalous), all.note());
        });
  }

  /** ECG5000, trained on normal beats, to explain others; masked steps are the mean normal's. */
  Domain anomalies() {
    return domains.computeIfAbsent(
        "anomalies",
        key -> {
          Source normal = heartbeats().of(0).first(scale.heartbeats().samples());
          return domain(
              "ECG5000",
              normal,
              heartbeats().of(1).first(scale.tests()).data(),
              FeatureImportance.mean(normal.data()),
              scale.heartbeats());
        });
  }

  /** ECG5000, four fifths of all beats to train on. */
  Domain beats() {
    return domains.computeIfAbsent(
        "beats",
        key -> {
          Dataset all = heartbeats().data();
          int split = all.count() * 4 / 5;
          Dataset test = all.range(split, Math.min(scale.tests(), all.count() - split));
          Source train = heartbeats().first(Math.min(split, scale.heartbeats().samples()));
          return domain("ECG5000", train, test, new float[test.sampleSize()], scale.heartbeats());
        });
  }

  /** MNIST in the size of the disentangled VAEs. */
  Domain large() {
    return domains.computeIfAbsent(
        "large",
        key -> {
          Source train = mnistSource().first(scale.vae().samples());
          Dataset test = drawn("mnist test", mnistTestSource().data(), scale.tests());
          return domain(
              "MNIST, 32×32",
              new Source(train.data().resized(VAE_SIDE, VAE_SIDE), train.note()),
              test.resized(VAE_SIDE, VAE_SIDE),
              new float[VAE_SIDE * VAE_SIDE],
              scale.vae());
        });
  }

  /** dSprites. */
  Domain sprites() {
    return domains.computeIfAbsent(
        "sprites",
        key -> {
          int samples = scale.sprites().samples();
          Source all = data().sprites(samples + scale.spriteTests());
          Dataset test = all.data().range(samples, scale.spriteTests());
          return domain(
              "dSprites", all.first(samples), test, new float[test.sampleSize()], scale.sprites());
        });
  }

  /** What disentangled VAEs learn. */
  List<Domain> disentangled() {
    return List.of(large(), sprites());
  }

  /** Latent units of a disentangled VAE. */
  int latentUnits(Domain domain) {
    boolean small = domain.train().sampleShape()[1] == VAE_SIDE;
    return small ? PappScale.VAE_LATENT : PappScale.SPRITE_LATENT;
  }

  /** The model of a pretext task; of series there is one task, to give them back. */
  private ModelSpec spec(Domain domain, Task task) {
    List<Integer> shape = domain.train().shape();
    if (shape.size() < 3) {
      return ModelSpec.recurrent(shape, scale.heartbeatLatent());
    }
    boolean colour = domain.channels() > 1;
    int latent = colour ? PappScale.CIFAR_LATENT : PappScale.MNIST_LATENT;
    String model = colour ? ModelSpec.DENOISING_CIFAR : ModelSpec.DENOISING_MNIST;
    return ModelSpec.denoising(model, latent).withPretext(Pretext.of(task), domain.classes());
  }

  /** An encoder of a run, trained for a task. */
  TrainStage encoder(Domain domain, Task task, int run) {
    return train(spec(domain, task), domain.regime().training(seed() + run), domain.train());
  }

  /** The encoder of claims 1.1 and 1.2: SimCLR's of colour images, of others one that denoises. */
  TrainStage examined(Domain domain, int run) {
    if (domain.channels() == 1) {
      return encoder(domain, Task.DENOISING, run);
    }
    ModelSpec spec = ModelSpec.simClr(domain.train().shape(), scale.simClrWidth());
    return train(spec, scale.simClr().contrastive(seed() + run), domain.train());
  }

  /** What stands in for what where that encoder is examined. */
  List<String> notesOfExamined(Domain domain) {
    if (domain.channels() == 1) {
      return domain.notes();
    }
    List<String> notes = new ArrayList<>(domain.notes());
    if (settings().scale() != Scale.PAPER) {
      notes.remove(notes.size() - 1); // of the auto-encoders
      notes.add(scale.simClr().describe("SimCLR of " + domain.name(), domain.train().count()));
    }
    notes.add(
        "Its ResNet-18 has width %d and random weights at first (paper: 64, from ImageNet)."
            .formatted(scale.simClrWidth()));
    return notes;
  }

  /** A disentangled VAE of a run: a β-VAE or, by total correlation, a TC-VAE. */
  TrainStage vae(Domain domain, boolean totalCorrelation, double beta, int run) {
    int side = domain.train().sampleShape()[1];
    ModelSpec spec =
        ModelSpec.burgessVae(1, side, latentUnits(domain), beta, Reconstruction.BERNOULLI);
    ModelSpec trained = totalCorrelation ? spec.withTotalCorrelation(beta) : spec;
    return train(trained, domain.regime().training(seed() + run), domain.train());
  }

  /** A classifier of MNIST trained anew, with features removed; of a run. */
  TrainStage retrained(Dataset masked, int run) {
    ModelSpec spec =
        ModelSpec.builder(ModelSpec.MLP_CLASSIFIER, masked.shape(), 64)
            .hidden(List.of(128))
            .classes(PappScale.CLASSES)
            .activation(Activation.TANH)
            .build();
    return train(spec, scale.retrained().training(seed() + run), masked);
  }

  /** A matrix that depends on a model, on data, and on more. */
  MatrixStage matrix(
      String kind,
      String what,
      ModelStage model,
      List<Dataset> data,
      Map<String, Object> more,
      Supplier<float[][]> work) {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", StageStore.key(model));
    identity.put("data", data.stream().map(ModelFile.DataReference::of).toList());
    identity.putAll(new TreeMap<>(more)); // in an order that is the same in every run
    identity.put("seed", seed());
    identity.put("engine", engine());
    return new MatrixStage(kind, what + ", " + data.get(0).name(), identity, work);
  }

  /** Does something with a model as its last checkpoint left it. */
  <T> T open(ModelStage stage, Function<Model, T> use) {
    try (Model model = Model.create(backend(), stage.spec())) {
      ModelStage.last(get(stage)).get(0).load(model);
      return use.apply(model);
    }
  }

  /** Does something with its representation. */
  <T> T open(ModelStage stage, Depth depth, Function<Representation, T> use) {
    return open(
        stage,
        model -> {
          try (Representation f = new Representation(model, depth, ROWS)) {
            return use.apply(f);
          }
        });
  }

  /** Label-free attributions [N,D]. */
  MatrixStage attributions(
      ModelStage model, Depth depth, Importance importance, Dataset data, float[] baseline) {
    return attributions(model, depth, importance, Target.labelFree(), "label-free", data, baseline);
  }

  /** Attributions of one latent unit [N,D]. */
  MatrixStage attributions(
      ModelStage model, Importance importance, int unit, Dataset data, float[] baseline) {
    return attributions(
        model, Depth.ENCODER, importance, Target.unit(unit), "unit " + unit, data, baseline);
  }

  private MatrixStage attributions(
      ModelStage model,
      Depth depth,
      Importance importance,
      Target target,
      String targetName,
      Dataset data,
      float[] baseline) {
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("depth", depth);
    more.put("importance", importance);
    more.put("target", targetName);
    more.put("steps", scale.steps());
    more.put("draws", scale.draws());
    more.put("baseline", Arrays.hashCode(baseline));
    return matrix(
        "attributions",
        importance + " of " + targetName,
        model,
        List.of(data),
        more,
        () ->
            open(
                model,
                depth,
                f ->
                    FeatureImportance.of(
                            f, target, importance.method(scale, baseline, seed()), data, listener())
                        .attributions()));
  }

  /** The importance of every sample of a corpus for every query [T,N]. */
  MatrixStage examples(ModelStage model, Likeness likeness, Dataset corpus, Dataset queries) {
    return matrix(
        "examples",
        likeness + " of " + queries.count() + " samples",
        model,
        List.of(corpus, queries),
        Map.of("likeness", likeness),
        () ->
            switch (likeness) {
              case TRACIN -> tracIn(model, ParameterSelection.ENCODER, corpus, queries);
              case INFLUENCE -> influence(model, corpus, queries);
              case PUBLISHED_TRACIN -> trainingMode(model, get(model), corpus, queries);
              case PUBLISHED_INFLUENCE ->
                  trainingMode(model, ModelStage.last(get(model)), corpus, queries);
              default ->
                  open(
                      model,
                      Depth.ENCODER,
                      f ->
                          ExampleImportance.scores(
                              likeness.byCodes(), f.of(corpus), f.of(queries), listener()));
            });
  }

  private VaeTracIn.Settings gradientsOf(ParameterSelection parameters) {
    return VaeTracIn.Settings.defaults(seed()).withParameters(parameters);
  }

  /** TracIn over all checkpoints, by all gradients of some parameters [T][N]. */
  float[][] tracIn(
      ModelStage model, ParameterSelection parameters, Dataset corpus, Dataset queries) {
    List<Checkpoint> checkpoints = get(model);
    VaeTracIn tracIn =
        new VaeTracIn(
            backend(),
            model.spec(),
            checkpoints,
            CheckpointWeights.uniform(checkpoints.size()),
            gradientsOf(parameters),
            listener());
    try (VaeTracIn.Result result = tracIn.scores(corpus, queries)) {
      return result.scores().toFloats();
    }
  }

  private float[][] trainingMode(
      ModelStage model, List<Checkpoint> checkpoints, Dataset corpus, Dataset queries) {
    return new TrainingModeGradients(backend(), model.spec(), seed(), listener())
        .products(checkpoints, corpus, queries);
  }

  /** The loss as trained, or squared errors instead of absolute ones, which have no curvature. */
  private static Objective curved(ModelSpec spec) {
    Reconstruction loss =
        spec.reconstruction() == Reconstruction.L1 ? Reconstruction.MSE : spec.reconstruction();
    return new VaeTracIn.Attribution(loss, null, null).at(spec, 0);
  }

  private float[][] influence(ModelStage stage, Dataset corpus, Dataset queries) {
    return open(
        stage,
        model -> {
          try (Gradients gradients =
              new Gradients(
                  model, gradientsOf(ParameterSelection.ENCODER), curved(stage.spec()), 0)) {
            EkFac curvature =
                new EkFac(
                    gradients,
                    corpus,
                    new EkFac.Settings(DAMPING, RELATIVE_DAMPING, 1, seed()),
                    listener());
            try (ScoreMatrix scores =
                new InfluenceFunctions(gradients, curvature, Normalisation.NONE, listener())
                    .scores(corpus, queries)) {
              return scores.toFloats();
            }
          }
        });
  }

  /** The inputs that the units of a model are highest and lowest at, in turn [2d,D]. */
  MatrixStage visualizations(ModelStage model, Domain domain) {
    FeatureVisualization.Settings defaults = FeatureVisualization.Settings.defaults(seed());
    FeatureVisualization.Settings climb =
        new FeatureVisualization.Settings(
            scale.climb(),
            defaults.learningRate(),
            defaults.jitter(),
            defaults.rotation(),
            defaults.blur(),
            seed());
    return matrix(
        "visualizations",
        "inputs that units respond to",
        model,
        List.of(domain.train()),
        Map.of("climb", climb),
        () ->
            open(
                model,
                Depth.ENCODER,
                f ->
                    IntStream.range(0, 2 * f.size())
                        .mapToObj(
                            k ->
                                new FeatureVisualization(climb)
                                    .of(
                                        f,
                                        domain.train().sampleShape(),
                                        k / 2,
                                        k % 2 == 0 ? 1 : -1))
                        .toArray(float[][]::new)));
  }
}
