package latentrace.experiment;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import latentrace.report.Charts;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;

/**
 * A picture.
 *
 * @param id file name without ending: figure1, figure2-mnist, …
 * @param caption what is seen
 * @param svg an {@code <svg>} element
 * @param png the same as a PNG file
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data, never compared
public record Figure(String id, String caption, String svg, byte[] png) {
  /** A chart. */
  static Figure of(String id, String caption, XYChart chart) {
    try {
      chart.getStyler().setChartBackgroundColor(java.awt.Color.WHITE);
      return new Figure(
          id,
          caption,
          Charts.svg(chart, id),
          BitmapEncoder.getBitmapBytes(chart, BitmapFormat.PNG));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An image; its SVG holds the PNG. */
  static Figure of(String id, String caption, BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$d\" height=\"%2$d\" viewBox=\"0 0 %1$d %2$d\"><image width=\"%1$d\" height=\"%2$d\" href=\"data:image/png;base64,%3$s\"/></svg>"
            .formatted(
                image.getWidth(),
                image.getHeight(),
                Base64.getEncoder().encodeToString(bytes.toByteArray()));
    return new Figure(id, caption, svg, bytes.toByteArray());
  }
}
