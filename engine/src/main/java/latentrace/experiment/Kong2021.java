package latentrace.experiment;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The experiments of Z. Kong, K. Chaudhuri: "Understanding Instance-based Interpretability of
 * Variational Auto-encoders", NeurIPS 2021.
 */
final class Kong2021 implements Paper<KongLab> {
  @Override
  public String name() {
    return "kong2021";
  }

  @Override
  public String title() {
    return "Kong & Chaudhuri 2021: Understanding Instance-based Interpretability of Variational"
        + " Auto-encoders";
  }

  @Override
  public Function<Lab.Means, KongLab> lab(Reproduction.Settings settings) {
    Lab.Settings common = Paper.labSettings(settings);
    KongScale scale =
        KongScale.of(common.scale()).with(settings.draws(), settings.repeats(), settings.tests());
    return means -> new KongLab(common, scale, means);
  }

  /** Tables first, by number. */
  @Override
  public List<Experiment<KongLab>> experiments() {
    return Stream.of(tables(), figures(), subclassFigures()).flatMap(List::stream).toList();
  }

  private static List<Experiment<KongLab>> tables() {
    return List.of(
        new SelfIsStrongest(false),
        new SameClassRates(),
        new LatentNorms(false),
        new Summary(),
        new SelfIsStrongest(true),
        new Mixtures(false),
        new LossChanges(),
        new Detection(),
        new Retraining(),
        new LatentNorms(true));
  }

  private static List<Experiment<KongLab>> figures() {
    return List.of(
        new SanityGrid(),
        new SelfAgainstLoss(2, "three data sets", false, Kong2021::three),
        new ExtremeSelf(3, "three data sets", ExtremeSelf.Ends.BOTH, Kong2021::three),
        new StrongestGrid(4, "three data sets", 5, Kong2021::three),
        new ClusterFigures(5),
        new ClusterFigures(6),
        new ClusterFigures(7),
        new Mixtures(true),
        new SelfAgainstLoss(9, "MNIST, hyperparameters", true, Kong2021::variants),
        new SelfAgainstLoss(10, "CIFAR, latent sizes", true, Kong2021::cifars),
        new SelfAgainstLoss(11, "CIFAR subclasses", true, KongLab::subclasses),
        new ExtremeSelf(12, "CIFAR subclasses", ExtremeSelf.Ends.HIGH, KongLab::subclasses),
        new ExtremeSelf(13, "CIFAR subclasses", ExtremeSelf.Ends.LOW, KongLab::subclasses),
        new ForeignSelf(14, false, false),
        new ForeignSelf(15, true, false),
        new ForeignSelf(16, false, true),
        new ForeignSelf(17, true, true),
        new InfluenceByClass(true),
        new InfluenceByClass(false),
        new InfluenceAgainstLatents(20, "MNIST, hyperparameters", true, Kong2021::variants),
        new StrongestGrid(21, "MNIST", 32, lab -> List.of(mnist(lab))),
        new InfluenceAgainstLatents(22, "CIFAR", false, Kong2021::cifars),
        new InfluenceAgainstLatents(23, "CIFAR subclasses", false, KongLab::subclasses));
  }

  private static List<Experiment<KongLab>> subclassFigures() {
    return IntStream.range(0, KongScale.CLASSES)
        .<Experiment<KongLab>>mapToObj(
            label ->
                new StrongestGrid(
                    24 + label,
                    "CIFAR" + KongLab.subscript(label),
                    12,
                    lab -> List.of(lab.subclass(label))))
        .toList();
  }

  private static Subject mnist(KongLab lab) {
    return lab.mnist(lab.scale().mnistLatents().get(0));
  }

  private static List<Subject> three(KongLab lab) {
    return List.of(mnist(lab), lab.cifar(128), lab.subclass(0));
  }

  private static List<Subject> variants(KongLab lab) {
    return lab.scale().mnistVariants().stream()
        .map(variant -> lab.mnist(variant.latent(), variant.beta()))
        .toList();
  }

  private static List<Subject> cifars(KongLab lab) {
    return lab.scale().cifarLatents().stream().map(lab::cifar).toList();
  }
}
