package latentrace.experiment;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.checkpoint.Json;
import latentrace.data.FolderLock;
import latentrace.data.InputException;
import latentrace.report.ExperimentPage;
import latentrace.report.ExperimentPage.Image;
import latentrace.report.ExperimentPage.Section;
import latentrace.report.Picture;
import latentrace.report.ResultTable;

/**
 * Runs experiments of a paper into a folder: {@code index.html}, {@code tables/} (CSV and
 * Markdown), {@code figures/} (PNG and SVG), {@code results/} (what the page is made of) and {@code
 * stages/} (what took long; kept, so that it is done once).
 */
public final class Reproduction {
  private static final List<Paper<?>> PAPERS = List.of(new Kong2021(), new Papp2023());

  private final Settings settings;
  private final Selection<?> selection;

  /** What of a paper is done, and where. */
  private record Selection<L extends Lab>(
      Paper<L> paper, List<Experiment<L>> experiments, Function<Lab.Means, L> lab) {
    static <L extends Lab> Selection<L> of(Paper<L> paper, Settings settings) {
      return new Selection<>(paper, paper.select(settings.experiments()), paper.lab(settings));
    }
  }

  /**
   * What is asked for.
   *
   * @param paper kong2021 or papp2023
   * @param experiments names, e.g. table1; empty for all
   * @param scale paper, laptop or smoke
   * @param seed of everything random
   * @param out folder, made if missing
   * @param data folder of data, or null for built-in data
   * @param checkpoints folder of the published weights, or null
   * @param asPublished whether done as the published code does
   * @param draws m; null for the scale's
   * @param repeats of what is repeated; null for the scale's
   * @param tests samples traced back, at most; null for the scale's
   */
  public record Settings(
      String paper,
      List<String> experiments,
      String scale,
      long seed,
      Path out,
      Path data,
      Path checkpoints,
      boolean asPublished,
      Integer draws,
      Integer repeats,
      Integer tests) {}

  /**
   * How it went.
   *
   * @param index the page
   * @param made stages done
   * @param reused stages found done
   */
  public record Outcome(Path index, int made, int reused) {}

  /**
   * Checks the settings.
   *
   * @throws latentrace.data.InputException if a name or a number is none
   */
  public Reproduction(Settings settings) {
    this.settings = settings;
    this.selection = Selection.of(paper(settings.paper()), settings);
  }

  private static Paper<?> paper(String name) {
    return PAPERS.stream()
        .filter(paper -> paper.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "no paper '%s'; did you mean %s?"
                        .formatted(
                            name, Names.nearest(name, PAPERS.stream().map(Paper::name).toList()))));
  }

  /**
   * Does what is not yet done, and writes everything that is shown.
   *
   * @param say hears a line for every experiment and every stage that is done
   */
  public Outcome run(Backend backend, Listener listener, Consumer<String> say) {
    Path stages = settings.out().resolve("stages");
    return FolderLock.during(
        stages,
        "reproduction",
        () -> run(selection, new Lab.Means(backend, stages, listener, say)));
  }

  private <L extends Lab> Outcome run(Selection<L> work, Lab.Means means) {
    L lab = work.lab().apply(means);
    StageStore store = lab.stages();
    for (Experiment<L> experiment : work.experiments()) {
      lab.say(experiment.title());
      experiment.stages(lab).forEach(stage -> store.ensure(stage, lab));
      write(experiment, experiment.report(lab));
    }
    Path index = settings.out().resolve("index.html");
    ExperimentPage.write(index, work.paper().title(), summary(), sections(work.paper()));
    return new Outcome(index, store.made(), store.reused());
  }

  private String summary() {
    return "Published numbers beside ours, at scale %s. Paper is the published protocol; laptop is a"
            .formatted(settings.scale())
        + " small part of it, smoke only shows that everything runs.";
  }

  private void write(Experiment<?> experiment, Finding finding) {
    List<ResultTable> tables = new ArrayList<>();
    if (!finding.rows().isEmpty()) {
      ResultTable table =
          new ResultTable(
              experiment.name(),
              experiment.title(),
              finding.notes(),
              settings.scale(),
              settings.seed(),
              finding.rows());
      table.write(settings.out().resolve("tables"));
      tables.add(table);
    }
    List<Image> images = new ArrayList<>();
    for (Picture picture : finding.pictures()) {
      picture.write(settings.out().resolve("figures"));
      String file = "figures/" + picture.name();
      images.add(new Image(file + ".png", file + ".svg", picture.alt(), picture.width()));
    }
    Json.write(
        result(experiment),
        new Section(
            experiment.name(),
            experiment.title(),
            settings.scale(),
            settings.seed(),
            tables.isEmpty() ? finding.notes() : List.of(),
            tables,
            images));
  }

  private Path result(Experiment<?> experiment) {
    return settings.out().resolve("results").resolve(experiment.name() + ".json");
  }

  /** Of all experiments done in this folder, now or before, in the paper's order. */
  private List<Section> sections(Paper<?> paper) {
    return paper.experiments().stream()
        .map(this::result)
        .filter(Files::exists)
        .map(file -> Json.read(file, Section.class))
        .toList();
  }
}
