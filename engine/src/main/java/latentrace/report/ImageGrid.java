package latentrace.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import latentrace.data.Dataset;

/** Rows of samples as one picture, with headings over columns, gaps and frames. */
public final class ImageGrid {
  private static final int MARGIN = 6;
  private static final int SPACE = 6;
  private static final int GAP = 16;
  private static final int HEADING = 22;
  private static final FontRenderContext CONTEXT = new FontRenderContext(null, true, true);
  private static final Color GOOD = new Color(0x3b8f5a);
  private static final Color BAD = new Color(0xc23b3b);

  /** The frame of a cell. */
  public enum Frame {
    /** None. */
    NONE,
    /** Green: as it should be. */
    GOOD,
    /** Red: not as it should be. */
    BAD
  }

  /** A sample, or a gap (null image), with its frame. */
  private record Cell(BufferedImage image, Frame frame) {}

  private record Heading(String text, int column) {}

  private final int size;
  private final List<List<Cell>> rows = new ArrayList<>();
  private final List<Heading> headings = new ArrayList<>();

  /**
   * An empty grid.
   *
   * @param size width and height of a cell, in CSS pixels
   */
  public ImageGrid(int size) {
    this.size = size;
  }

  /** Begins a row. */
  public ImageGrid row() {
    rows.add(new ArrayList<>());
    return this;
  }

  /** Adds a sample to the row. */
  public ImageGrid add(Dataset data, int position, Frame frame) {
    BufferedImage image = SampleImages.render(data.sample(position), data.sampleShape());
    rows.get(rows.size() - 1).add(new Cell(image, frame));
    return this;
  }

  /** Adds a sample without a frame. */
  public ImageGrid add(Dataset data, int position) {
    return add(data, position, Frame.NONE);
  }

  /** Adds a gap to the row. */
  public ImageGrid gap() {
    rows.get(rows.size() - 1).add(new Cell(null, Frame.NONE));
    return this;
  }

  /** Writes {@code text} above everything, beginning at the row's next cell. */
  public ImageGrid heading(String text) {
    headings.add(new Heading(text, rows.get(rows.size() - 1).size()));
    return this;
  }

  /** The picture. */
  public Picture picture(String name, String alt) {
    int width = 2 * MARGIN;
    for (List<Cell> row : rows) {
      width = Math.max(width, left(row, row.size()) + MARGIN);
    }
    for (Heading heading : headings) {
      double text = ChartStyle.plain().getStringBounds(heading.text(), CONTEXT).getWidth();
      width = Math.max(width, left(rows.get(0), heading.column()) + (int) text + 2 * MARGIN);
    }
    int height = 2 * MARGIN + (headings.isEmpty() ? 0 : HEADING) + rows.size() * (size + SPACE);
    return new Picture(name, alt, width, height, this::paint);
  }

  private int left(List<Cell> row, int column) {
    int x = MARGIN;
    for (int c = 0; c < column; c++) {
      x += row.get(c).image() == null ? GAP : size + SPACE;
    }
    return x;
  }

  private void paint(Graphics2D graphics) {
    graphics.setFont(ChartStyle.plain());
    graphics.setColor(ChartStyle.SOFT_INK);
    for (Heading heading : headings) {
      graphics.drawString(
          heading.text(), left(rows.get(0), heading.column()), MARGIN + HEADING - 9);
    }
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    int y = MARGIN + (headings.isEmpty() ? 0 : HEADING);
    for (List<Cell> row : rows) {
      for (int c = 0; c < row.size(); c++) {
        Cell cell = row.get(c);
        if (cell.image() != null) {
          int x = left(row, c);
          graphics.drawImage(cell.image(), x, y, size, size, null);
          if (cell.frame() != Frame.NONE) {
            graphics.setColor(cell.frame() == Frame.GOOD ? GOOD : BAD);
            graphics.setStroke(new BasicStroke(2));
            graphics.draw(new Rectangle2D.Double(x - 1, y - 1, size + 2.0, size + 2.0));
          }
        }
      }
      y += size + SPACE;
    }
  }
}
