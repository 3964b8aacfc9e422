package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import latentrace.report.ImageGrid;
import latentrace.report.Picture;
import latentrace.report.Statistics;

/**
 * Figures 3, 12 and 13: training samples of the highest and of the lowest self-influence (section
 * 5.2, appendix B.5).
 */
final class ExtremeSelf implements Experiment<KongLab> {
  private static final int COLUMNS = 12;
  private static final int ROWS = 2;
  private static final int SIZE = 56;

  /** Which end of the ranking. */
  enum Ends {
    /** The highest. */
    HIGH,
    /** The lowest. */
    LOW,
    /** Both, one above the other. */
    BOTH
  }

  private final int number;
  private final String what;
  private final Ends ends;
  private final Function<KongLab, List<Subject>> subjects;

  ExtremeSelf(int number, String what, Ends ends, Function<KongLab, List<Subject>> subjects) {
    this.number = number;
    this.what = what;
    this.ends = ends;
    this.subjects = subjects;
  }

  @Override
  public String name() {
    return "figure" + number;
  }

  @Override
  public String title() {
    String which =
        switch (ends) {
          case HIGH -> "high";
          case LOW -> "low";
          case BOTH -> "high and low";
        };
    return "Figure %d: samples of %s self-influence, %s".formatted(number, which, what);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects.apply(lab).stream().<Stage<?>>map(Subject::self).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Picture> parts = new ArrayList<>();
    for (Subject subject : subjects.apply(lab)) {
      float[] self = lab.get(subject.self()).self();
      if (ends != Ends.LOW) {
        parts.add(grid(subject, "high", Statistics.topK(self, COLUMNS * ROWS)));
      }
      if (ends != Ends.HIGH) {
        parts.add(grid(subject, "low", Statistics.bottomK(self, COLUMNS * ROWS)));
      }
    }
    return Finding.figure(
        Picture.panels(name(), title(), 1, parts),
        Finding.notes(subjects.apply(lab), "From left to right, the most extreme first."));
  }

  private static Picture grid(Subject subject, String which, int[] positions) {
    ImageGrid grid = new ImageGrid(SIZE);
    for (int p = 0; p < positions.length; p++) {
      if (p % COLUMNS == 0) {
        grid.row();
      }
      if (p == 0) {
        grid.heading("%s: %s self-influence".formatted(subject.label(), which));
      }
      grid.add(subject.train(), positions[p]);
    }
    return grid.picture("part", which);
  }
}
