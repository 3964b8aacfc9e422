package latentrace.report;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import latentrace.data.AtomicFiles;
import latentrace.data.Dataset;

/** A page of samples, each with the importance of its features beside it. */
public final class AttributionReport {
  private static final int STRIP_HEIGHT = 32;
  private static final int POSITIVE = 0xc8501e;
  private static final int NEGATIVE = 0x2f6db3;
  private static final int FULL = 255;

  private AttributionReport() {}

  /** A sample and its importance. */
  record Pair(Pages.Tile sample, String heat, boolean pixels, String text) {}

  /** The page. */
  record Page(String title, String note, List<Pair> pairs) {}

  /**
   * Writes the page, self-contained.
   *
   * @param note what was attributed and how, one line
   * @param attributions [N][D]
   * @param most samples shown, the first
   */
  public static void write(
      Path target, String note, Dataset data, float[][] attributions, int most) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < Math.min(most, data.count()); i++) {
      float largest = 0;
      float[] importance = summed(attributions[i], data.sampleShape());
      for (float value : importance) {
        largest = Math.max(largest, Math.abs(value));
      }
      pairs.add(
          new Pair(
              Pages.sampleTile(data, i),
              SampleImages.canRender(data.sampleShape())
                  ? SampleImages.dataUri(heat(importance, data.sampleShape(), largest))
                  : null,
              SampleImages.isPixels(data.sampleShape()),
              "Importance in sample %d, at most %s".formatted(i, Pages.number(largest))));
    }
    AtomicFiles.writeString(
        target, Pages.render("attributions", new Page("Feature importance", note, pairs)));
  }

  /** Sums over channels. */
  private static float[] summed(float[] attribution, int[] shape) {
    int channels = shape.length == 3 ? shape[0] : 1;
    int pixels = attribution.length / channels;
    float[] sums = new float[pixels];
    for (int e = 0; e < attribution.length; e++) {
      sums[e % pixels] += attribution[e];
    }
    return sums;
  }

  /** White for 0, orange above, blue below, full colour at ±largest; a series is a strip. */
  static BufferedImage heat(float[] importance, int[] shape, float largest) {
    int width = shape[shape.length - 1];
    int height = shape.length == 1 ? 1 : shape[shape.length - 2];
    int repeat = shape.length == 1 ? STRIP_HEIGHT : 1;
    BufferedImage image = new BufferedImage(width, height * repeat, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height * repeat; y++) {
      for (int x = 0; x < width; x++) {
        float value = importance[y / repeat * width + x];
        float share = largest > 0 ? value / largest : 0;
        image.setRGB(x, y, colour(share));
      }
    }
    return image;
  }

  private static int colour(float share) {
    int end = share < 0 ? NEGATIVE : POSITIVE;
    float amount = Math.min(1, Math.abs(share));
    int rgb = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int channel = end >> shift & FULL;
      rgb |= Math.round(FULL + amount * (channel - FULL)) << shift;
    }
    return rgb;
  }
}
