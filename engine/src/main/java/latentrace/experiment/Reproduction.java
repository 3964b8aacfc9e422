package latentrace.experiment;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.checkpoint.Json;
import latentrace.data.FolderLock;
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
  private final Settings settings;
  private final Lab.Settings lab;
  private final List<Experiment> experiments;

  /**
   * What is asked for.
   *
   * @param paper kong2021
   * @param experiments names, e.g. table1; empty for all
   * @param scale paper, laptop or smoke
   * @param seed of everything random
   * @param out folder, made if missing
   * @param data folder of data, or null for built-in data
   * @param checkpoints folder of the published weights, or null
   * @param asPublished whether scored as the published code does
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
    if (!settings.paper().equals(Kong2021.NAME)) {
      throw new latentrace.data.InputException(
          "no paper '%s'; did you mean %s?".formatted(settings.paper(), Kong2021.NAME));
    }
    this.experiments = Kong2021.select(settings.experiments());
    this.lab =
        new Lab.Settings(
            Scale.of(settings.scale()).with(settings.draws(), settings.repeats(), settings.tests()),
            settings.seed(),
            settings.data(),
            settings.checkpoints(),
            settings.asPublished());
  }

  /**
   * Does what is not yet done, and writes everything that is shown.
   *
   * @param say hears a line for every experiment and every stage that is done
   */
  public Outcome run(Backend backend, Listener listener, Consumer<String> say) {
    Path stages = settings.out().resolve("stages");
    return FolderLock.during(
        stages, "reproduction", () -> run(new Lab(backend, lab, stages, listener, say)));
  }

  private Outcome run(Lab work) {
    StageStore store = work.stages();
    for (Experiment experiment : experiments) {
      work.say(experiment.title());
      experiment.stages(work).forEach(stage -> store.ensure(stage, work));
      write(experiment, experiment.report(work));
    }
    Path index = settings.out().resolve("index.html");
    ExperimentPage.write(index, Kong2021.TITLE, summary(), sections());
    return new Outcome(index, store.made(), store.reused());
  }

  private String summary() {
    return "Published numbers beside ours, at scale %s. Paper is the published protocol; laptop is a"
            .formatted(settings.scale())
        + " small part of it, smoke only shows that everything runs.";
  }

  private void write(Experiment experiment, Finding finding) {
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

  private Path result(Experiment experiment) {
    return settings.out().resolve("results").resolve(experiment.name() + ".json");
  }

  /** Of all experiments done in this folder, now or before, in the paper's order. */
  private List<Section> sections() {
    return Kong2021.experiments().values().stream()
        .map(this::result)
        .filter(Files::exists)
        .map(file -> Json.read(file, Section.class))
        .toList();
  }
}
