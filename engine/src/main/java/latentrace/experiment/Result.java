package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;

/** What an experiment gives. */
public final class Result {
  private final List<Table> tables = new ArrayList<>();
  private final List<Figure> figures = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /** Adds a table. */
  public Result with(Table table) {
    tables.add(table);
    return this;
  }

  /** Adds a figure. */
  public Result with(Figure figure) {
    figures.add(figure);
    return this;
  }

  /** Adds a line for the reader: what stands in for what, what is missing. */
  public Result note(String note) {
    if (note != null && !note.isEmpty() && !notes.contains(note)) {
      notes.add(note);
    }
    return this;
  }

  /** In order. */
  public List<Table> tables() {
    return tables;
  }

  /** In order. */
  public List<Figure> figures() {
    return figures;
  }

  /** In order. */
  public List<String> notes() {
    return notes;
  }
}
