package latentrace.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    for (Experiment experiment :
        List.of(
            new SelfIsStrongest(false),
            new SameClassRates(),
            new LatentNorms(false),
            new SelfIsStrongest(true),
            new Mixtures(false),
            new LossChanges(),
            new Detection(),
            new Retraining(),
            new LatentNorms(true))) {
      byName.put(experiment.name(), experiment);
    }
    return byName;
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
