package latentrace.data;

import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;

/**
 * Handwritten-like digits and letters, 28x28 bytes as in MNIST: strokes with jittered control
 * points, warped, slanted and scaled, drawn with a round pen of random width and centred by mass.
 * Sample i depends on the seed and i alone, not on how many are made.
 */
public final class DigitsGenerator {
  /** The letters, in the order of their labels from 10 on. */
  public static final String LETTERS = "AEFHKMNRTWXY";

  private static final int SIDE = 28;
  private static final int DIGITS = 10;

  /** Letters take substreams that no digit takes. */
  private static final long LETTER_SUBSTREAM = 1L << 32;

  private DigitsGenerator() {}

  /**
   * Digits 0 to 9, equally probable; sample shape [1,28,28], labels 0..9.
   *
   * @param count number of samples, at least 1
   */
  public static Dataset digits(int count, long seed) {
    return generate("digits", count, seed, 0, Glyphs.DIGITS, 0);
  }

  /**
   * Letters that no digit looks like, drawn as the digits are, equally probable; sample shape
   * [1,28,28], label 10 + position in {@link #LETTERS}.
   *
   * @param count number of samples, at least 1
   */
  public static Dataset letters(int count, long seed) {
    return generate("letters", count, seed, LETTER_SUBSTREAM, Glyphs.LETTERS, DIGITS);
  }

  private static Dataset generate(
      String name, int count, long seed, long substream, Glyphs glyphs, int firstLabel) {
    int size = SIDE * SIDE;
    if (count < 1 || count > Inputs.MAX_VALUES / size) {
      throw new IllegalArgumentException(
          "DigitsGenerator: count %d, expected 1 to %d".formatted(count, Inputs.MAX_VALUES / size));
    }
    byte[] pixels = new byte[count * size];
    int[] labels = new int[count];
    Pen pen = new Pen(SIDE);
    for (int i = 0; i < count; i++) {
      PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, substream + i);
      int glyph = random.nextInt(glyphs.count());
      labels[i] = firstLabel + glyph;
      pen.draw(glyphs.strokes(glyph, random), random, pixels, i * size);
    }
    return Dataset.ofBytes(name, new int[] {1, SIDE, SIDE}, pixels, labels);
  }
}
