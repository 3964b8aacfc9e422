package latentrace.experiment;

import java.util.Comparator;
import java.util.List;
import latentrace.data.InputException;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** The experiments of Kong &amp; Chaudhuri, NeurIPS 2021. */
public final class Kong2021 {
  /** All of them at once. */
  public static final String ALL = "all";

  private static final List<Experiment> EXPERIMENTS =
      List.of(
          new SixClusters(),
          new SanityChecks(),
          new TestInfluences(),
          new LatentNorms(),
          new SelfInfluenceAndLoss(),
          new Mixtures(),
          new Detection(),
          new Removal(),
          new Summary());

  private Kong2021() {}

  /** In the order in which they run. */
  public static List<Experiment> experiments() {
    return EXPERIMENTS;
  }

  /** All names that {@link #chosen} takes, but all. */
  public static List<String> ids() {
    return EXPERIMENTS.stream().flatMap(e -> e.ids().stream()).distinct().toList();
  }

  /**
   * The experiments that give some tables and figures.
   *
   * @throws InputException if a name is none, with the nearest that is
   */
  public static List<Experiment> chosen(List<String> names) {
    for (String name : names) {
      if (!name.equals(ALL) && !ids().contains(name)) {
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        String nearest =
            ids().stream()
                .min(Comparator.comparingInt(id -> distance.apply(name, id)))
                .orElseThrow();
        throw new InputException(
            "'%s' is none of the paper's; did you mean %s?".formatted(name, nearest));
      }
    }
    return names.isEmpty() || names.contains(ALL)
        ? EXPERIMENTS
        : EXPERIMENTS.stream().filter(e -> e.ids().stream().anyMatch(names::contains)).toList();
  }
}
