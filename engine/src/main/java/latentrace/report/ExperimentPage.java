package latentrace.report;

import java.nio.file.Path;
import java.util.List;
import latentrace.data.AtomicFiles;

/** {@code index.html} of a reproduction: tables with the published numbers beside ours, figures. */
public final class ExperimentPage {
  private ExperimentPage() {}

  /**
   * What one experiment shows.
   *
   * @param name e.g. table1
   * @param title one line
   * @param scale see {@code --scale}
   * @param seed of everything random
   * @param notes what stands in for what, and what is missing; a sentence each
   * @param tables published and ours
   * @param images figures
   */
  public record Section(
      String name,
      String title,
      String scale,
      long seed,
      List<String> notes,
      List<ResultTable> tables,
      List<Image> images) {}

  /**
   * A figure's files, relative to the page.
   *
   * @param png raster
   * @param svg vectors
   * @param alt what it shows, in words
   * @param width in CSS pixels
   */
  public record Image(String png, String svg, String alt, int width) {}

  private record Page(String title, String summary, List<Section> sections) {}

  /** Writes the page, whole or not at all. */
  public static void write(Path target, String title, String summary, List<Section> sections) {
    AtomicFiles.writeString(
        target, Pages.render("experiments", new Page(title, summary, sections)));
  }
}
