package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  private static final float INF = Float.POSITIVE_INFINITY;

  @Test
  void rankingFallsAndBreaksTiesByPosition() {
    assertArrayEquals(
        new int[] {4, 1, 3, 0, 2, 5}, Statistics.ranking(new float[] {0f, 2, -0f, 2, INF, -INF}));
    assertArrayEquals(new int[0], Statistics.ranking(new float[0]));
  }

  @Test
  void topAndBottomByHand() {
    float[] values = {1, 3, -2, 3, -2, 0};
    assertArrayEquals(new int[] {1, 3, 0}, Statistics.topK(values, 3));
    assertArrayEquals(new int[] {2, 4, 5}, Statistics.bottomK(values, 3));
    assertArrayEquals(new int[] {1, 3, 0, 5, 2, 4}, Statistics.topK(values, 99));
    assertArrayEquals(new int[0], Statistics.topK(new float[0], 1));
    assertArrayEquals(new int[] {0, 1}, Statistics.bottomK(new float[] {0f, -0f, 0f}, 2));
  }

  @Test
  void selectionAgreesWithSortingOnManyTies() {
    Random random = new Random(3);
    for (int n : new int[] {1, 3, 17, 31, 33, 257}) {
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = random.nextInt(7) - 3;
      }
      int[] falling =
          IntStream.range(0, n)
              .boxed()
              .sorted((a, b) -> Float.compare(values[b], values[a]))
              .mapToInt(i -> i)
              .toArray();
      int[] rising =
          IntStream.range(0, n)
              .boxed()
              .sorted((a, b) -> Float.compare(values[a], values[b]))
              .mapToInt(i -> i)
              .toArray();
      assertArrayEquals(falling, Statistics.ranking(values));
      for (int k : new int[] {1, 2, 5, n, n + 1}) {
        int size = Math.min(k, n);
        assertArrayEquals(Arrays.copyOf(falling, size), Statistics.topK(values, k));
        assertArrayEquals(Arrays.copyOf(rising, size), Statistics.bottomK(values, k));
      }
    }
  }

  @Test
  void selectionRefusesNanAndNonPositiveK() {
    float[] values = {1, 2, Float.NaN};
    assertMessage("value 2 is NaN", () -> Statistics.topK(values, 1));
    assertMessage("value 2 is NaN", () -> Statistics.bottomK(values, 1));
    assertMessage("value 2 is NaN", () -> Statistics.ranking(values));
    assertMessage("k=0, expected at least 1", () -> Statistics.topK(new float[1], 0));
  }

  @Test
  void detectionCurveByHand() {
    // order by falling self-influence: 2, 0, 3, 1; intruders 2 and 3
    double[] found =
        Statistics.detectionCurve(
            new float[] {5, 1, 9, 4}, new boolean[] {false, false, true, true});
    assertArrayEquals(new double[] {0.5, 0.5, 1, 1}, found);
    assertEquals(0.75, Statistics.areaUnderCurve(found));
  }

  @Test
  void areaIsBestWhenIntrudersComeFirst() {
    for (int intruders = 1; intruders <= 10; intruders++) {
      float[] selfInfluence = new float[10];
      boolean[] marks = new boolean[10];
      for (int i = 0; i < 10; i++) {
        selfInfluence[i] = -i;
        marks[i] = i < intruders;
      }
      double area = Statistics.areaUnderCurve(Statistics.detectionCurve(selfInfluence, marks));
      assertEquals(1 - (intruders - 1) / 20.0, area, 1e-15);
    }
  }

  @Test
  void areaWhenTheOnlyIntruderComesLast() {
    double[] found =
        Statistics.detectionCurve(new float[] {3, 2, 1}, new boolean[] {false, false, true});
    assertEquals(1 / 3.0, Statistics.areaUnderCurve(found), 1e-15);
  }

  @Test
  void detectionRefusesWhatItCannotUse() {
    assertMessage(
        "detection curve: no sample is an intruder",
        () -> Statistics.detectionCurve(new float[2], new boolean[2]));
    assertMessage(
        "intruders: 3, expected 2 as in self-influence",
        () -> Statistics.detectionCurve(new float[2], new boolean[3]));
    assertMessage("area under a curve of 0 points", () -> Statistics.areaUnderCurve(new double[0]));
  }

  @Test
  void rSquaredByHand() {
    // x = 1, 2, 3; y = 1, 3, 2: r = 1 / 2
    assertEquals(0.25, Statistics.rSquared(new float[] {1, 2, 3}, new float[] {1, 3, 2}), 1e-15);
    assertEquals(1, Statistics.rSquared(new float[] {1, 2, 3}, new float[] {4, 2, 0}), 1e-15);
    assertTrue(Double.isNaN(Statistics.rSquared(new float[] {1, 1}, new float[] {1, 2})));
    assertTrue(Double.isNaN(Statistics.rSquared(new float[] {1, 2}, new float[] {1, 1})));
    assertTrue(Double.isNaN(Statistics.rSquared(new float[] {1}, new float[] {1})));
  }

  @Test
  void rSquaredRefusesWhatIsNotFinite() {
    assertMessage(
        "sample 1: loss Infinity, self-influence 2.0; expected finite values",
        () -> Statistics.rSquared(new float[] {1, INF}, new float[] {1, 2}));
    assertMessage(
        "self-influence: 1, expected 2 as in losses",
        () -> Statistics.rSquared(new float[2], new float[1]));
  }

  @Test
  void sameClassRateByHand() {
    float[][] scores = {{1, 2, 0}, {5, 5, 1}};
    int[] trainLabels = {7, 8, 8};
    assertEquals(0.5, Statistics.sameClassRate(scores, trainLabels, new int[] {8, 8}));
    assertEquals(1, Statistics.sameClassRate(scores, trainLabels, new int[] {8, 7}));
    assertEquals(0.5, Statistics.sameClassChance(trainLabels, new int[] {8, 7}), 1e-15);
  }

  private static void assertMessage(String expected, Runnable action) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }

  @Test
  void topOneRateCountsThoseWhoFindThemselves() {
    float[][] scores = {{3, 1, 2}, {0, -1, 5}, {1, 4, 4}, {2, 2, 2}};
    assertEquals(0.75, Statistics.topOneRate(scores, new int[] {0, 1, 1, 0}));
    assertThrows(
        IllegalArgumentException.class, () -> Statistics.topOneRate(scores, new int[] {0}));
  }
}
