package latentrace.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import latentrace.data.InputException;

/**
 * The experiments of Z. Kong, K. Chaudhuri: "Understanding Instance-based Interpretability of
 * Variational Auto-encoders", NeurIPS 2021, by name.
 */
final class Kong2021 {
  static final String NAME = "kong2021";
  static final String TITLE =
      "Kong & Chaudhuri 2021: Understanding Instance-based Interpretability of Variational"
          + " Auto-encoders";
  private static final String ALL = "all";

  private Kong2021() {}

  /** All of them, tables first, by number. */
  static Map<String, Experiment> experiments() {
    Map<String, Experiment> byName = new LinkedHashMap<>();
    for (List<Experiment> part : List.of(tables(), figures(), subclassFigures())) {
      part.forEach(experiment -> byName.put(experiment.name(), experiment));
    }
    return byName;
  }

  private static List<Experiment> tables() {
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

  private static List<Experiment> figures() {
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
        new SelfAgainstLoss(11, "CIFAR subclasses", true, Lab::subclasses),
        new ExtremeSelf(12, "CIFAR subclasses", ExtremeSelf.Ends.HIGH, Lab::subclasses),
        new ExtremeSelf(13, "CIFAR subclasses", ExtremeSelf.Ends.LOW, Lab::subclasses),
        new ForeignSelf(14, false, false),
        new ForeignSelf(15, true, false),
        new ForeignSelf(16, false, true),
        new ForeignSelf(17, true, true),
        new InfluenceByClass(true),
        new InfluenceByClass(false),
        new InfluenceAgainstLatents(20, "MNIST, hyperparameters", true, Kong2021::variants),
        new StrongestGrid(21, "MNIST", 32, lab -> List.of(mnist(lab))),
        new InfluenceAgainstLatents(22, "CIFAR", false, Kong2021::cifars),
        new InfluenceAgainstLatents(23, "CIFAR subclasses", false, Lab::subclasses));
  }

  private static List<Experiment> subclassFigures() {
    return IntStream.range(0, Scale.CLASSES)
        .<Experiment>mapToObj(
            label ->
                new StrongestGrid(
                    24 + label,
                    "CIFAR" + Lab.subscript(label),
                    12,
                    lab -> List.of(lab.subclass(label))))
        .toList();
  }

  private static Subject mnist(Lab lab) {
    return lab.mnist(lab.scale().mnistLatents().get(0));
  }

  private static List<Subject> three(Lab lab) {
    return List.of(mnist(lab), lab.cifar(128), lab.subclass(0));
  }

  private static List<Subject> variants(Lab lab) {
    return lab.scale().mnistVariants().stream()
        .map(variant -> lab.mnist(variant.latent(), variant.beta()))
        .toList();
  }

  private static List<Subject> cifars(Lab lab) {
    return lab.scale().cifarLatents().stream().map(lab::cifar).toList();
  }

  /**
   * The experiments of these names, in the paper's order.
   *
   * @param names empty, or "all" among them, for all
   * @throws InputException naming the first that is none, and the nearest that is one
   */
  static List<Experiment> select(List<String> names) {
    Map<String, Experiment> all = experiments();
    for (String name : names) {
      if (!name.equals(ALL) && !all.containsKey(name)) {
        List<String> known = new ArrayList<>(all.keySet());
        known.add(ALL);
        throw new InputException(
            "%s: no experiment '%s'; did you mean %s?"
                .formatted(NAME, name, Names.nearest(name, known)));
      }
    }
    boolean everything = names.isEmpty() || names.contains(ALL);
    return all.values().stream()
        .filter(experiment -> everything || names.contains(experiment.name()))
        .toList();
  }
}
