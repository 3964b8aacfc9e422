package latentrace.backend;

/**
 * The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011) and the project's noise contract on top of it.
 *
 * <p>Every number is a pure function of (seed, stream, sample, draw, position): noise does not
 * depend on batch size, order, threads, shards or backend.
 *
 * <ul>
 *   <li>key = (seed &amp; 0xffffffff, seed &gt;&gt;&gt; 32)
 *   <li>counter = (⌊l/4⌋, draw, sample index, stream), latent l taking normal l mod 4 of its block
 *   <li>stream = (role &lt;&lt; 24) | checkpoint ordinal
 *   <li>u = fl32(x)·2⁻³² + 2⁻³³ in float arithmetic, then Box–Muller on (u0,u1) and (u2,u3)
 * </ul>
 *
 * Backends agree bit for bit in x0..x3 and to 1e-6 relative in the normals, because libm differs.
 */
public final class Philox {
  /** Influence noise, training side. */
  public static final int ROLE_TRAIN_SIDE = 0;

  /** Influence noise, test side. */
  public static final int ROLE_TEST_SIDE = 1;

  /** Noise while training: draw 0, sample = position in the batch, step in the key. */
  public static final int ROLE_TRAINING = 2;

  /** Parameter initialisation. */
  public static final int ROLE_INITIALISATION = 3;

  /** Order of the samples in an epoch. */
  public static final int ROLE_SHUFFLE = 4;

  /** Built-in data sets. */
  public static final int ROLE_DATA = 5;

  /** Explanations: coefficients and noise of attribution methods. */
  public static final int ROLE_EXPLANATION = 6;

  /** Random probes of curvature. */
  public static final int ROLE_PROBE = 7;

  /**
   * Pixels that are masked while training: draw 0, sample and step as of {@link #ROLE_TRAINING}.
   */
  public static final int ROLE_MASK = 8;

  /** Random views of images while training: a sequence for each view, step in the key. */
  public static final int ROLE_AUGMENTATION = 9;

  /** Multiplier of word 0. */
  public static final int M0 = 0xD2511F53;

  /** Multiplier of word 2. */
  public static final int M1 = 0xCD9E8D57;

  /** What the key's low word grows by in a round. */
  public static final int W0 = 0x9E3779B9;

  /** What the key's high word grows by in a round. */
  public static final int W1 = 0xBB67AE85;

  /** Rounds. */
  public static final int ROUNDS = 10;

  private static final float TWO_POW_MINUS_32 = 0x1p-32f;
  private static final float TWO_POW_MINUS_33 = 0x1p-33f;

  private Philox() {}

  /**
   * The stream word of the contract.
   *
   * @param role one of the {@code ROLE_} constants, 0..255
   * @param ordinal 24 bits that tell streams of one role apart: for influence noise, the position
   *     of the checkpoint in the list scored, sorted by iteration, from 0
   */
  public static int stream(int role, int ordinal) {
    if (role < 0 || role > 255 || ordinal < 0 || ordinal >= 1 << 24) {
      throw new IllegalArgumentException(
          "stream: role %d must be in 0..255 and ordinal %d in 0..2^24-1".formatted(role, ordinal));
    }
    return role << 24 | ordinal;
  }

  /**
   * The key of training step {@code step}: {@code seed} with its upper word xor-ed with the step.
   */
  public static long trainingKey(long seed, long step) {
    return seed ^ (step & 0xffffffffL) << 32;
  }

  /**
   * One block: ten rounds of Philox4x32.
   *
   * @param key the 64-bit key, low word first
   * @param out the four words x0..x3, overwritten
   */
  public static void block(long key, int c0, int c1, int c2, int c3, int[] out) {
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    int x0 = c0;
    int x1 = c1;
    int x2 = c2;
    int x3 = c3;
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = (M0 & 0xffffffffL) * (x0 & 0xffffffffL);
      long p1 = (M1 & 0xffffffffL) * (x2 & 0xffffffffL);
      x0 = (int) (p1 >>> 32) ^ x1 ^ k0;
      x1 = (int) p1;
      x2 = (int) (p0 >>> 32) ^ x3 ^ k1;
      x3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
  }

  /** u = fl32(x)·2⁻³² + 2⁻³³ of the unsigned word x, in (0, 1]. */
  public static float uniform(int x) {
    return (float) (x & 0xffffffffL) * TWO_POW_MINUS_32 + TWO_POW_MINUS_33;
  }

  /**
   * Box–Muller on the four words of a block, evaluated in double from the float uniforms and
   * rounded to float.
   *
   * @param words x0..x3
   * @param normals the four normals, overwritten
   */
  public static void normals(int[] words, float[] normals) {
    for (int p = 0; p < 4; p += 2) {
      double radius = Math.sqrt(-2 * Math.log(uniform(words[p])));
      double angle = 2 * Math.PI * uniform(words[p + 1]);
      normals[p] = (float) (radius * Math.cos(angle));
      normals[p + 1] = (float) (radius * Math.sin(angle));
    }
  }
}
