package latentrace.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.attribution.Representation.Depth;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;

class FeatureVisualizationTest {
  private static final int[] SHAPE = {1, 7, 6};
  private static final int D = 42;

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /** ⟨Wx, y⟩ = ⟨x, Wᵀy⟩, turned, moved and smoothed, in two channels. */
  @Test
  void backwardIsTheAdjoint() {
    for (double blur : new double[] {0, 0.8}) {
      ImageWarp warp = new ImageWarp(2, 7, 6, blur);
      warp.set(0.3, 1.25, -0.6);
      float[] x = random(2 * D, 1);
      float[] y = random(2 * D, 2);
      float[] image = new float[2 * D];
      float[] back = new float[2 * D];
      warp.forward(x, image);
      warp.backward(y, back);
      double left = dot(image, y);
      assertTrue(Math.abs(left) > 0.1, "a product of " + left);
      assertEquals(left, dot(x, back), 1e-5);
    }
  }

  /** A move by whole pixels is a move; a quarter turn of a square is one; a blur keeps the sum. */
  @Test
  void warpsByHand() {
    float[] x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float[] y = new float[9];
    ImageWarp warp = new ImageWarp(1, 3, 3, 0);
    warp.forward(x, y);
    assertArrayEquals(x, y);
    warp.set(0, 1, 0);
    warp.forward(x, y);
    assertArrayEquals(new float[] {0, 0, 0, 1, 2, 3, 4, 5, 6}, y);
    warp.set(Math.PI / 2, 0, 0);
    warp.forward(x, y);
    assertArrayEquals(new float[] {7, 4, 1, 8, 5, 2, 9, 6, 3}, y, 1e-5f);
    float[] point = new float[25 * 25];
    point[12 * 25 + 12] = 1;
    float[] blurred = new float[point.length];
    new ImageWarp(1, 25, 25, 1.5).forward(point, blurred);
    double sum = 0;
    double variance = 0;
    for (int i = 0; i < blurred.length; i++) {
      sum += blurred[i];
      variance += blurred[i] * Math.pow(i / 25 - 12, 2);
    }
    assertEquals(1, sum, 1e-5);
    assertEquals(1.5 * 1.5, variance, 0.1); // cut off at three deviations
  }

  private static Model linear(EjmlBackend backend) {
    Model model =
        Model.create(
            backend,
            new ModelSpec(
                ModelSpec.MLP_AUTOENCODER,
                List.of(1, 7, 6),
                List.of(),
                2,
                0,
                Activation.TANH,
                Activation.SIGMOID,
                Reconstruction.MSE,
                ModelSpec.OBJECTIVE_H,
                0,
                0,
                0,
                0,
                1));
    float[] theta = random((int) model.parameters().count(), 7);
    double[] values = new double[theta.length];
    Arrays.setAll(values, i -> theta[i]);
    model.parameters().values().upload(values);
    return model;
  }

  /** Of f(x) = Wx + b in [0,1]: white where the unit's weight is positive, black elsewhere. */
  @Test
  void aLinearUnitByHand() {
    try (EjmlBackend backend = new EjmlBackend(1);
        Model model = linear(backend);
        Representation f = new Representation(model, Depth.ENCODER, 1)) {
      double[] theta = model.parameters().values().toDoubles();
      FeatureVisualization exact =
          new FeatureVisualization(new FeatureVisualization.Settings(200, 0.2, 0, 0, 0, 3));
      float[] high = exact.of(f, SHAPE, 1, 1);
      float[] low = exact.of(f, SHAPE, 1, -1);
      for (int e = 0; e < D; e++) {
        assertEquals(theta[D + e] > 0 ? 1 : 0, high[e], 0.02, "pixel " + e);
        assertEquals(theta[D + e] > 0 ? 0 : 1, low[e], 0.02, "pixel " + e);
      }
    }
  }

  /** With warps: higher than at the start, the same again for the same seed. */
  @Test
  void climbsWithWarpedCopies() {
    try (EjmlBackend backend = new EjmlBackend(1);
        Model model = linear(backend);
        Representation f = new Representation(model, Depth.ENCODER, 1)) {
      FeatureVisualization climb =
          new FeatureVisualization(new FeatureVisualization.Settings(100, 0.1, 1, 15, 0.5, 3));
      float[] found = climb.of(f, SHAPE, 0, 1);
      assertArrayEquals(found, climb.of(f, SHAPE, 0, 1));
      float[] gray = new float[D];
      Arrays.fill(gray, 0.5f);
      float[] before = new float[2];
      float[] after = new float[2];
      f.forward(gray, 1, before);
      f.forward(found, 1, after);
      assertTrue(after[0] > before[0] + 0.5, before[0] + " to " + after[0]);
      assertThrows(InputException.class, () -> climb.of(f, new int[] {D}, 0, 1));
    }
  }
}
