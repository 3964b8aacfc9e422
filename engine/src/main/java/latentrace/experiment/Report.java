package latentrace.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import latentrace.data.AtomicFiles;
import latentrace.report.Pages;

/** Tables as CSV and Markdown, figures as SVG and PNG, and a page that shows all of them. */
public final class Report {
  /** An experiment's part of the page. */
  record Section(
      String anchor, String title, List<Table> tables, List<Figure> figures, List<String> notes) {}

  /** The page. */
  record Page(String title, String summary, List<Section> sections) {}

  private final Path folder;
  private final String title;
  private final String summary;
  private final List<Section> sections = new ArrayList<>();

  /**
   * A report in a folder.
   *
   * @param summary scale, seed and what computed, one line
   */
  public Report(Path folder, String title, String summary) {
    this.folder = folder;
    this.title = title;
    this.summary = summary;
  }

  /** Writes an experiment's files, and the page with what there is so far. */
  public void add(Experiment experiment, Result result) {
    for (Table table : result.tables()) {
      AtomicFiles.writeString(folder.resolve(table.id() + ".csv"), table.csv());
      AtomicFiles.writeString(folder.resolve(table.id() + ".md"), table.markdown());
    }
    for (Figure figure : result.figures()) {
      AtomicFiles.writeString(folder.resolve(figure.id() + ".svg"), figure.svg());
      AtomicFiles.write(folder.resolve(figure.id() + ".png"), out -> out.write(figure.png()));
    }
    sections.add(
        new Section(
            experiment.ids().get(0),
            experiment.title(),
            result.tables(),
            result.figures(),
            result.notes()));
    AtomicFiles.writeString(
        folder.resolve("index.html"),
        Pages.render("experiments", new Page(title, summary, sections)));
  }
}
