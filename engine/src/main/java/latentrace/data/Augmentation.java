package latentrace.data;

import latentrace.backend.PhiloxRandom;

/**
 * The random views of an image that SimCLR learns from (Chen et al. 2020, appendix A; for small
 * images without blur, B.9), with the settings of Label-Free-XAI's code. Pixels are in [0, 1]. In
 * this order, each with numbers that it takes from the image's own random sequence:
 *
 * <ol>
 *   <li>a random crop of 8 % to 100 % of the area, sides 3:4 to 4:3 (log-uniform), as large as the
 *       image again by bilinear interpolation; ten trials, then the whole image;
 *   <li>mirrored, with probability ½;
 *   <li>with probability 0.8: brightness, contrast and saturation times U(0.6, 1.4) and the hue
 *       turned by U(−0.1, 0.1) of the circle, in random order, clipped after each;
 *   <li>grey, with probability 0.2.
 * </ol>
 *
 * <p>An image of one channel has no saturation and no hue. Not thread-safe.
 */
public final class Augmentation {
  private static final double SMALLEST_AREA = 0.08;
  private static final double WIDEST = 4.0 / 3;
  private static final int TRIALS = 10;
  private static final double MIRRORED = 0.5;
  private static final double JITTERED = 0.8;
  private static final double JITTER = 0.4;
  private static final double HUE_JITTER = 0.1;
  private static final double GREY = 0.2;
  private static final int[] JITTERS = {0, 1, 2, 3};

  private final int channels;
  private final int height;
  private final int width;
  private final float[] grey;

  /**
   * For images [channels,height,width].
   *
   * @param channels 1 or 3, red, green and blue
   */
  public Augmentation(int channels, int height, int width) {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("channels: found %d, expected 1 or 3".formatted(channels));
    }
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.grey = new float[height * width];
  }

  /**
   * A view of an image.
   *
   * @param from its first value in {@code source}
   * @param random whose numbers say which view
   * @param target [channels,height,width] from {@code to} on, overwritten
   */
  public void view(float[] source, int from, PhiloxRandom random, float[] target, int to) {
    crop(source, from, random, target, to);
    boolean jittered = random.nextDouble() < JITTERED;
    if (jittered) {
      int[] order = JITTERS.clone();
      random.shuffle(order);
      for (int which : order) {
        double factor = random.nextDouble(1 - JITTER, 1 + JITTER);
        switch (which) {
          case 0 -> scale(target, to, factor);
          case 1 -> contrast(target, to, factor);
          case 2 -> saturate(target, to, factor);
          default -> turnHue(target, to, (factor - 1) / JITTER * HUE_JITTER);
        }
      }
    }
    if (random.nextDouble() < GREY && channels == 3) {
      saturate(target, to, 0);
    }
  }

  /** The crop, and its mirror image or not. */
  private void crop(float[] source, int from, PhiloxRandom random, float[] target, int to) {
    int cropHeight = height;
    int cropWidth = width;
    int top = 0;
    int left = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      double area = (double) height * width * random.nextDouble(SMALLEST_AREA, 1);
      double ratio = Math.exp(random.nextDouble(-Math.log(WIDEST), Math.log(WIDEST)));
      int h = (int) Math.round(Math.sqrt(area / ratio));
      int w = (int) Math.round(Math.sqrt(area * ratio));
      if (h >= 1 && h <= height && w >= 1 && w <= width) {
        cropHeight = h;
        cropWidth = w;
        top = random.nextInt(height - h + 1);
        left = random.nextInt(width - w + 1);
        break;
      }
    }
    boolean mirrored = random.nextDouble() < MIRRORED;
    for (int y = 0; y < height; y++) {
      double row = Math.max(0, (y + 0.5) * cropHeight / height - 0.5);
      int y0 = (int) row;
      int y1 = Math.min(y0 + 1, cropHeight - 1);
      for (int x = 0; x < width; x++) {
        double column = Math.max(0, (x + 0.5) * cropWidth / width - 0.5);
        int x0 = (int) column;
        int x1 = Math.min(x0 + 1, cropWidth - 1);
        double below = row - y0;
        double right = column - x0;
        int at = to + y * width + (mirrored ? width - 1 - x : x);
        for (int c = 0; c < channels; c++) {
          int plane = from + (c * height + top) * width + left;
          double upper =
              mix(source[plane + y0 * width + x0], source[plane + y0 * width + x1], right);
          double lower =
              mix(source[plane + y1 * width + x0], source[plane + y1 * width + x1], right);
          target[at + c * height * width] = (float) mix(upper, lower, below);
        }
      }
    }
  }

  private static double mix(double a, double b, double share) {
    return a + share * (b - a);
  }

  private static float clipped(double value) {
    return (float) Math.max(0, Math.min(1, value));
  }

  private void scale(float[] image, int at, double factor) {
    for (int i = at; i < at + channels * height * width; i++) {
      image[i] = clipped(factor * image[i]);
    }
  }

  /** Luminance (ITU-R 601) of every pixel, in {@link #grey}; its mean. */
  private double luminance(float[] image, int at) {
    int plane = height * width;
    double sum = 0;
    for (int p = 0; p < plane; p++) {
      double value =
          channels == 1
              ? image[at + p]
              : 0.299 * image[at + p]
                  + 0.587 * image[at + plane + p]
                  + 0.114 * image[at + 2 * plane + p];
      grey[p] = (float) value;
      sum += value;
    }
    return sum / plane;
  }

  /** Away from the mean luminance. */
  private void contrast(float[] image, int at, double factor) {
    double mean = luminance(image, at);
    for (int i = at; i < at + channels * height * width; i++) {
      image[i] = clipped(mix(mean, image[i], factor));
    }
  }

  /** Away from each pixel's luminance. */
  private void saturate(float[] image, int at, double factor) {
    if (channels == 1) {
      return;
    }
    luminance(image, at);
    int plane = height * width;
    for (int i = 0; i < 3 * plane; i++) {
      image[at + i] = clipped(mix(grey[i % plane], image[at + i], factor));
    }
  }

  /** Turns the hue of HSV. */
  private void turnHue(float[] image, int at, double turn) {
    if (channels == 1) {
      return;
    }
    int plane = height * width;
    for (int p = at; p < at + plane; p++) {
      double r = image[p];
      double g = image[p + plane];
      double b = image[p + 2 * plane];
      double value = Math.max(r, Math.max(g, b));
      double range = value - Math.min(r, Math.min(g, b));
      if (range > 0) {
        double sector =
            value == r ? (g - b) / range : value == g ? 2 + (b - r) / range : 4 + (r - g) / range;
        double hue = sector + 6 * turn;
        image[p] = ofHue(hue + 5, value, range);
        image[p + plane] = ofHue(hue + 3, value, range);
        image[p + 2 * plane] = ofHue(hue + 1, value, range);
      }
    }
  }

  /** value − range·max(0, min(k, 4 − k, 1)) with k of six sectors: 5, 3, 1 on for r, g, b. */
  private static float ofHue(double sectors, double value, double range) {
    double k = sectors - 6 * Math.floor(sectors / 6);
    return clipped(value - range * Math.max(0, Math.min(Math.min(k, 4 - k), 1)));
  }
}
