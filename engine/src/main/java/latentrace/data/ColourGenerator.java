package latentrace.data;

import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;

/**
 * The digits and letters of {@link DigitsGenerator} in colour, [3,32,32] bytes as in CIFAR-10:
 * random ink on a ground that shades from one colour to another. Sample i depends on the seed and i
 * alone.
 */
public final class ColourGenerator {
  private static final int SIDE = 32;
  private static final int GLYPH = 28;
  private static final int MARGIN = (SIDE - GLYPH) / 2;

  /** Colours take substreams that no glyph takes. */
  private static final long COLOUR_SUBSTREAM = 1L << 33;

  private ColourGenerator() {}

  /** Digits, labels 0..9; see {@link DigitsGenerator#digits}. */
  public static Dataset digits(int count, long seed) {
    return coloured("colour-digits", DigitsGenerator.digits(count, seed), seed);
  }

  /** Letters, labels from 10 on; see {@link DigitsGenerator#letters}. */
  public static Dataset letters(int count, long seed) {
    return coloured("colour-letters", DigitsGenerator.letters(count, seed), seed + 1);
  }

  private static Dataset coloured(String name, Dataset glyphs, long seed) {
    int plane = SIDE * SIDE;
    byte[] pixels = new byte[Math.multiplyExact(glyphs.count(), 3 * plane)];
    byte[] glyph = new byte[GLYPH * GLYPH];
    for (int i = 0; i < glyphs.count(); i++) {
      glyphs.copyBytes(i, glyph, 0);
      PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, COLOUR_SUBSTREAM + i);
      for (int c = 0; c < 3; c++) {
        double top = random.nextDouble();
        double bottom = random.nextDouble();
        double ink = random.nextDouble();
        for (int p = 0; p < plane; p++) {
          int line = p / SIDE;
          int x = p % SIDE - MARGIN;
          int y = line - MARGIN;
          boolean inside = x >= 0 && x < GLYPH && y >= 0 && y < GLYPH;
          double share = inside ? (glyph[y * GLYPH + x] & 0xff) / 255.0 : 0;
          double ground = top + (bottom - top) * line / (SIDE - 1);
          double value = ground + (ink - ground) * share;
          pixels[(i * 3 + c) * plane + p] = (byte) Math.round(255 * value);
        }
      }
    }
    return Dataset.ofBytes(name, new int[] {3, SIDE, SIDE}, pixels, glyphs.labels());
  }
}
