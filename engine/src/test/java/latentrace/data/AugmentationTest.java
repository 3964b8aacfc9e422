package latentrace.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import org.junit.jupiter.api.Test;

/** Random views: what they keep, and how often each change comes. */
class AugmentationTest {
  private static final int VIEWS = 4000;
  private static final int SIDE = 8;
  private static final int PLANE = SIDE * SIDE;

  private static float[] view(int channels, float[] image, int which) {
    float[] view = new float[channels * PLANE];
    Arrays.fill(view, Float.NaN);
    PhiloxRandom random = new PhiloxRandom(5, Philox.ROLE_AUGMENTATION, which);
    new Augmentation(channels, SIDE, SIDE).view(image, 0, random, view, 0);
    for (float value : view) {
      assertTrue(value >= 0 && value <= 1, "value " + value);
    }
    return view;
  }

  /** One colour stays one colour; a fifth of all views, and no others, are grey. */
  @Test
  void oneColour() {
    float[] image = new float[3 * PLANE];
    Arrays.fill(image, 0, PLANE, 0.6f);
    Arrays.fill(image, PLANE, 2 * PLANE, 0.4f);
    Arrays.fill(image, 2 * PLANE, 3 * PLANE, 0.2f);
    int grey = 0;
    int same = 0;
    for (int i = 0; i < VIEWS; i++) {
      float[] view = view(3, image, i);
      for (int p = 0; p < view.length; p++) {
        assertEquals(view[p / PLANE * PLANE], view[p], 1e-6f);
      }
      boolean isGrey = Math.abs(view[0] - view[PLANE]) < 1e-6;
      grey += isGrey ? 1 : 0;
      boolean isSame = Math.abs(view[0] - 0.6) < 1e-6 && Math.abs(view[PLANE] - 0.4) < 1e-6;
      same += isSame ? 1 : 0;
      if (!isGrey) {
        // by hue alone colours may change places, turned by a tenth of the circle they do not
        assertTrue(view[0] > view[2 * PLANE], "red stays more than blue");
      }
    }
    assertShare(0.2, grey);
    assertShare(0.2 * 0.8, same);
  }

  /** A ramp from left to right: half of the views are mirrored; crops make it flatter. */
  @Test
  void ramp() {
    float[] image = new float[PLANE];
    for (int p = 0; p < PLANE; p++) {
      image[p] = 0.3f + 0.4f * (p % SIDE) / (SIDE - 1);
    }
    int mirrored = 0;
    int flatter = 0;
    for (int i = 0; i < VIEWS; i++) {
      float[] view = view(1, image, i);
      double slope = view[SIDE - 1] - view[0];
      mirrored += slope < 0 ? 1 : 0;
      flatter += Math.abs(slope) < 0.3 ? 1 : 0;
      for (int p = SIDE; p < PLANE; p++) {
        assertEquals(view[p - SIDE], view[p], 1e-6f, "rows are alike");
      }
    }
    assertShare(0.5, mirrored);
    assertTrue(flatter > VIEWS / 3 && flatter < VIEWS, "flatter: " + flatter);
  }

  /** Within five standard errors. */
  private static void assertShare(double expected, int count) {
    double error = Math.sqrt(expected * (1 - expected) / VIEWS);
    assertEquals(expected, (double) count / VIEWS, 5 * error);
  }

  @Test
  void channels() {
    assertEquals(
        "channels: found 2, expected 1 or 3",
        assertThrows(IllegalArgumentException.class, () -> new Augmentation(2, 4, 4)).getMessage());
  }
}
