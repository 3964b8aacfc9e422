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
}
