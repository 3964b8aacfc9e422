package latentrace.backend;

/**
 * A sequential reader of one Philox stream: for initialisation, shuffling and built-in data, where
 * numbers are taken one after the other. Same (seed, stream, substream), same numbers, on every
 * JVM. Not thread-safe.
 */
public final class PhiloxRandom {
  private final long key;
  private final int stream;
  private final int substreamLow;
  private final int substreamHigh;
  private final int[] words = new int[4];
  private final float[] normals = new float[4];
  private int block;
  private int nextWord = 4;
  private int nextNormal = 4;

  /**
   * @param seed the key
   * @param role one of {@link Philox}'s roles
   * @param substream which of 2⁶⁴ independent sequences, e.g. a sample index or an epoch
   */
  public PhiloxRandom(long seed, int role, long substream) {
    this.key = seed;
    this.stream = Philox.stream(role, 0);
    this.substreamLow = (int) substream;
    this.substreamHigh = (int) (substream >>> 32);
  }

  private void refill() {
    Philox.block(key, block++, substreamHigh, substreamLow, stream, words);
  }

  /** 32 random bits. */
  public int nextInt() {
    if (nextWord == 4) {
      refill();
      nextWord = 0;
    }
    return words[nextWord++];
  }

  /** Uniform in 0..bound-1, without bias. */
  public int nextInt(int bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("nextInt: bound must be positive, was " + bound);
    }
    // Lemire's multiply-shift with rejection
    long product = (nextInt() & 0xffffffffL) * bound;
    long low = product & 0xffffffffL;
    if (low < bound) {
      long threshold = (0x100000000L - bound) % bound;
      while (low < threshold) {
        product = (nextInt() & 0xffffffffL) * bound;
        low = product & 0xffffffffL;
      }
    }
    return (int) (product >>> 32);
  }

  /** Uniform in [0, 1), 53 bits. */
  public double nextDouble() {
    int high = nextInt() >>> 5;
    int low = nextInt() >>> 6;
    return (high * 67108864.0 + low) * 0x1p-53;
  }

  /** Uniform in [from, to). */
  public double nextDouble(double from, double to) {
    return from + (to - from) * nextDouble();
  }

  /** Standard normal. */
  public double nextGaussian() {
    if (nextNormal == 4) {
      refill();
      nextWord = 4;
      Philox.normals(words, normals);
      nextNormal = 0;
    }
    return normals[nextNormal++];
  }

  /** Fisher–Yates shuffle in place. */
  public void shuffle(int[] values) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = nextInt(i + 1);
      int swap = values[i];
      values[i] = values[j];
      values[j] = swap;
    }
  }
}
