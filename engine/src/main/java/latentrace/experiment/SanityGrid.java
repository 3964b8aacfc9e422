package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.NpyMatrix;
import latentrace.report.ImageGrid;
import latentrace.report.ImageGrid.Frame;
import latentrace.report.Picture;
import latentrace.report.Statistics;

/**
 * Figure 1: training samples and their strongest proponents; in a green frame if the sample itself
 * is the strongest, else in a red one (section 5.1).
 */
final class SanityGrid implements Experiment<KongLab> {
  private static final int ROWS = 6;
  private static final int EACH = 8;
  private static final int SIZE = 56;

  @Override
  public String name() {
    return "figure1";
  }

  @Override
  public String title() {
    return "Figure 1: training samples and their strongest proponents";
  }

  private static List<Subject> subjects(KongLab lab) {
    return List.of(lab.mnist(64), lab.cifar(64), lab.subclass(0));
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return subjects(lab).stream().<Stage<?>>map(Subject::sanityScores).toList();
  }

  @Override
  public Finding report(KongLab lab) {
    List<Picture> parts = new ArrayList<>();
    for (Subject subject : subjects(lab)) {
      parts.add(grid(subject, lab.get(subject.sanityScores())));
    }
    return Finding.figure(
        Picture.panels(name(), title(), 1, parts),
        Finding.notes(
            subjects(lab),
            "Green: the sample is its own strongest proponent; red: another is. Samples that fail"
                + " come first."));
  }

  private static Picture grid(Subject subject, NpyMatrix scores) {
    ImageGrid grid = new ImageGrid(SIZE);
    int[] rows = rows(scores);
    for (int r = 0; r < rows.length; r++) {
      int sample = rows[r];
      int[] proponents = Statistics.topK(scores.row(sample), EACH);
      grid.row();
      if (r == 0) {
        grid.heading("sample");
      }
      grid.add(subject.train(), sample, proponents[0] == sample ? Frame.GOOD : Frame.BAD).gap();
      if (r == 0) {
        grid.heading(subject.label() + ": strongest proponents, from left to right");
      }
      for (int i : proponents) {
        grid.add(subject.train(), i);
      }
    }
    return grid.picture("part", subject.label());
  }

  /** Up to half of them samples that fail, the others that pass. */
  private static int[] rows(NpyMatrix scores) {
    List<Integer> failed = new ArrayList<>();
    List<Integer> passed = new ArrayList<>();
    for (int i = 0; i < scores.rows(); i++) {
      (Statistics.topK(scores.row(i), 1)[0] == i ? passed : failed).add(i);
    }
    int bad = Math.min(failed.size(), Math.max(ROWS / 2, ROWS - passed.size()));
    List<Integer> rows = new ArrayList<>(failed.subList(0, bad));
    rows.addAll(passed.subList(0, Math.min(passed.size(), ROWS - bad)));
    return rows.stream().mapToInt(i -> i).toArray();
  }
}
