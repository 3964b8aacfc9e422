package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.experiment.KongScale.Regime;
import latentrace.model.ModelSpec;

/** The models of Kong &amp; Chaudhuri 2021, and the data that they are examined on. */
final class KongLab extends Lab {
  private final KongScale scale;

  /** Nothing is read or done yet. */
  KongLab(Settings settings, KongScale scale, Means means) {
    super(settings, means);
    this.scale = scale;
  }

  KongScale scale() {
    return scale;
  }

  private Scoring scoring(ModelSpec model) {
    return new Scoring(draws(model), seed(), settings().asPublished());
  }

  private int draws(ModelSpec model) {
    return model.model().equals(ModelSpec.CONV_VAE)
        ? scale().convolutionalDraws()
        : scale().draws();
  }

  private static ModelSpec mlp(Dataset data, int latent, double beta) {
    return ModelSpec.mlpVae(data.shape(), latent, beta, Reconstruction.BERNOULLI);
  }

  private static ModelSpec conv(int latent) {
    return ModelSpec.convVae(3, latent, KongScale.CIFAR_BETA, Reconstruction.GAUSSIAN);
  }

  private Subject subject(
      String label,
      ModelStage model,
      Regime regime,
      Dataset train,
      Dataset test,
      int foreign,
      Source... sources) {
    return new Subject(
        label,
        model,
        train,
        test,
        regime.tests(),
        foreign,
        scoring(model.spec()),
        engine(),
        notes(label, model, regime, train.count(), sources));
  }

  private List<String> notes(
      String label, ModelStage model, Regime regime, int samples, Source... sources) {
    List<String> notes = new ArrayList<>(ExperimentData.notes(sources));
    if (model instanceof ImportStage imported) {
      notes.add(
          "%s: %d published checkpoints, %,d training samples."
              .formatted(label, imported.files().size(), samples));
    } else if (!scale().equals(KongScale.of(Scale.PAPER))) {
      String family = label.startsWith("CIFAR") && !label.contains("d =") ? "Subclasses" : label;
      notes.add(family + ": " + regime.describe(samples, draws(model.spec())));
    }
    return notes;
  }

  /** MNIST and the paper's MLP. */
  Subject mnist(int latent, double beta) {
    boolean first = latent == scale().mnistLatents().get(0) && beta == KongScale.MNIST_BETA;
    Regime regime = first ? scale().mnist() : scale().mnistOthers();
    Source train = mnistSource().first(regime.samples());
    Source test = mnistTestSource();
    return subject(
        "MNIST, d = %d, β = %s".formatted(latent, number(beta)),
        train(mlp(train.data(), latent, beta), regime.training(seed()), train.data()),
        regime,
        train.data(),
        drawn("mnist test", test.data(), regime.tests()),
        0,
        train,
        test);
  }

  Subject mnist(int latent) {
    return mnist(latent, KongScale.MNIST_BETA);
  }

  private Regime contaminatedRegime(int latent, double beta) {
    boolean first = latent == scale().contaminatedLatents().get(0) && beta == KongScale.MNIST_BETA;
    return first ? scale().contaminated() : scale().contaminatedOthers();
  }

  /**
   * MNIST with foreign images behind it.
   *
   * @param repeat 0..; each has a seed of its own
   */
  Subject contaminatedMnist(int latent, double beta, int repeat) {
    Regime regime = contaminatedRegime(latent, beta);
    Source mnist = mnistSource().first(regime.samples());
    Source foreign = source("emnist", data()::emnist).first(scale().foreign());
    Source test = mnistTestSource();
    Source mixed =
        source(
            "mnist + emnist",
            () -> new Source(Dataset.concat("mnist+emnist", mnist.data(), foreign.data()), null));
    return subject(
        "MNIST + EMNIST, d = %d, β = %s".formatted(latent, number(beta)),
        train(mlp(mixed.data(), latent, beta), regime.training(seed() + repeat), mixed.data()),
        regime,
        mixed.data(),
        drawn("mnist test", test.data(), regime.tests()),
        foreign.data().count(),
        mnist,
        foreign);
  }

  /** The model of Table 9 without some of its training samples, in its own seed and order. */
  ModelStage retrained(Subject subject, int[] kept) {
    Dataset rest = subject.train().select(kept);
    ModelSpec spec = subject.model().spec();
    return train(spec, contaminatedRegime(spec.latent(), spec.beta()).training(seed()), rest);
  }

  /** Losses of the whole MNIST test set in the published unit. */
  LossStage mnistTestLosses(ModelStage model) {
    return new LossStage(model, mnistTestSource().data(), scale().draws(), seed(), engine());
  }

  /** All of CIFAR-10 and the paper's convolutional VAE. */
  Subject cifar(int latent) {
    Regime regime = scale().cifar();
    Source train = source("cifar", data()::cifar).first(regime.samples());
    Source test = source("cifar test", data()::cifarTest);
    return subject(
        "CIFAR, d = " + latent,
        train(conv(latent), regime.training(seed()), train.data()),
        regime,
        train.data(),
        drawn("cifar test", test.data(), regime.tests()),
        0,
        train,
        test);
  }

  /** CIFAR-10 with foreign images behind it. */
  Subject contaminatedCifar(int latent, int repeat) {
    Regime regime = scale().contaminatedCifar();
    Source cifar = source("cifar", data()::cifar).first(regime.samples());
    Source foreign = source("celeba", data()::celeba).first(scale().foreignToCifar());
    Source test = source("cifar test", data()::cifarTest);
    Source mixed =
        source(
            "cifar + celeba",
            () -> new Source(Dataset.concat("cifar+celeba", cifar.data(), foreign.data()), null));
    return subject(
        "CIFAR + CelebA, d = " + latent,
        train(conv(latent), regime.training(seed() + repeat), mixed.data()),
        regime,
        mixed.data(),
        drawn("cifar test", test.data(), regime.tests()),
        foreign.data().count(),
        cifar,
        foreign);
  }

  /** One class of CIFAR-10; of the airplanes, the published weights if they were given. */
  Subject subclass(int label) {
    Regime regime = scale().subclass();
    boolean imported = label == 0 && settings().checkpoints() != null;
    Source all = source("class " + label, () -> data().subclass(label));
    Source train = all.first(imported ? scale().imported() : regime.samples());
    Source test = source("class test " + label, () -> data().subclassTest(label));
    ModelStage model =
        imported
            ? ImportStage.of(settings().checkpoints())
            : train(conv(KongScale.SUBCLASS_LATENT), regime.training(seed()), train.data());
    return subject(
        label == 0 ? "CIFAR-Airplane" : "CIFAR" + subscript(label),
        model,
        regime,
        train.data(),
        drawn("class test", test.data(), regime.tests()),
        0,
        train,
        test);
  }

  /** Table 7: a subclass trained from the start, one checkpoint an iteration. */
  LossChangeStage lossChange(int label, int first, int count) {
    Regime regime = scale().lossChange();
    Source train = source("class " + label, () -> data().subclass(label)).first(regime.samples());
    Source test = source("class test " + label, () -> data().subclassTest(label));
    return new LossChangeStage(
        train(conv(KongScale.SUBCLASS_LATENT), regime.training(seed()), train.data()),
        drawn("class test", test.data(), regime.tests()),
        scoring(conv(KongScale.SUBCLASS_LATENT)),
        first,
        count,
        engine());
  }

  /** Table 6's baseline: nearest neighbours in the code of an auto-encoder. */
  TrainStage autoEncoder() {
    Regime regime = scale().autoEncoder();
    Dataset train = mnistSource().first(regime.samples()).data();
    return train(
        ModelSpec.denoising(ModelSpec.DENOISING_MNIST, scale().mnistLatents().get(0)),
        regime.training(seed()),
        train);
  }

  /** The ten classes of CIFAR-10. */
  List<Subject> subclasses() {
    return IntStream.range(0, KongScale.CLASSES).mapToObj(this::subclass).toList();
  }

  /** A class as the paper writes it: CIFAR₃. */
  static String subscript(int label) {
    return Character.toString('\u2080' + label);
  }
}
