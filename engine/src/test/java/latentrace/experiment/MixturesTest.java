package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import latentrace.data.Dataset;
import latentrace.data.DigitsGenerator;
import org.junit.jupiter.api.Test;

class MixturesTest {
  @Test
  void onePairForEveryTwoClasses() {
    Dataset digits = DigitsGenerator.digits(300, 5);
    Mixtures.Pairs pairs = Mixtures.Pairs.of(digits, 2);
    assertEquals(90, pairs.mixed().count());
    boolean[][] seen = new boolean[10][10];
    for (int p = 0; p < 90; p++) {
      int major = pairs.major()[p];
      int minor = pairs.minor()[p];
      seen[digits.label(major)][digits.label(minor)] = true;
      assertEquals(digits.label(major), pairs.mixed().label(p));
      float[] x = digits.sample(major);
      float[] y = digits.sample(minor);
      float[] mixed = pairs.mixed().sample(p);
      for (int k = 0; k < x.length; k++) {
        assertEquals(0.75 * x[k] + 0.25 * y[k], mixed[k], 1e-7);
      }
    }
    for (int a = 0; a < 10; a++) {
      for (int b = 0; b < 10; b++) {
        assertEquals(a != b, seen[a][b], a + " " + b);
      }
    }
  }
}
