package latentrace.data;

import java.util.Arrays;
import latentrace.backend.Philox;

/**
 * dSprites by its published recipe (L. Matthey, I. Higgins, D. Hassabis, A. Lerchner: "dSprites:
 * Disentanglement testing Sprites dataset", 2017): binary 64x64 images of every combination of 1
 * colour, 3 shapes (square, ellipse, heart), 6 scales (0.5 to 1), 40 orientations (0 to 2π, both
 * included), 32 x and 32 y positions (0 to 1), the last varying fastest. The factors and their
 * order are the published ones; the outlines are drawn anew and agree in kind, not pixel by pixel.
 */
public final class DspritesGenerator {
  /** Number of images, 737,280. */
  public static final int SIZE = 3 * 6 * 40 * 32 * 32;

  private static final int[] LATENT_SIZES = {1, 3, 6, 40, 32, 32};
  static final int SIDE = 64;
  private static final int HALF_BITS = 10;
  private static final int ROUNDS = 6;

  private DspritesGenerator() {}

  /** Number of values of each factor: colour, shape, scale, orientation, x, y. */
  public static int[] latentSizes() {
    return LATENT_SIZES.clone();
  }

  /**
   * Images drawn without replacement; sample shape [1,64,64], label = shape (0 square, 1 ellipse, 2
   * heart). Sample i is image {@link #index}(seed, i), whatever the count.
   *
   * @param count number of samples, 1 to 524,287
   */
  public static Dataset generate(int count, long seed) {
    int size = SIDE * SIDE;
    requireCount(count);
    byte[] pixels = new byte[count * size];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      int[] latents = latents(index(seed, i));
      labels[i] = latents[1];
      draw(latents, pixels, i * size);
    }
    return Dataset.ofBytes("dsprites", new int[] {1, SIDE, SIDE}, pixels, labels);
  }

  static void requireCount(int count) {
    int most = Inputs.MAX_VALUES / (SIDE * SIDE);
    if (count < 1 || count > most) {
      throw new IllegalArgumentException(
          "dSprites: count %d, expected 1 to %d".formatted(count, most));
    }
  }

  /**
   * Where in the published order sample {@code i} lies: a permutation of 0..{@link #SIZE}-1, by a
   * Feistel network on 20 bits, walked on until it falls within the range.
   */
  public static int index(long seed, int i) {
    if (i < 0 || i >= SIZE) {
      throw new IllegalArgumentException(
          "DspritesGenerator: sample %d, expected 0 to %d".formatted(i, SIZE - 1));
    }
    int mask = (1 << HALF_BITS) - 1;
    int[] words = new int[4];
    int value = i;
    do {
      int left = value >>> HALF_BITS;
      int right = value & mask;
      for (int round = 0; round < ROUNDS; round++) {
        Philox.block(seed, right, round, 0, Philox.stream(Philox.ROLE_DATA, 0), words);
        int next = left ^ (words[0] & mask);
        left = right;
        right = next;
      }
      value = left << HALF_BITS | right;
    } while (value >= SIZE);
    return value;
  }

  /** The factors of an image: colour, shape, scale, orientation, x, y, each counted from 0. */
  public static int[] latents(int index) {
    int[] latents = new int[LATENT_SIZES.length];
    int rest = index;
    for (int k = latents.length - 1; k >= 0; k--) {
      latents[k] = rest % LATENT_SIZES[k];
      rest /= LATENT_SIZES[k];
    }
    return latents;
  }

  /** One image, [64,64] bytes of 0 or 255. */
  public static byte[] image(int index) {
    byte[] pixels = new byte[SIDE * SIDE];
    draw(latents(index), pixels, 0);
    return pixels;
  }

  private static void draw(int[] latents, byte[] pixels, int offset) {
    double size = 15.5 * (0.5 + 0.1 * latents[2]);
    double angle = 2 * Math.PI * latents[3] / (LATENT_SIZES[3] - 1);
    double centreX = 16 + 31.0 * latents[4] / (LATENT_SIZES[4] - 1);
    double centreY = 16 + 31.0 * latents[5] / (LATENT_SIZES[5] - 1);
    double cos = StrictMath.cos(angle) / size;
    double sin = StrictMath.sin(angle) / size;
    Arrays.fill(pixels, offset, offset + SIDE * SIDE, (byte) 0);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        double dx = x - centreX;
        double dy = y - centreY;
        if (isInside(latents[1], cos * dx + sin * dy, cos * dy - sin * dx)) {
          pixels[offset + y * SIDE + x] = (byte) 255;
        }
      }
    }
  }

  /** Whether a point lies in a shape that fits the unit circle, y downwards. */
  private static boolean isInside(int shape, double x, double y) {
    if (x * x + y * y > 1) {
      return false;
    }
    return switch (shape) {
      case 0 -> Math.max(Math.abs(x), Math.abs(y)) <= Math.sqrt(0.5);
      case 1 -> x * x + 4 * y * y <= 1;
      default -> {
        double u = 1.42 * x;
        double v = 0.1 - 1.42 * y;
        double round = u * u + v * v - 1;
        yield round * round * round <= u * u * v * v * v;
      }
    };
  }
}
