package latentrace.attribution;

import latentrace.backend.Philox;

/** Random numbers of an explanation, each a function of seed, sample, draw and what it is for. */
final class RandomNumbers {
  /** What numbers are for: streams of their own. */
  enum Use {
    COEFFICIENT(0),
    NOISE(1),
    ATTRIBUTION(2);

    private final int number;

    Use(int number) {
      this.number = number;
    }
  }

  private final long seed;
  private final int stream;
  private final int[] words = new int[4];
  private final float[] normals = new float[4];

  RandomNumbers(long seed, Use use) {
    this.seed = seed;
    this.stream = Philox.stream(Philox.ROLE_EXPLANATION, use.number);
  }

  /** Two uniforms in (0,1]. */
  void uniforms(int sample, int draw, double[] two) {
    Philox.block(seed, 0, draw, sample, stream, words);
    two[0] = Philox.uniform(words[0]);
    two[1] = Philox.uniform(words[1]);
  }

  /** target[to..to+count) += scale·normals. */
  void addNormals(int sample, int draw, double scale, float[] target, int to, int count) {
    for (int e = 0; e < count; e++) {
      if (e % 4 == 0) {
        Philox.block(seed, e / 4, draw, sample, stream, words);
        Philox.normals(words, normals);
      }
      target[to + e] += (float) (scale * normals[e % 4]);
    }
  }
}
