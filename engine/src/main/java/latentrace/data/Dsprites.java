package latentrace.data;

import java.nio.file.Path;

/**
 * The published dSprites, {@code dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz}: images of zeros
 * and ones, in the order of {@link DspritesGenerator}'s factors, three gigabytes of them.
 */
public final class Dsprites {
  private static final String IMAGES = "imgs";

  private Dsprites() {}

  /**
   * Images drawn without replacement, those that {@link DspritesGenerator#generate} would draw;
   * only they are kept in memory. Sample shape [1,64,64], label = shape.
   *
   * @param count number of samples, 1 to 524,287
   * @throws InputException if the file is not whole or not dSprites
   */
  public static Dataset read(Path path, int count, long seed) {
    DspritesGenerator.requireCount(count);
    int side = DspritesGenerator.SIDE;
    int[] rows = new int[count];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      rows[i] = DspritesGenerator.index(seed, i);
      labels[i] = DspritesGenerator.latents(rows[i])[1];
    }
    byte[] pixels =
        Npz.readRows(path, IMAGES, new int[] {DspritesGenerator.SIZE, side, side}, rows);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (pixels[i] == 0 ? 0 : 255);
    }
    return Dataset.ofBytes("dsprites", new int[] {1, side, side}, pixels, labels);
  }
}
