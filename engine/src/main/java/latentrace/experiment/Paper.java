package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import latentrace.data.InputException;

/**
 * A paper whose experiments can be run.
 *
 * @param <L> the lab that they happen in
 */
interface Paper<L extends Lab> {
  /** "All of them" among names of experiments. */
  String ALL = "all";

  /** What the command line calls it. */
  String name();

  /** Authors, year and title. */
  String title();

  /** In the order in which they are shown. */
  List<Experiment<L>> experiments();

  /**
   * The lab, once there is something to work with.
   *
   * @throws InputException if a setting is none, or has no meaning for this paper
   */
  Function<Lab.Means, L> lab(Reproduction.Settings settings);

  /** What of a reproduction is said to a lab. */
  static Lab.Settings labSettings(Reproduction.Settings settings) {
    return new Lab.Settings(
        Scale.of(settings.scale()),
        settings.seed(),
        settings.data(),
        settings.checkpoints(),
        settings.asPublished());
  }

  /**
   * The experiments of these names, in the paper's order.
   *
   * @param names empty, or "all" among them, for all
   * @throws InputException naming the first that is none, and the nearest that is one
   */
  default List<Experiment<L>> select(List<String> names) {
    List<Experiment<L>> all = experiments();
    List<String> known = new ArrayList<>(all.stream().map(Experiment::name).toList());
    known.add(ALL);
    for (String name : names) {
      if (!known.contains(name)) {
        throw new InputException(
            "%s: no experiment '%s'; did you mean %s?"
                .formatted(name(), name, Names.nearest(name, known)));
      }
    }
    boolean everything = names.isEmpty() || names.contains(ALL);
    return all.stream()
        .filter(experiment -> everything || names.contains(experiment.name()))
        .toList();
  }
}
