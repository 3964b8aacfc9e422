package latentrace.experiment;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import latentrace.report.Picture;
import latentrace.report.ResultTable.Row;

/**
 * What an experiment found.
 *
 * @param rows published numbers beside ours; empty for a figure
 * @param pictures of a figure
 * @param notes what stands in for what, and what cannot be made; a sentence each
 */
record Finding(List<Row> rows, List<Picture> pictures, List<String> notes) {
  static Finding table(List<Row> rows, List<String> notes) {
    return new Finding(rows, List.of(), notes);
  }

  static Finding figure(Picture picture, List<String> notes) {
    return new Finding(List.of(), List.of(picture), notes);
  }

  /** The notes of subjects, each once, and more. */
  static List<String> notes(List<Subject> subjects, String... more) {
    Set<String> notes = new LinkedHashSet<>();
    subjects.forEach(subject -> notes.addAll(subject.notes()));
    notes.addAll(List.of(more));
    return new ArrayList<>(notes);
  }
}
