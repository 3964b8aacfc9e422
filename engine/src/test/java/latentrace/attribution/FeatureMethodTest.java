package latentrace.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.Listener;
import latentrace.attribution.GradientShap.Pairing;
import latentrace.attribution.IntegratedGradients.Rule;
import latentrace.attribution.Representation.Depth;
import latentrace.attribution.Representation.Length;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureMethodTest {
  private static final int D = 6;
  private static final int H = 2;
  private static final int N = 5;

  private final EjmlBackend backend = new EjmlBackend(1);

  private static ModelSpec spec(String model, List<Integer> hidden) {
    return new ModelSpec(
        model,
        List.of(D),
        hidden,
        H,
        3,
        Activation.TANH,
        Activation.SIGMOID,
        Reconstruction.MSE,
        ModelSpec.OBJECTIVE_H,
        1,
        0,
        0,
        0,
        1);
  }

  private Model model(ModelSpec spec) {
    Model model = Model.create(backend, spec);
    Random random = new Random(4);
    double[] values = new double[(int) model.parameters().count()];
    Arrays.setAll(values, i -> 0.7 * random.nextGaussian());
    model.parameters().values().upload(values);
    return model;
  }

  private static Dataset data(int features) {
    Random random = new Random(9);
    float[] values = new float[N * features];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Dataset.ofFloats("random", new int[] {features}, values, null);
  }

  private static float[][] attribute(
      Representation f, Target target, FeatureMethod method, Dataset data) {
    return FeatureImportance.of(f, target, method, data, Listener.SILENT).attributions();
  }

  /** g_x(x̃) = ⟨f(x), f(x̃)⟩, by central differences in x̃, for every kind of model and depth. */
  @ParameterizedTest
  @ValueSource(strings = {ModelSpec.MLP_VAE, ModelSpec.MLP_AUTOENCODER, ModelSpec.MLP_CLASSIFIER})
  void gradientIsThatOfTheFunction(String kind) {
    Dataset data = data(D);
    for (Depth depth : Depth.values()) {
      try (Model model = model(spec(kind, List.of(4)));
          Representation f = new Representation(model, depth, 3)) {
        float[][] gradients = attribute(f, Target.labelFree(), new SmoothGrad(0, 1, 0), data);
        float[][] magnitudes = attribute(f, Target.labelFree(), Saliency.magnitude(), data);
        float[][] values = f.of(data);
        assertEquals(
            depth == Depth.ENCODER ? H : kind.equals(ModelSpec.MLP_CLASSIFIER) ? 3 : D, f.size());
        for (int i = 0; i < N; i++) {
          for (int e = 0; e < D; e++) {
            double slope =
                (g(f, data, values[i], i, e, 0.003f) - g(f, data, values[i], i, e, -0.003f))
                    / 0.006;
            assertEquals(slope, gradients[i][e], 2e-4, kind + " " + depth);
            assertEquals(Math.abs(gradients[i][e]), magnitudes[i][e], 0);
          }
        }
      }
    }
  }

  private static double g(
      Representation f, Dataset data, float[] weights, int i, int e, float step) {
    float[] x = data.sample(i);
    x[e] += step;
    float[] values = new float[f.size()];
    f.forward(x, 1, values);
    double sum = 0;
    for (int l = 0; l < values.length; l++) {
      sum += (double) weights[l] * values[l];
    }
    return sum;
  }

  /** The mean cosine with a corpus minus that with a foil, by central differences in x̃. */
  @Test
  void contrastIsOfCosines() {
    Dataset data = data(D);
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of(4)));
        Representation f = new Representation(model, Depth.ENCODER, 3);
        Representation units = new Representation(model, Depth.ENCODER, Length.UNIT, 3)) {
      Target target = Target.contrast(units.of(data.range(0, 2)), units.of(data.range(2, N)));
      float[][] found = attribute(units, target, new SmoothGrad(0, 1, 0), data);
      float[][] codes = f.of(data);
      double largest = 0;
      for (int i = 0; i < N; i++) {
        for (int e = 0; e < D; e++) {
          double slope =
              (contrast(f, data, codes, i, e, 0.003f) - contrast(f, data, codes, i, e, -0.003f))
                  / 0.006;
          assertEquals(slope, found[i][e], 3e-4);
          largest = Math.max(largest, Math.abs(slope));
        }
      }
      assertTrue(largest > 0.05, "slopes up to " + largest);
    }
  }

  /** Of a moved sample: its mean cosine with the first two samples minus that with the others. */
  private static double contrast(
      Representation f, Dataset data, float[][] codes, int i, int e, float step) {
    float[] x = data.sample(i);
    x[e] += step;
    float[] code = new float[H];
    f.forward(x, 1, code);
    double sum = 0;
    for (int k = 0; k < N; k++) {
      double dot = code[0] * (double) codes[k][0] + code[1] * (double) codes[k][1];
      double cosine = dot / (Math.hypot(code[0], code[1]) * Math.hypot(codes[k][0], codes[k][1]));
      sum += k < 2 ? cosine / 2 : -cosine / (N - 2);
    }
    return sum;
  }

  /** f(x) = Wx + b: ∂g/∂x = Wᵀf(x), so path methods give (x − b)·Wᵀf(x) whatever their points. */
  @Test
  void linearByHand() {
    Dataset data = data(D);
    float[] baseline = {0.5f, 0, -1, 0, 2, 0};
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of()));
        Representation f = new Representation(model, Depth.ENCODER, 4)) {
      double[] theta = model.parameters().values().toDoubles();
      float[][] values = f.of(data);
      for (FeatureMethod method :
          List.of(
              new IntegratedGradients(baseline, 1, Rule.GAUSS_LEGENDRE),
              new IntegratedGradients(baseline, 2, Rule.TRAPEZOID),
              new GradientShap(new float[][] {baseline}, 0, 3, Pairing.OWN, 1))) {
        float[][] found = attribute(f, Target.labelFree(), method, data);
        for (int i = 0; i < N; i++) {
          float[] x = data.sample(i);
          for (int e = 0; e < D; e++) {
            double slope = theta[e] * values[i][0] + theta[D + e] * values[i][1];
            assertEquals((x[e] - baseline[e]) * slope, found[i][e], 1e-5, method.toString());
          }
        }
      }
      float[][] latent = attribute(f, Target.unit(1), Saliency.timesInput(), data);
      assertEquals(data.sample(2)[3] * theta[D + 3], latent[2][3], 1e-6);
    }
  }

  /** The published pairing explains draws by another sample's code: the mean of the batch's. */
  @Test
  void publishedPairingExplainsAnotherSample() {
    Dataset data = data(D);
    float[][] zero = new float[1][D];
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of()));
        Representation f = new Representation(model, Depth.ENCODER, 64)) {
      double[] theta = model.parameters().values().toDoubles();
      float[][] values = f.of(data);
      float[][] found =
          FeatureImportance.of(
                  f,
                  Target.labelFree(),
                  new GradientShap(zero, 0, 3, Pairing.PUBLISHED, 1),
                  data,
                  N,
                  Listener.SILENT)
              .attributions();
      for (int i = 0; i < N; i++) {
        double slope = 0;
        for (int k = 0; k < 3; k++) {
          float[] partner = values[(i * 3 + k) % N];
          slope += (theta[2] * partner[0] + theta[D + 2] * partner[1]) / 3;
        }
        assertEquals(data.sample(i)[2] * slope, found[i][2], 1e-5);
      }
    }
  }

  @Test
  void integratedGradientsAreCompleteInTheLimit() {
    Dataset data = data(D);
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of(4)));
        Representation f = new Representation(model, Depth.ENCODER, 7)) {
      double[] worst = new double[4];
      int at = 0;
      for (Rule rule : List.of(Rule.TRAPEZOID, Rule.GAUSS_LEGENDRE)) {
        for (int steps : new int[] {4, 64}) {
          FeatureImportance.Result result =
              FeatureImportance.of(
                  f,
                  Target.labelFree(),
                  new IntegratedGradients(new float[D], steps, rule),
                  data,
                  Listener.SILENT);
          worst[at++] = Arrays.stream(result.completenessErrors()).max().orElse(0);
        }
      }
      assertTrue(worst[0] > 1e-3 && worst[1] < worst[0] / 100, Arrays.toString(worst));
      assertTrue(worst[3] < 1e-5 && worst[3] < worst[1], Arrays.toString(worst));
    }
  }

  /** Batches and samples beside it change nothing; the seed does. */
  @Test
  void drawsBelongToTheSample() {
    Dataset data = data(D);
    float[][] baselines = {new float[D], {1, 1, 1, 1, 1, 1}};
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of(4)));
        Representation small = new Representation(model, Depth.ENCODER, 2);
        Representation large = new Representation(model, Depth.ENCODER, 100)) {
      for (FeatureMethod method :
          List.of(
              new GradientShap(baselines, 0.2, 7, Pairing.OWN, 3),
              new SmoothGrad(0.2, 7, 3),
              new RandomImportance(3))) {
        float[][] all = attribute(large, Target.labelFree(), method, data);
        float[][] some = attribute(small, Target.labelFree(), method, data.range(2, 2));
        assertArrayEquals(all[2], some[0], 1e-6f);
        assertArrayEquals(all[3], some[1], 1e-6f);
      }
      float[][] one = attribute(large, Target.labelFree(), new SmoothGrad(0.2, 7, 3), data);
      float[][] other = attribute(large, Target.labelFree(), new SmoothGrad(0.2, 7, 4), data);
      assertTrue(Math.abs(one[0][0] - other[0][0]) > 1e-6);
    }
  }

  /** [1,3,2], window 2, stride 1: f falls by the linear part of what is under the window. */
  @Test
  void occlusionByHand() {
    Dataset data = data(D);
    float[] baseline = {0, 1, 0, 1, 0, 1};
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of()));
        Representation f = new Representation(model, Depth.ENCODER, 3)) {
      double[] theta = model.parameters().values().toDoubles();
      float[][] found =
          attribute(f, Target.unit(0), new Occlusion(baseline, new int[] {1, 3, 2}, 2, 1), data);
      for (int i = 0; i < N; i++) {
        float[] x = data.sample(i);
        double[] row = new double[3];
        for (int r = 0; r < 3; r++) {
          for (int e = 2 * r; e < 2 * r + 2; e++) {
            row[r] += theta[e] * (x[e] - baseline[e]);
          }
        }
        double upper = row[0] + row[1];
        double lower = row[1] + row[2];
        assertEquals(upper, found[i][0], 1e-5);
        assertEquals((upper + lower) / 2, found[i][3], 1e-5);
        assertEquals(lower, found[i][5], 1e-5);
      }
    }
    assertThrows(
        IllegalArgumentException.class, () -> new Occlusion(baseline, new int[] {D}, 2, 3));
  }

  @Test
  void targets() {
    assertEquals(
        "--target: found 'latent:2', expected latent:0 to latent:1",
        assertThrows(InputException.class, () -> Target.parse("latent:2", 2)).getMessage());
    assertEquals(
        "--target: found 'units', expected label-free, latent:L or class:K",
        assertThrows(InputException.class, () -> Target.parse("units", 2)).getMessage());
    float[] weights = new float[3];
    Target.parse("class:1", 3).weights(new float[3], 0, 3, weights);
    assertArrayEquals(new float[] {0, 1, 0}, weights);
  }

  /** Masking what matters moves the code most. */
  @Test
  void shiftOfTheRepresentation() {
    Dataset data = data(D);
    try (Model model = model(spec(ModelSpec.MLP_AUTOENCODER, List.of()));
        Representation f = new Representation(model, Depth.ENCODER, 2)) {
      double[] theta = model.parameters().values().toDoubles();
      float[][] only3 = new float[N][D];
      for (float[] row : only3) {
        row[3] = -1;
      }
      double[] squared =
          new RepresentationShift(
                  new FeatureMask(new float[D], 1), RepresentationShift.Distance.SQUARED_L2)
              .of(f, data, only3, 1.0 / D);
      double[] plain =
          new RepresentationShift(new FeatureMask(new float[D], 1), RepresentationShift.Distance.L2)
              .of(f, data, only3, 1.0 / D);
      for (int i = 0; i < N; i++) {
        double x = data.sample(i)[3];
        double expected = x * x * (theta[3] * theta[3] + theta[D + 3] * theta[D + 3]);
        assertEquals(expected, squared[i], 1e-5);
        assertEquals(Math.sqrt(expected), plain[i], 1e-5);
      }
      // of two channels, a pixel is masked in both
      double[] two =
          new RepresentationShift(
                  new FeatureMask(new float[D], 2), RepresentationShift.Distance.SQUARED_L2)
              .of(f, data, only3, 1.0 / 3);
      float[] x = data.sample(1);
      double a = theta[0] * x[0] + theta[3] * x[3];
      double b = theta[D] * x[0] + theta[D + 3] * x[3];
      assertEquals(a * a + b * b, two[1], 1e-5);
    }
  }

  @Test
  void latentUnits() {
    double[][] units = {{1, 2, 3, 0}, {-1, 2, 1, 0}};
    double pearson = LatentUnits.similarity(units, LatentUnits.Similarity.PEARSON);
    assertEquals(
        new org.apache.commons.math3.stat.correlation.PearsonsCorrelation()
            .correlation(units[0], units[1]),
        pearson,
        1e-15);
    assertEquals(
        6 / Math.sqrt(14 * 6), LatentUnits.similarity(units, LatentUnits.Similarity.COSINE), 1e-12);
    double quarter = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
    assertEquals((2 * Math.log(2) + quarter) / 3, LatentUnits.entropy(units), 1e-12);
    assertEquals(1.0 / 3, LatentUnits.activeUnits(units), 1e-12); // a half is not more than a half
  }
}
