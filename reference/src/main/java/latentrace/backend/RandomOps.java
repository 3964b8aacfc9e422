package latentrace.backend;

import java.util.Objects;

/** Noise by the contract of {@link Philox}. */
public abstract class RandomOps {
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

  /** {@link #normals}, unchecked. */
  protected abstract void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out);
}
