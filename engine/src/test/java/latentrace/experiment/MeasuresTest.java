package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.data.NpyMatrix;
import latentrace.report.Estimate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The statistics of the tables, against hand cases and brute force. */
class MeasuresTest {
  @TempDir private Path folder;

  private NpyMatrix matrix(float[][] rows) {
    Path file = folder.resolve("matrix-" + Arrays.deepHashCode(rows) + ".npy");
    float[] flat = new float[rows.length * rows[0].length];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(rows[r], 0, flat, r * rows[0].length, rows[0].length);
    }
    Npy.write(file, NpyArray.ofFloats(flat, rows.length, rows[0].length));
    return NpyMatrix.open(file);
  }

  @Test
  void strongestForThemselves() {
    float[][] scores = {{9, 1, 2}, {3, 2, 1}, {0, 0, 5}};
    assertEquals(2, Measures.strongestForThemselves(matrix(scores)));
  }

  @Test
  void aThousandthIsAtLeastOne() {
    assertEquals(1, Measures.strongest(3));
    assertEquals(1, Measures.strongest(1000));
    assertEquals(60, Measures.strongest(60_000));
  }

  @Test
  void rankCountsWhatIsHigher() {
    Random random = new Random(1);
    float[] values = new float[301];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(40); // ties
    }
    for (int p = 0; p < values.length; p++) {
      int position = p;
      long higher =
          java.util.stream.IntStream.range(0, values.length)
              .filter(i -> values[i] > values[position])
              .count();
      assertEquals(higher, Measures.rank(values, p));
    }
  }

  /** numpy.quantile([7, 1, 3, 10], q), linear. */
  @Test
  void quantilesAreNumpys() {
    int[] values = {7, 1, 3, 10};
    assertEquals(2.5, Measures.quantile(values, 0.25), 1e-12);
    assertEquals(5, Measures.quantile(values, 0.5), 1e-12);
    assertEquals(7.75, Measures.quantile(values, 0.75), 1e-12);
    assertEquals(4, Measures.quantile(new int[] {4}, 0.5), 0);
  }

  @Test
  void distancesAndNorms() {
    assertEquals(5, Measures.distance(new float[] {1, 2, 3}, new float[] {1, 5, 7}), 1e-12);
    assertArrayEquals(
        new double[] {5, 0}, Measures.norms(matrix(new float[][] {{3, -4}, {0, 0}})), 1e-12);
    assertArrayEquals(
        new double[] {0.5, -1, 0}, Measures.normalised(new float[] {2, -4, 0}), 1e-12);
    assertArrayEquals(new double[] {0, 0}, Measures.normalised(new float[] {0, 0}), 0);
  }

  /** Pearson's formula written out, over two stages' rows of predicted and true changes. */
  @Test
  void correlationOfLossChanges() {
    float[][] first = {{1, 2, -3}, {0.5f, 1.5f, -2}, {4, 0, 1}, {3, 1, -1}};
    float[][] second = {{2, -1, 0}, {2, 0, 0.5f}};
    double[] x = {1, 2, -3, 4, 0, 1, 2, -1, 0};
    double[] y = {0.5, 1.5, -2, 3, 1, -1, 2, 0, 0.5};
    double meanX = Arrays.stream(x).average().orElseThrow();
    double meanY = Arrays.stream(y).average().orElseThrow();
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (x[i] - meanX) * (y[i] - meanY);
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
    }
    Estimate rho = LossChanges.correlation(List.of(matrix(first), matrix(second)));
    assertEquals(xy / Math.sqrt(xx * yy), rho.value(), 1e-12);
    assertEquals(9, rho.n());
  }

  @Test
  void removesTheFirstOfAnOrder() {
    assertArrayEquals(new int[] {1, 4}, Retraining.without(new int[] {3, 0, 2, 4, 1}, 3));
    assertArrayEquals(new int[] {0, 1, 2}, Retraining.without(new int[] {2, 0, 1}, 0));
  }

  @Test
  void theNearestName() {
    assertEquals(3, Names.editDistance("kitten", "sitting"));
    assertEquals(4, Names.editDistance("", "four"));
    List<String> known = List.of("table1", "table10", "figure1");
    assertEquals("table10", Names.nearest("tabel10", known));
    assertEquals("figure1", Names.nearest("fig1", known));
    assertTrue(Names.editDistance("table1", "table10") == 1);
  }
}
