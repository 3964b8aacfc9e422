package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.backend.RandomOps;

/**
 * Philox, and Box–Muller on its numbers, one block of four per lane of longs. With vectors of 128
 * bits there is nothing to gain (a multiplication of longs is no instruction of NEON or SSE): then
 * one block at a time.
 */
final class SimdRandom extends RandomOps {
  private static final VectorSpecies<Long> LONGS =
      VectorSpecies.of(long.class, Lanes.SPECIES.vectorShape());
  private static final int LANES = LONGS.length();
  private static final boolean WIDE = LANES >= 4;

  /** Blocks that go through each stage together, a multiple of {@link #LANES}. */
  private static final int BATCH = 64;

  /** Numbers of a block. */
  private static final int FOUR = 4;

  /** Rough number of operations of a number. */
  private static final int COST = WIDE ? 16 : 64;

  private static final long LOW = 0xffffffffL;

  private final WorkerPool pool;
  private final Scratch[] scratch;
  private final Normals normals = new Normals();
  private final Masks masks = new Masks();

  SimdRandom(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.scratch = new Scratch[pool.threads()];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  /** A worker's memory: counters, then words, of a batch of blocks. */
  private static final class Scratch {
    private final long[][] words = new long[FOUR][BATCH];
    private final int[] targets = new int[BATCH];
    private final int[] counts = new int[BATCH];
    private final double[] radii = new double[BATCH];
    private final double[] turns = new double[BATCH];
    private final double[] angles = new double[BATCH];
    private final double[] sines = new double[BATCH];
    private final double[] cosines = new double[BATCH];
    private final int[] block = new int[FOUR];
    private final float[] normals = new float[FOUR];
  }

  /** Over rows of numbers, which are made of Philox blocks, {@link #BATCH} at a time. */
  private abstract class Blocks extends Loop {
    private long key;
    private int stream;
    private int[] samples;
    private int draws;
    private int size;
    SimdBuffer out;

    final void start(
        long newKey, int newStream, int[] indices, int n, int m, int numbers, Buffer target) {
      key = newKey;
      stream = newStream;
      samples = indices;
      draws = m;
      size = numbers;
      out = (SimdBuffer) target;
      over(pool, n * m, (long) numbers * COST);
    }

    @Override
    final void range(int from, int to, int worker) {
      Scratch s = scratch[worker];
      int filled = 0;
      for (int row = from; row < to; row++) {
        int sample = samples[row / draws];
        for (int l = 0; l < size; l += FOUR) {
          s.words[0][filled] = l / FOUR;
          s.words[1][filled] = row % draws;
          s.words[2][filled] = sample & LOW;
          s.words[3][filled] = stream & LOW;
          s.targets[filled] = row * size + l;
          s.counts[filled] = Math.min(FOUR, size - l);
          if (++filled == BATCH) {
            batch(s, filled);
            filled = 0;
          }
        }
      }
      batch(s, filled);
    }

    private void batch(Scratch s, int blocks) {
      if (WIDE) {
        for (int i = 0; i < blocks; i += LANES) {
          philox(key, s.words[0], s.words[1], s.words[2], s.words[3], i);
        }
      } else {
        for (int b = 0; b < blocks; b++) {
          int counter = (int) s.words[0][b];
          Philox.block(key, counter, (int) s.words[1][b], (int) s.words[2][b], stream, s.block);
          for (int k = 0; k < FOUR; k++) {
            s.words[k][b] = s.block[k];
          }
        }
      }
      write(s, blocks);
    }

    /** Makes the numbers of each block of its words. */
    abstract void write(Scratch s, int blocks);

    @Override
    void release() {
      samples = null;
      out = null;
    }
  }

  private final class Normals extends Blocks {
    @Override
    void write(Scratch s, int blocks) {
      if (!WIDE) {
        for (int b = 0; b < blocks; b++) {
          for (int k = 0; k < FOUR; k++) {
            s.block[k] = (int) s.words[k][b];
          }
          Philox.normals(s.block, s.normals);
          System.arraycopy(s.normals, 0, out.data, out.offset + s.targets[b], s.counts[b]);
        }
        return;
      }
      int whole = (blocks + LANES - 1) / LANES * LANES;
      for (int pair = 0; pair < FOUR; pair += 2) {
        uniforms(s.words[pair], s.radii, whole);
        uniforms(s.words[pair + 1], s.turns, whole);
        Doubles.radii(s.radii, whole);
        Doubles.circle(s.turns, s.angles, s.sines, s.cosines, whole);
        for (int b = 0; b < blocks; b++) {
          int target = out.offset + s.targets[b] + pair;
          if (pair < s.counts[b]) {
            out.data[target] = (float) (s.radii[b] * s.cosines[b]);
          }
          if (pair + 1 < s.counts[b]) {
            out.data[target + 1] = (float) (s.radii[b] * s.sines[b]);
          }
        }
      }
    }
  }

  private final class Masks extends Blocks {
    private double p;
    private SimdBuffer x;

    @Override
    void write(Scratch s, int blocks) {
      for (int b = 0; b < blocks; b++) {
        int at = s.targets[b];
        for (int k = 0; k < s.counts[b]; k++) {
          boolean kept = Philox.uniform((int) s.words[k][b]) > p;
          out.data[out.offset + at + k] = kept ? x.data[x.offset + at + k] : 0;
        }
      }
    }

    @Override
    void release() {
      x = null;
      super.release();
    }
  }

  @Override
  protected void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out) {
    normals.start(key, stream, samples, n, draws, size, out);
  }

  @Override
  protected void doMask(
      long key, int stream, int[] samples, int n, int size, double p, Buffer x, Buffer y) {
    masks.p = p;
    masks.x = (SimdBuffer) x;
    masks.start(key, stream, samples, n, 1, size, y);
  }

  private static void uniforms(long[] words, double[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Philox.uniform((int) words[i]);
    }
  }

  /** Ten rounds on the counters in elements {@code at ..}, one block per lane, in place. */
  private static void philox(
      long key, long[] words0, long[] words1, long[] words2, long[] words3, int at) {
    LongVector x0 = LongVector.fromArray(LONGS, words0, at);
    LongVector x1 = LongVector.fromArray(LONGS, words1, at);
    LongVector x2 = LongVector.fromArray(LONGS, words2, at);
    LongVector x3 = LongVector.fromArray(LONGS, words3, at);
    long k0 = key & LOW;
    long k1 = key >>> 32;
    for (int round = 0; round < Philox.ROUNDS; round++) {
      LongVector p0 = x0.mul(Philox.M0 & LOW);
      LongVector p1 = x2.mul(Philox.M1 & LOW);
      x0 =
          p1.lanewise(VectorOperators.LSHR, 32)
              .lanewise(VectorOperators.XOR, x1)
              .lanewise(VectorOperators.XOR, k0);
      x1 = p1.and(LOW);
      x2 =
          p0.lanewise(VectorOperators.LSHR, 32)
              .lanewise(VectorOperators.XOR, x3)
              .lanewise(VectorOperators.XOR, k1);
      x3 = p0.and(LOW);
      k0 = k0 + Philox.W0 & LOW;
      k1 = k1 + Philox.W1 & LOW;
    }
    x0.intoArray(words0, at);
    x1.intoArray(words1, at);
    x2.intoArray(words2, at);
    x3.intoArray(words3, at);
  }
}
