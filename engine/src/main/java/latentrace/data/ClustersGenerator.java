package latentrace.data;

import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;

/**
 * The six clusters of points in the plane of Z. Kong, K. Chaudhuri: "Understanding Instance-based
 * Interpretability of Variational Auto-encoders", NeurIPS 2021, appendix B.1: spherical Gaussians
 * of 25, 15, 20, 25, 10 and 5 in 100 points, with standard deviations 0.5, 0.5, 0.4, 0.4, 0.5 and
 * 1. The paper does not print the centres; here they lie on a circle of radius 4, 60 degrees apart.
 */
public final class ClustersGenerator {
  private static final int[] SIZES = {25, 15, 20, 25, 10, 5};
  private static final double[] DEVIATIONS = {0.5, 0.5, 0.4, 0.4, 0.5, 1};
  private static final double RADIUS = 4;
  private static final int BLOCK = 100;

  /** Orders of blocks take substreams that no point takes. */
  private static final long ORDER_SUBSTREAM = 1L << 32;

  private ClustersGenerator() {}

  /**
   * Points, sample shape [2], labels 0..5. Every 100 from the first on hold the six sizes exactly,
   * in random order; point i depends on the seed and i alone.
   *
   * @param count number of samples, at least 1; the paper's is 100
   */
  public static Dataset points(int count, long seed) {
    if (count < 1 || count > Inputs.MAX_VALUES / 2) {
      throw new IllegalArgumentException(
          "ClustersGenerator: count %d, expected 1 to %d".formatted(count, Inputs.MAX_VALUES / 2));
    }
    float[] points = new float[2 * count];
    int[] labels = new int[count];
    int[] order = new int[BLOCK];
    for (int i = 0; i < count; i++) {
      if (i % BLOCK == 0) {
        shuffle(order, seed, i / BLOCK);
      }
      int cluster = order[i % BLOCK];
      PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, i);
      double angle = Math.PI / 3 * cluster;
      labels[i] = cluster;
      points[2 * i] =
          (float) (RADIUS * StrictMath.cos(angle) + DEVIATIONS[cluster] * random.nextGaussian());
      points[2 * i + 1] =
          (float) (RADIUS * StrictMath.sin(angle) + DEVIATIONS[cluster] * random.nextGaussian());
    }
    return Dataset.ofFloats("clusters", new int[] {2}, points, labels);
  }

  private static void shuffle(int[] order, long seed, int block) {
    int next = 0;
    for (int cluster = 0; cluster < SIZES.length; cluster++) {
      for (int k = 0; k < SIZES[cluster]; k++) {
        order[next++] = cluster;
      }
    }
    new PhiloxRandom(seed, Philox.ROLE_DATA, ORDER_SUBSTREAM + block).shuffle(order);
  }
}
