package latentrace.experiment;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.VaeTracIn;
import latentrace.influence.VaeTracIn.Attribution;
import latentrace.model.Model;
import latentrace.model.ModelSpec;

/** A β-VAE, the data it was trained on, and what experiments ask about both. */
final class Study {
  private static final int ROWS = 256;
  private static final double DIGITS_BETA = 4;
  private static final double IMAGES_BETA = 2;
  private static final int BATCH = 64;

  /** The published code divides every loss by the number of values of its largest images. */
  private static final double PUBLISHED_SCALE = 1.0 / (3 * 64 * 64);

  private final Context context;
  private final String name;
  private final ModelSpec model;
  private final List<Checkpoint> checkpoints;
  private final TrainingSpec training;
  private final Dataset train;
  private final List<String> notes = new ArrayList<>();

  private Study(
      Context context,
      String name,
      ModelSpec model,
      List<Checkpoint> checkpoints,
      TrainingSpec training,
      Dataset train,
      List<String> notes) {
    this.context = context;
    this.name = name;
    this.model = model;
    this.checkpoints = checkpoints;
    this.training = training;
    this.train = train;
    this.notes.addAll(notes);
  }

  /** The MLP β-VAE on digits, β = 4 (appendix B.2). */
  static Study digits(Context context, int latent) {
    Source source = context.data().digits(context.scale().samples());
    return digits(
        context, "MNIST, d = " + latent, latent, source.data(), ExperimentData.notes(source), 0);
  }

  /** The same on other data, or with another seed. */
  static Study digits(
      Context context, String name, int latent, Dataset data, List<String> notes, long seedOffset) {
    ModelSpec model = ModelSpec.mlpVae(data.shape(), latent, DIGITS_BETA, Reconstruction.BERNOULLI);
    return trained(context, name, model, context.scale().digits(), data, notes, seedOffset);
  }

  /** The convolutional β-VAE on images, β = 2; for airplanes from given weights, if there are. */
  static Study images(Context context, String name, Source source) {
    return images(context, name, source.data(), ExperimentData.notes(source), 0);
  }

  static Study images(
      Context context, String name, Dataset data, List<String> notes, long seedOffset) {
    ModelSpec model =
        ModelSpec.convVae(
            data.sampleShape()[0],
            context.scale().imageLatent(),
            IMAGES_BETA,
            Reconstruction.GAUSSIAN);
    return trained(context, name, model, context.scale().images(), data, notes, seedOffset);
  }

  /** All images of CIFAR. */
  static Study cifar(Context context) {
    return images(context, "CIFAR", context.data().images(context.scale().imageSamples()));
  }

  /** One class of CIFAR, or null if there are no such images. */
  static Study cifarClass(Context context, int label) {
    Source source = context.data().imageClass(label, context.scale().imageSamples());
    if (source == null) {
      return null;
    }
    String name = label == 0 ? "CIFAR-Airplane" : "CIFAR_" + label;
    if (label == 0 && context.checkpoints() != null && Files.isDirectory(context.checkpoints())) {
      List<String> notes = new ArrayList<>(ExperimentData.notes(source));
      List<Checkpoint> list = Checkpoint.list(context.checkpoints());
      notes.add("%d of the authors' checkpoints".formatted(list.size()));
      return new Study(
          context,
          name,
          ModelFile.read(context.checkpoints()).model(),
          list,
          null,
          source.data(),
          notes);
    }
    return images(context, name, source);
  }

  private static Study trained(
      Context context,
      String name,
      ModelSpec model,
      Scale.Training how,
      Dataset data,
      List<String> notes,
      long seedOffset) {
    TrainingSpec training =
        TrainingSpec.sgd(
                how.learningRate(),
                Math.min(BATCH, data.count()),
                how.iterations(),
                how.checkpoints(),
                context.seed() + seedOffset)
            .withMomentum(how.momentum());
    List<String> all = new ArrayList<>(notes);
    if (!context.scale().equals(Scale.PAPER)) {
      all.add(
          "%,d iterations at a learning rate of %s and %d checkpoints, where the paper has 1.5 million and 30"
              .formatted(how.iterations(), how.learningRate(), how.checkpoints()));
    }
    return new Study(
        context, name, model, context.stages().train(model, training, data), training, data, all);
  }

  String name() {
    return name;
  }

  ModelSpec model() {
    return model;
  }

  Dataset train() {
    return train;
  }

  List<Checkpoint> checkpoints() {
    return checkpoints;
  }

  List<String> notes() {
    return notes;
  }

  private VaeTracIn.Settings settings() {
    VaeTracIn.Settings settings =
        VaeTracIn.Settings.defaults(context.seed()).withDraws(context.scale().draws());
    if (!context.asPublished()) {
      return settings;
    }
    // PAPERS.md §1.3: squared error for every data set, divided by the number of channels too
    int channels = model.sampleShape().size() == 3 ? model.sampleShape().get(0) : 1;
    Attribution published =
        new Attribution(
            Reconstruction.GAUSSIAN, model.beta() * channels, PUBLISHED_SCALE / channels);
    return new VaeTracIn.Settings(
        settings.draws(),
        settings.noise(),
        settings.estimator(),
        settings.parameters(),
        published,
        settings.independentSelf(),
        settings.tile());
  }

  /** Scores [T][N] over all checkpoints. */
  float[][] scores(Dataset test) {
    double[] weights =
        context.asPublished() && training != null
            ? CheckpointWeights.sgd(checkpoints, training, train.count())
            : CheckpointWeights.uniform(checkpoints.size());
    return context.stages().scores(model, checkpoints, weights, settings(), train, test);
  }

  /** Self-influence and losses at the last checkpoint (appendix B.2). */
  Stages.SelfInfluence selfInfluence() {
    return selfInfluence(train);
  }

  /** The same of other samples. */
  Stages.SelfInfluence selfInfluence(Dataset of) {
    List<Checkpoint> last = checkpoints.subList(checkpoints.size() - 1, checkpoints.size());
    return context.stages().selfInfluence(model, last, settings(), of);
  }

  /** Latent means [N][d] at the last checkpoint. */
  float[][] codes(Dataset data) {
    try (Model loaded = Model.create(context.backend(), model)) {
      checkpoints.get(checkpoints.size() - 1).load(loaded);
      try (Representation f = new Representation(loaded, Depth.ENCODER, ROWS)) {
        return f.of(data);
      }
    }
  }
}
