package latentrace.neighbors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.Listener;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleMethodTest {
  private static final float[][] SQUARE = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};

  private static float[] scores(ExampleMethod method, float[][] corpus, float... code) {
    float[] scores = new float[corpus.length];
    method.scores(corpus, code, scores);
    return scores;
  }

  private static float[][] random(int count, int size, long seed) {
    Random random = new Random(seed);
    float[][] codes = new float[count][size];
    for (float[] code : codes) {
      for (int l = 0; l < size; l++) {
        code[l] = (float) random.nextGaussian();
      }
    }
    return codes;
  }

  @Test
  void nearness() {
    float[][] corpus = {{3, 4}, {1, 0}, {0, 0}};
    assertArrayEquals(
        new float[] {1 / 20f, 1 / 0x1p-126f, 1}, scores(NearestCodes.INVERSE_SQUARE, corpus, 1, 0));
    assertArrayEquals(
        new float[] {(float) -Math.sqrt(20), 0, -1},
        scores(NearestCodes.NEGATIVE_DISTANCE, corpus, 1, 0));
    assertEquals(Math.exp(-1), scores(NearestCodes.EXPONENTIAL, corpus, 1, 0)[2], 1e-7);
    assertArrayEquals(new float[] {0.6f, 1, 0}, scores(NearestCodes.COSINE, corpus, 2, 0), 1e-7f);
  }

  /**
   * Inside the hull the residual is 0; beside it the foot of the perpendicular; beyond, a corner.
   */
  @ParameterizedTest
  @CsvSource({"0.3,0.4, 0.3,0.4", "0.25,-3, 0.25,0", "2,5, 1,1", "1,1, 1,1"})
  void simplexByHand(float x, float y, double footX, double footY) {
    double[] w = new SimplEx(1e-12).weights(SQUARE, new float[] {x, y});
    assertEquals(1, Arrays.stream(w).sum(), 1e-12);
    assertTrue(Arrays.stream(w).allMatch(v -> v >= 0));
    assertEquals(footX, w[1] + w[3], 1e-7);
    assertEquals(footY, w[2] + w[3], 1e-7);
  }

  /** Karush–Kuhn–Tucker: no corpus point lies nearer along the residual than the solution. */
  @ParameterizedTest
  @CsvSource({"3,2", "40,3", "200,4", "200,16", "30,64"})
  void simplexIsOptimal(int count, int size) {
    float[][] corpus = random(count, size, 1);
    corpus[count - 1] = corpus[0].clone(); // two alike
    for (float[] code : random(20, size, 2)) {
      double[] w = new SimplEx(1e-12).weights(corpus, code);
      double[] residual = new double[size];
      for (int l = 0; l < size; l++) {
        residual[l] = -code[l];
        for (int j = 0; j < count; j++) {
          residual[l] += w[j] * corpus[j][l];
        }
      }
      double own = 0;
      double norm = 0;
      for (int l = 0; l < size; l++) {
        own += residual[l] * (residual[l] + code[l]);
        norm += residual[l] * residual[l];
      }
      assertEquals(1, Arrays.stream(w).sum(), 1e-9);
      for (int j = 0; j < count; j++) {
        assertTrue(w[j] >= 0);
        double along = 0;
        for (int l = 0; l < size; l++) {
          along += residual[l] * corpus[j][l];
        }
        assertTrue(along >= own - 1e-8, "%s < %s of %s".formatted(along, own, norm));
      }
      assertTrue(Arrays.stream(w).filter(v -> v > 0).count() <= size + 1);
    }
  }

  /** By gradient, with enough steps, the same residual; with the published number far from it. */
  @Test
  void softmaxApproachesTheExactSolution() {
    float[][] corpus = random(12, 3, 5);
    float[] code = {0.2f, -0.3f, 0.1f};
    double exact = residual(corpus, code, scores(new SimplEx(1e-12), corpus, code));
    double published = residual(corpus, code, scores(new SoftmaxSimplEx(50, 1e-3), corpus, code));
    double longer = residual(corpus, code, scores(new SoftmaxSimplEx(4000, 0.05), corpus, code));
    assertEquals(0, exact, 1e-6);
    assertTrue(longer < 1e-3 && published > 10 * longer, published + " " + longer);
  }

  private static double residual(float[][] corpus, float[] code, float[] w) {
    double sum = 0;
    for (int l = 0; l < code.length; l++) {
      double value = -code[l];
      for (int j = 0; j < w.length; j++) {
        value += w[j] * corpus[j][l];
      }
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  @Test
  void similarityRates() {
    float[][] scores = {{4, 3, 2, 1}, {1, 2, 3, 4}};
    int[] corpus = {0, 0, 1, 1};
    int[] tests = {0, 0};
    assertEquals(0.5, ExampleImportance.similarityRate(scores, corpus, tests, 0.5, true));
    assertEquals(0.5, ExampleImportance.similarityRate(scores, corpus, new int[] {0, 1}, 1, true));
    assertEquals(1, ExampleImportance.similarityRate(scores, corpus, new int[] {0, 1}, 0.25, true));
    assertEquals(
        0, ExampleImportance.similarityRate(scores, corpus, new int[] {0, 1}, 0.25, false));
  }

  /** Their sum over features is ⟨h − h⁰, h_c − h⁰⟩/‖h − h⁰‖². */
  @Test
  void projectionsAddUp() {
    ModelSpec spec =
        new ModelSpec(
            ModelSpec.MLP_AUTOENCODER,
            List.of(4),
            List.of(5),
            3,
            0,
            Activation.TANH,
            Activation.IDENTITY,
            Reconstruction.MSE,
            ModelSpec.OBJECTIVE_H,
            0,
            0,
            0,
            0,
            1);
    float[][] rows = random(6, 4, 8);
    float[] values = new float[24];
    for (int i = 0; i < 6; i++) {
      System.arraycopy(rows[i], 0, values, i * 4, 4);
    }
    Dataset corpus = Dataset.ofFloats("random", new int[] {4}, values, null);
    try (Model model = Model.create(new EjmlBackend(1), spec);
        Representation f = new Representation(model, Depth.ENCODER, 16)) {
      Random random = new Random(2);
      double[] theta = new double[(int) model.parameters().count()];
      Arrays.setAll(theta, i -> random.nextGaussian());
      model.parameters().values().upload(theta);
      float[][] codes = f.of(corpus);
      float[] origin = new float[3];
      f.forward(new float[4], 1, origin);
      float[][] projections =
          CorpusProjection.of(f, corpus, new float[4], codes[0], 100, Listener.SILENT);
      for (int c = 0; c < 6; c++) {
        double dot = 0;
        double norm = 0;
        double sum = 0;
        for (int l = 0; l < 3; l++) {
          dot += (double) (codes[0][l] - origin[l]) * (codes[c][l] - origin[l]);
          norm += (double) (codes[0][l] - origin[l]) * (codes[0][l] - origin[l]);
        }
        for (float p : projections[c]) {
          sum += p;
        }
        assertEquals(dot / norm, sum, 1e-5);
      }
    }
  }
}
