package latentrace.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.Dataset;
import org.junit.jupiter.api.Test;

class RoarTest {
  private static final Dataset TRAIN =
      Dataset.ofFloats(
          "train", new int[] {4}, new float[] {1, 2, 3, 4, 5, 6, 7, 8}, new int[] {3, 9});
  private static final Dataset TEST =
      Dataset.ofFloats("test", new int[] {4}, new float[] {9, 8, 7, 6}, new int[] {3});
  private static final float[][] TRAIN_ATTRIBUTIONS = {{0.1f, -0.9f, 0.5f, 0}, {2, 1, 0, -3}};
  private static final float[][] TEST_ATTRIBUTIONS = {{0, 0, 1, 2}};

  /** Half of the features, by each sample's own magnitudes; labels stay. */
  @Test
  void everySampleByItsOwnMask() {
    List<Dataset> seen = new ArrayList<>();
    Roar roar =
        new Roar(
            new FeatureMask(new float[] {-1, -2, -3, -4}, 1),
            (train, test) -> {
              seen.add(train);
              seen.add(test);
              return 0.25;
            });
    assertEquals(0.25, roar.error(TRAIN, TRAIN_ATTRIBUTIONS, TEST, TEST_ATTRIBUTIONS, 0.5), 0);
    assertArrayEquals(new float[] {1, -2, -3, 4}, seen.get(0).sample(0));
    assertArrayEquals(new float[] {-1, 6, 7, -4}, seen.get(0).sample(1));
    assertArrayEquals(new int[] {3, 9}, seen.get(0).labels());
    assertArrayEquals(new float[] {9, 8, -3, -4}, seen.get(1).sample(0));
  }

  /** A selection in another order takes its attributions along: rows, not places in the file. */
  @Test
  void shuffledSamplesKeepTheirMasks() {
    FeatureMask mask = new FeatureMask(new float[4], 1);
    Dataset shuffled =
        mask.apply(
            TRAIN.select(1, 0), new float[][] {TRAIN_ATTRIBUTIONS[1], TRAIN_ATTRIBUTIONS[0]}, 0.25);
    assertArrayEquals(new float[] {5, 6, 7, 0}, shuffled.sample(0));
    assertArrayEquals(new float[] {1, 0, 3, 4}, shuffled.sample(1));
  }

  @Test
  void whatDoesNotFit() {
    assertEquals(
        "1 attributions of 2 samples",
        assertThrows(
                IllegalArgumentException.class,
                () -> new FeatureMask(new float[4], 1).apply(TRAIN, TEST_ATTRIBUTIONS, 0.5))
            .getMessage());
    assertEquals(
        "4 features are not of 3 channels",
        assertThrows(IllegalArgumentException.class, () -> new FeatureMask(new float[4], 3))
            .getMessage());
  }
}
