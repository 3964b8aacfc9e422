package latentrace.backend;

import java.util.Objects;

/** Noise by the contract of {@link Philox}, or of a backend's own generator. */
public abstract class RandomOps {
  private static final long MOST_STEPS = 0xffff_ffffL;

  private final Backend owner;

  /** For backends. */
  protected RandomOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * out[(i·draws + j)·size + l] = normal l mod 4 of the block with counter (⌊l/4⌋, j, samples[i],
   * stream).
   *
   * @param key the seed, or {@link Philox#trainingKey}
   * @param stream {@link Philox#stream}
   * @param samples sample indices; the first n are read
   * @param n number of samples
   * @param draws m
   * @param size d, normals per draw
   * @param out [n·draws,size], overwritten
   */
  public final void normals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out) {
    Checks.positive("normals", "n", n);
    Checks.positive("normals", "draws", draws);
    Checks.positive("normals", "size", size);
    Objects.checkFromIndexSize(0, n, samples.length);
    Checks.holds(owner, "normals", "out", "[n*draws,size]", out, (long) n * draws * size);
    doNormals(key, stream, samples, n, draws, size, out);
  }

  /**
   * y[i·size + l] = x[i·size + l] where u &gt; p, else 0: every value is left out with probability
   * p. u is the uniform number l mod 4 of the block with counter (⌊l/4⌋, 0, samples[i], stream),
   * see {@link Philox#uniform}, so that all backends leave out the same.
   *
   * @param key the seed, or {@link Philox#trainingKey}
   * @param stream {@link Philox#stream}
   * @param samples sample indices; the first n are read
   * @param n number of samples
   * @param size values per sample
   * @param p in [0, 1]
   * @param x [n,size], read
   * @param y [n,size], overwritten; may be x
   */
  public final void mask(
      long key, int stream, int[] samples, int n, int size, double p, Buffer x, Buffer y) {
    Checks.positive("mask", "n", n);
    Checks.positive("mask", "size", size);
    Objects.checkFromIndexSize(0, n, samples.length);
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException("mask: p must be in [0, 1], was " + p);
    }
    Checks.holds(owner, "mask", "x", "[n,size]", x, (long) n * size);
    Checks.holds(owner, "mask", "y", "[n,size]", y, (long) n * size);
    doMask(key, stream, samples, n, size, p, x, y);
  }

  /**
   * Makes a generator of the backend's own ready for {@link #generate}.
   *
   * @param name e.g. {@code curand}
   * @throws BackendException if this backend has none of that name, or it does not run here: the
   *     reason
   */
  public void requireGenerator(String name) {
    throw new BackendException("backend %s has no generator %s".formatted(owner.name(), name));
  }

  /**
   * out[0..count) = standard normals of the generator that {@link #requireGenerator} made ready: a
   * function of (seed, step), whatever was generated before, but of this backend, its device and
   * its library too. For noise that need not be the same elsewhere.
   *
   * @param step 0 to 2³² − 1; each has 2³² numbers of its own
   * @param count at most 2³²
   * @param out overwritten up to count
   */
  public final void generate(long seed, long step, long count, Buffer out) {
    Checks.positive("generate", "count", count);
    if (step < 0 || step > MOST_STEPS || count > MOST_STEPS + 1) {
      throw new IllegalArgumentException(
          "generate: step %d and count %d, expected at most 2^32".formatted(step, count));
    }
    Checks.holds(owner, "generate", "out", "[count]", out, count);
    doGenerate(seed, step, count, out);
  }

  /** {@link #generate}, unchecked. */
  protected void doGenerate(long seed, long step, long count, Buffer out) {
    throw new IllegalStateException("generate: no generator has been made ready");
  }

  /** {@link #normals}, unchecked. */
  protected abstract void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out);

  /** {@link #mask}, unchecked. */
  protected abstract void doMask(
      long key, int stream, int[] samples, int n, int size, double p, Buffer x, Buffer y);
}
