package latentrace.influence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;
import latentrace.data.Npy;

/**
 * Sums of scores [T,N] in double, while checkpoints and tiles add to them: in the heap when small,
 * else in a temporary file mapped to memory, so that the heap does not grow with N.
 */
public final class ScoreMatrix implements AutoCloseable {
  private static final long HEAP_LIMIT = 1 << 24;

  /** Bytes of one mapping, which holds whole rows: systems limit how many there may be. */
  private static final long MAPPING = 1 << 30;

  private final int tests;
  private final int samples;
  private final DoubleBuffer[] rows;
  private final Path file;

  /** T·N zeros. */
  public ScoreMatrix(int tests, int samples) {
    this(tests, samples, (long) tests * samples > HEAP_LIMIT);
  }

  ScoreMatrix(int tests, int samples, boolean mapped) {
    this.tests = tests;
    this.samples = samples;
    this.rows = new DoubleBuffer[tests];
    if (!mapped) {
      file = null;
      for (int t = 0; t < tests; t++) {
        rows[t] = DoubleBuffer.allocate(samples);
      }
      return;
    }
    try {
      file = Files.createTempFile("latentrace-scores", ".tmp");
      long rowBytes = (long) samples * Double.BYTES;
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        int together = (int) Math.max(1, Math.min(tests, MAPPING / rowBytes));
        for (int first = 0; first < tests; first += together) {
          int count = Math.min(together, tests - first);
          ByteBuffer region = channel.map(MapMode.READ_WRITE, first * rowBytes, count * rowBytes);
          for (int t = 0; t < count; t++) {
            rows[first + t] = region.slice((int) (t * rowBytes), (int) rowBytes).asDoubleBuffer();
          }
        }
      }
      deleteQuietly(); // the mappings live on where the system allows it; else close() deletes
    } catch (IOException e) {
      throw new UncheckedIOException(
          "temporary file for %d x %d scores: %s".formatted(tests, samples, AtomicFiles.reason(e)),
          e);
    }
  }

  /** T. */
  public int tests() {
    return tests;
  }

  /** N. */
  public int samples() {
    return samples;
  }

  /**
   * Adds a tile.
   *
   * @param values [tileTests, tileSamples], row-major
   */
  public void add(int firstTest, int firstSample, double[] values, int tileTests, int tileSamples) {
    for (int t = 0; t < tileTests; t++) {
      DoubleBuffer row = rows[firstTest + t];
      for (int i = 0; i < tileSamples; i++) {
        row.put(firstSample + i, row.get(firstSample + i) + values[t * tileSamples + i]);
      }
    }
  }

  /** The sums of test sample {@code t} [N], into target. */
  public void sums(int t, double[] target) {
    rows[t].get(0, target);
  }

  /** Sets the sums of test sample {@code t} [N]. */
  public void setSums(int t, double[] source) {
    rows[t].put(0, source);
  }

  /** Refuses sums that are no float. */
  public void requireFinite() {
    for (int t = 0; t < tests; t++) {
      for (int i = 0; i < samples; i++) {
        if (!Float.isFinite((float) rows[t].get(i))) {
          throw new InputException(
              "score of sample %d for test %d is %s: the weights or the loss are too large"
                  .formatted(i, t, rows[t].get(i)));
        }
      }
    }
  }

  /** The scores of test sample {@code t} [N], rounded to float, into target. */
  public void row(int t, float[] target) {
    for (int i = 0; i < samples; i++) {
      target[i] = (float) rows[t].get(i);
    }
  }

  /** All scores [T][N], rounded to float. */
  public float[][] toFloats() {
    float[][] scores = new float[tests][samples];
    for (int t = 0; t < tests; t++) {
      row(t, scores[t]);
    }
    return scores;
  }

  /** Writes them as float32 .npy [T,N], C-order, whole or not at all. */
  public void write(Path target) {
    Npy.writeFloats(target, new long[] {tests, samples}, (t, row) -> row(Math.toIntExact(t), row));
  }

  @Override
  public void close() {
    deleteQuietly();
  }

  private void deleteQuietly() {
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        file.toFile().deleteOnExit();
      }
    }
  }
}
