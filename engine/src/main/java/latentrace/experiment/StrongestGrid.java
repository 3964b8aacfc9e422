package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import latentrace.data.NpyMatrix;
import latentrace.report.ImageGrid;
import latentrace.report.Picture;
import latentrace.report.Statistics;

/**
 * Figures 4, 21 and 24 to 33: test samples with their strongest proponents and opponents (section
 * 5.3, appendices B.7 and B.8).
 */
final class StrongestGrid implements Experiment<KongLab> {
  private static final int EACH = 6;
  private static final int SIZE = 56;

  private final int number;
  private final String what;
  private final int tests;
  private final Function<KongLab, List<Subject>> subjects;

  /**
   * One of the figures.
   *
   * @param number of the figure
   * @param what is shown
   * @param tests rows of each subject, at most
   * @param subjects a block each
   */
  StrongestGrid(int number, String what, int tests, Function<KongLab, List<Subject>> subjects) {
    this.number = number;
    this.what = what;
    this.tests = tests;
    this.subjects = subjects;
  }

  @Override
  public String name() {
    return "figure" + number;
  }

  @Override
  public String title() {
    return "Figure %d: strongest proponents and opponents, %s".formatted(number, what);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects.apply(lab).stream().<Stage<?>>map(Subject::scores).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Picture> parts = new ArrayList<>();
    for (Subject subject : subjects.apply(lab)) {
      NpyMatrix scores = lab.get(subject.scores());
      int rows = Math.min(tests, scores.rows());
      int blocks = rows > 8 ? 2 : 1; // side by side, so that the picture does not get too high
      int height = (rows + blocks - 1) / blocks;
      for (int first = 0; first < rows; first += height) {
        parts.add(grid(subject, scores, first, Math.min(rows, first + height)));
      }
    }
    int columns = subjects.apply(lab).size() > 1 || parts.size() == 1 ? 1 : 2;
    return Finding.figure(
        Picture.panels(name(), title(), columns, parts), Finding.notes(subjects.apply(lab)));
  }

  private static Picture grid(Subject subject, NpyMatrix scores, int from, int to) {
    ImageGrid grid = new ImageGrid(SIZE);
    for (int t = from; t < to; t++) {
      grid.row();
      if (t == from) {
        grid.heading("test");
      }
      grid.add(subject.test(), t).gap();
      if (t == from) {
        grid.heading(subject.label() + ": proponents");
      }
      for (int i : Statistics.topK(scores.row(t), EACH)) {
        grid.add(subject.train(), i);
      }
      grid.gap();
      if (t == from) {
        grid.heading("opponents");
      }
      for (int i : Statistics.bottomK(scores.row(t), EACH)) {
        grid.add(subject.train(), i);
      }
    }
    return grid.picture("part", subject.label());
  }
}
