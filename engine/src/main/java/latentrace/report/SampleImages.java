package latentrace.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Turns one sample into a picture: [H,W] or [1,H,W] gray, [3,H,W] colour, [D] a line. */
public final class SampleImages {
  private static final int SERIES_WIDTH = 192;
  private static final int SERIES_HEIGHT = 128;
  private static final int SERIES_MARGIN = 8;
  private static final Color SERIES_COLOR = new Color(0x2f6db3);

  private SampleImages() {}

  /** Whether samples of this shape have a picture. */
  public static boolean canRender(int[] sampleShape) {
    return switch (sampleShape.length) {
      case 1, 2 -> true;
      case 3 -> sampleShape[0] == 1 || sampleShape[0] == 3;
      default -> false;
    };
  }

  /** Whether samples of this shape are drawn as pixels, to be enlarged without smoothing. */
  public static boolean isPixels(int[] sampleShape) {
    return sampleShape.length > 1 && canRender(sampleShape);
  }

  /**
   * Draws a sample.
   *
   * @param values [sample], row-major; pixels are clamped to 0..1 (NaN is 0), a series is scaled to
   *     its own range (values that are not finite leave a gap)
   * @param sampleShape [H,W], [1,H,W], [3,H,W] or [D]
   * @return W x H pixels, gray or RGB; for a series 192 x 128 pixels on a transparent ground
   * @throws IllegalArgumentException if the shape is another or does not fit the values
   */
  public static BufferedImage render(float[] values, int[] sampleShape) {
    if (!canRender(sampleShape)) {
      throw new IllegalArgumentException(
          "sample shape %s has no picture, expected [H,W], [1,H,W], [3,H,W] or [D]"
              .formatted(Arrays.toString(sampleShape)));
    }
    long size = Arrays.stream(sampleShape).asLongStream().reduce(1, (a, b) -> a * b);
    if (values.length != size) {
      throw new IllegalArgumentException(
          "%d values for sample shape %s".formatted(values.length, Arrays.toString(sampleShape)));
    }
    if (sampleShape.length == 1) {
      return renderSeries(values);
    }
    int height = sampleShape[sampleShape.length - 2];
    int width = sampleShape[sampleShape.length - 1];
    int bands = sampleShape.length == 3 ? sampleShape[0] : 1;
    BufferedImage image =
        new BufferedImage(
            width, height, bands == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    int at = 0;
    for (int band = 0; band < bands; band++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          image.getRaster().setSample(x, y, band, toByte(values[at++]));
        }
      }
    }
    return image;
  }

  private static int toByte(float value) {
    return Math.round(Math.max(0f, Math.min(1f, value)) * 255f);
  }

  private static BufferedImage renderSeries(float[] values) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      if (Float.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    double xStep = (SERIES_WIDTH - 2.0 * SERIES_MARGIN) / Math.max(1, values.length - 1);
    double range = (double) high - low;
    Path2D line = new Path2D.Double();
    boolean gap = true;
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        gap = true;
        continue;
      }
      double share = range > 0 ? (values[i] - (double) low) / range : 0.5;
      double x = SERIES_MARGIN + i * xStep;
      double y = SERIES_MARGIN + (1 - share) * (SERIES_HEIGHT - 2.0 * SERIES_MARGIN);
      if (gap) {
        line.moveTo(x, y);
        gap = false;
      }
      line.lineTo(x, y);
    }
    BufferedImage image =
        new BufferedImage(SERIES_WIDTH, SERIES_HEIGHT, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setColor(SERIES_COLOR);
    graphics.setStroke(new BasicStroke(4f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.draw(line);
    graphics.dispose();
    return image;
  }

  /** The picture of {@link #render} as {@code data:image/png;base64,…}, at its native size. */
  public static String dataUri(float[] values, int[] sampleShape) {
    return dataUri(render(values, sampleShape));
  }

  /** A picture as {@code data:image/png;base64,…}. */
  static String dataUri(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      if (!ImageIO.write(image, "png", out)) {
        throw new IllegalStateException("this JDK has no PNG writer");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes.toByteArray());
  }
}
