package latentrace.report;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import latentrace.data.AtomicFiles;

/**
 * A figure, drawn when it is written.
 *
 * @param name of its files
 * @param alt what it shows, in words
 * @param width in CSS pixels
 * @param height in CSS pixels
 * @param painter draws it on a white ground
 */
public record Picture(String name, String alt, int width, int height, Painter painter) {
  /** PNG pixels per CSS pixel. */
  private static final int SCALE = 2;

  private static final int GAP = 12;

  /** Draws on a ground of the picture's size. */
  @FunctionalInterface
  public interface Painter {
    /** Draws; may leave the state of {@code graphics} changed. */
    void paint(Graphics2D graphics);
  }

  /**
   * One picture of several, row by row, each in its own size.
   *
   * @param columns how many stand side by side
   */
  public static Picture panels(String name, String alt, int columns, List<Picture> parts) {
    int cellWidth = parts.stream().mapToInt(Picture::width).max().orElse(0) + GAP;
    int[] tops = new int[(parts.size() + columns - 1) / columns + 1];
    for (int p = 0; p < parts.size(); p++) {
      int row = p / columns;
      tops[row + 1] = Math.max(tops[row + 1], tops[row] + parts.get(p).height() + GAP);
    }
    return new Picture(
        name,
        alt,
        Math.min(columns, parts.size()) * cellWidth,
        tops[tops.length - 1],
        graphics -> {
          for (int p = 0; p < parts.size(); p++) {
            Graphics2D part = (Graphics2D) graphics.create();
            part.translate(p % columns * cellWidth, tops[p / columns]);
            parts.get(p).painter().paint(part);
            part.dispose();
          }
        });
  }

  /** Writes {@code folder/name.png} and {@code folder/name.svg}, each whole or not at all. */
  public void write(Path folder) {
    AtomicFiles.write(
        folder.resolve(name + ".png"),
        out -> {
          if (!ImageIO.write(image(), "png", out)) {
            throw new IOException("this JDK has no PNG writer");
          }
        });
    AtomicFiles.write(
        folder.resolve(name + ".svg"),
        out -> {
          VectorGraphics2D graphics = new VectorGraphics2D();
          paintOn(graphics);
          Processors.get("svg")
              .getDocument(graphics.getCommands(), new PageSize(width, height))
              .writeTo(out);
        });
  }

  /** The PNG. */
  BufferedImage image() {
    BufferedImage image =
        new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.scale(SCALE, SCALE);
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    paintOn(graphics);
    graphics.dispose();
    return image;
  }

  private void paintOn(Graphics2D graphics) {
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    painter.paint(graphics);
  }
}
