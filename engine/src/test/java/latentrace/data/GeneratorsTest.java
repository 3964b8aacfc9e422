package latentrace.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class GeneratorsTest {
  private static final List<BiFunction<Integer, Long, Dataset>> GENERATORS =
      List.of(
          DigitsGenerator::digits,
          DigitsGenerator::letters,
          DspritesGenerator::generate,
          ClustersGenerator::points);

  @Test
  void sampleDependsOnSeedAndPositionAlone() {
    for (BiFunction<Integer, Long, Dataset> generator : GENERATORS) {
      Dataset many = generator.apply(300, 5L);
      assertEquals(many.hash(), generator.apply(300, 5L).hash());
      assertEquals(many.range(0, 10).hash(), generator.apply(10, 5L).hash());
      assertNotEquals(many.hash(), generator.apply(300, 6L).hash());
      assertNotEquals(many.hash(), generator.apply(300, 5L | 1L << 32).hash());
      assertThrows(IllegalArgumentException.class, () -> generator.apply(0, 5L));
    }
  }

  @Test
  void sameBytesOnEveryJvm() {
    List<String> hashes =
        List.of(
            "f663c9b98e34536ab7a0dbb8368593bc3cbdce3552aea639cc4c70c0ee72444e",
            "83e67c04add901ca2c1d640346dbe4aa503dcb1b8bd945edc6b2c4b7237c9565",
            "5c29340f90d7bb5ce9f4a64c3497dae15d11e5459120d790a7b6547b25cc719d",
            "7d9cc6845c919cbcd8e070777a80bb0961725febcf8c60a25cfce9d95080a961");
    for (int i = 0; i < hashes.size(); i++) {
      assertEquals(hashes.get(i), GENERATORS.get(i).apply(100, 1L).hash());
    }
  }

  @Test
  void digitsAreBalancedCentredAndInked() {
    Dataset digits = DigitsGenerator.digits(3000, 1);
    int[] counts = new int[10];
    for (int i = 0; i < digits.count(); i++) {
      counts[digits.label(i)]++;
      double mass = 0;
      double x = 0;
      double y = 0;
      float[] image = digits.sample(i);
      for (int k = 0; k < image.length; k++) {
        mass += image[k];
        int row = k / 28;
        x += image[k] * (k - 28 * row);
        y += image[k] * row;
      }
      assertTrue(mass > 15 && mass < 350, "ink " + mass);
      assertEquals(13.5, x / mass, 3, "middle");
      assertEquals(13.5, y / mass, 3, "middle");
    }
    for (int count : counts) {
      // 300 expected, 5 standard deviations of 16.4
      assertTrue(Math.abs(count - 300) < 82, "count " + count);
    }
    Dataset letters = DigitsGenerator.letters(500, 1);
    for (int label : letters.labels()) {
      assertTrue(label >= 10 && label < 10 + DigitsGenerator.LETTERS.length());
    }
  }

  @Test
  void digitsAreLearnableButNotTrivial() {
    Dataset digits = DigitsGenerator.digits(2500, 3);
    double[][] centroids = new double[10][784];
    int[] counts = new int[10];
    for (int i = 0; i < 2000; i++) {
      counts[digits.label(i)]++;
      float[] image = digits.sample(i);
      for (int k = 0; k < image.length; k++) {
        centroids[digits.label(i)][k] += image[k];
      }
    }
    int right = 0;
    for (int i = 2000; i < 2500; i++) {
      float[] image = digits.sample(i);
      int best = 0;
      double least = Double.MAX_VALUE;
      for (int c = 0; c < 10; c++) {
        double distance = 0;
        for (int k = 0; k < image.length; k++) {
          double off = image[k] - centroids[c][k] / counts[c];
          distance += off * off;
        }
        if (distance < least) {
          least = distance;
          best = c;
        }
      }
      right += best == digits.label(i) ? 1 : 0;
    }
    double accuracy = right / 500.0;
    System.out.println("nearest centroid on generated digits: " + accuracy);
    assertTrue(accuracy > 0.6 && accuracy < 0.99, "accuracy " + accuracy);
  }

  @Test
  void dspritesFollowTheRecipe() {
    assertArrayEquals(new int[] {1, 3, 6, 40, 32, 32}, DspritesGenerator.latentSizes());
    assertArrayEquals(new int[6], DspritesGenerator.latents(0));
    assertArrayEquals(
        new int[] {0, 2, 5, 39, 31, 31}, DspritesGenerator.latents(DspritesGenerator.SIZE - 1));
    assertArrayEquals(new int[] {0, 0, 0, 0, 1, 0}, DspritesGenerator.latents(32));
    // both ends of the circle of orientations are there
    assertArrayEquals(DspritesGenerator.image(0), DspritesGenerator.image(39 * 1024));
    Dataset sprites = DspritesGenerator.generate(2000, 9);
    int[] counts = new int[3];
    for (int i = 0; i < sprites.count(); i++) {
      assertEquals(DspritesGenerator.latents(DspritesGenerator.index(9, i))[1], sprites.label(i));
      counts[sprites.label(i)]++;
      int ink = 0;
      float[] image = sprites.sample(i);
      for (int k = 0; k < image.length; k++) {
        assertTrue(image[k] == 0 || image[k] == 1);
        ink += (int) image[k];
        boolean border = k < 64 || k >= 63 * 64 || k % 64 == 0 || k % 64 == 63;
        assertTrue(!border || image[k] == 0, "cut off at the border");
      }
      assertTrue(ink > 60 && ink < 600, "area " + ink);
    }
    for (int count : counts) {
      assertTrue(Math.abs(count - 667) < 106, "count " + count);
    }
  }

  @Test
  void dspritesAreDrawnWithoutReplacement() {
    BitSet seen = new BitSet(DspritesGenerator.SIZE);
    for (int i = 0; i < DspritesGenerator.SIZE; i++) {
      seen.set(DspritesGenerator.index(4, i));
    }
    assertEquals(DspritesGenerator.SIZE, seen.cardinality());
    assertEquals(DspritesGenerator.SIZE, seen.length());
  }

  @Test
  void clustersHaveThePapersSizesAndDeviations() {
    int[] sizes = {25, 15, 20, 25, 10, 5};
    double[] deviations = {0.5, 0.5, 0.4, 0.4, 0.5, 1};
    Dataset points = ClustersGenerator.points(20_000, 2);
    int[] hundred = new int[6];
    for (int label : points.range(300, 100).labels()) {
      hundred[label]++;
    }
    assertArrayEquals(sizes, hundred);
    double[] squares = new double[6];
    for (int i = 0; i < points.count(); i++) {
      int cluster = points.label(i);
      float[] point = points.sample(i);
      double dx = point[0] - 4 * Math.cos(Math.PI / 3 * cluster);
      double dy = point[1] - 4 * Math.sin(Math.PI / 3 * cluster);
      squares[cluster] += dx * dx + dy * dy;
    }
    for (int c = 0; c < 6; c++) {
      double deviation = Math.sqrt(squares[c] / (2 * 200 * sizes[c]));
      // the estimate's relative standard error is at most 1 / sqrt(4 * 1000)
      assertEquals(deviations[c], deviation, 5 * deviations[c] / Math.sqrt(4000), "cluster " + c);
    }
  }

  /** Beats of mean 0 and variance 1, more than half normal; each by its seed and number alone. */
  @Test
  void heartbeats() {
    Dataset beats = HeartbeatsGenerator.beats(200, 40, 3);
    assertArrayEquals(beats.sample(7), HeartbeatsGenerator.beats(8, 40, 3).sample(7));
    int normal = 0;
    for (int i = 0; i < beats.count(); i++) {
      normal += beats.label(i) == HeartbeatsGenerator.NORMAL ? 1 : 0;
      double sum = 0;
      double squares = 0;
      for (float value : beats.sample(i)) {
        sum += value;
        squares += value * value;
      }
      assertEquals(0, sum, 1e-4);
      assertEquals(40, squares, 1e-3);
      assertTrue(beats.label(i) >= 1 && beats.label(i) <= 5);
    }
    assertTrue(normal > 90 && normal < 140, normal + " normal beats");
  }
}
