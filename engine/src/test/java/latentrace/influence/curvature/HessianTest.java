package latentrace.influence.curvature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Philox;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients, products with the Hessian and its inverses, against what they are by definition. */
class HessianTest {
  private static final Dataset DATA = LinearCase.data("train", 40, 1);
  private final Backend backend = new EjmlBackend(1);

  private static double[] random(int size, long seed) {
    Random random = new Random(seed);
    return random.doubles(size, -1, 1).toArray();
  }

  private static void assertClose(double[] expected, double[] actual, double tolerance) {
    double scale = Vectors.norm(expected);
    double[] difference = actual.clone();
    Vectors.add(difference, -1, expected);
    double error = Vectors.norm(difference) / scale;
    assertTrue(error <= tolerance, "relative error " + error);
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "decoder", "encoder", "last:1", "last:3"})
  void rowsAverageToTheMeanGradient(String parameters) {
    ModelSpec spec = LinearCase.spec(ModelSpec.MLP_VAE, List.of(4));
    try (Model model = LinearCase.model(backend, spec, 3);
        Gradients gradients = LinearCase.gradients(model, parameters)) {
      double[] mean = new double[gradients.size()];
      for (double[] row : gradients.all(DATA, Philox.ROLE_TRAIN_SIDE)) {
        Vectors.add(mean, 1.0 / DATA.count(), row);
      }
      assertClose(gradients.mean(DATA, Philox.ROLE_TRAIN_SIDE), mean, 1e-13);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "last:1"})
  void rowsOfARecurrentModelToo(String parameters) {
    try (Model model = LinearCase.model(backend, ModelSpec.recurrent(List.of(5), 2), 3);
        Gradients gradients = LinearCase.gradients(model, parameters)) {
      double[] mean = new double[gradients.size()];
      Dataset few = DATA.range(0, 3);
      for (double[] row : gradients.all(few, Philox.ROLE_TRAIN_SIDE)) {
        Vectors.add(mean, 1.0 / 3, row);
      }
      assertClose(gradients.mean(few, Philox.ROLE_TRAIN_SIDE), mean, 1e-12);
    }
    try (Model model = LinearCase.model(backend, ModelSpec.recurrent(List.of(5), 64), 3);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      assertMessage("has no Kronecker factors", () -> KroneckerBlock.of(gradients));
    }
  }

  @Test
  void theGradientIsThatOfTheMeanLoss() {
    ModelSpec spec = LinearCase.spec(ModelSpec.MLP_VAE, List.of(4));
    try (Model model = LinearCase.model(backend, spec, 3);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      double[] origin = gradients.parameters();
      double[] direction = random(gradients.size(), 4);
      double h = 1e-5;
      Supplier<Double> loss =
          () -> {
            double sum = 0;
            for (double value : gradients.losses(DATA, Philox.ROLE_TRAIN_SIDE)) {
              sum += value / DATA.count();
            }
            return sum;
          };
      double slope = Vectors.dot(gradients.mean(DATA, Philox.ROLE_TRAIN_SIDE), direction);
      double[] moved = origin.clone();
      Vectors.add(moved, h, direction);
      gradients.setParameters(moved);
      double above = loss.get();
      Vectors.add(moved, -2 * h, direction);
      gradients.setParameters(moved);
      double below = loss.get();
      assertEquals(slope, (above - below) / (2 * h), 1e-6 * Math.abs(slope));
      gradients.setParameters(origin);
      assertArrayEquals(origin, gradients.parameters());
    }
  }

  /** The R-operator (Pearlmutter 1994) of x → W₂(W₁x + c₁) + c₂ with squared errors, by hand. */
  private static double[] exactProduct(double[] theta, double[] v) {
    int d = LinearCase.CODE;
    int f = LinearCase.FEATURES;
    int c1 = d * f;
    int w2 = c1 + d;
    int c2 = w2 + f * d;
    double[] product = new double[v.length];
    for (int i = 0; i < DATA.count(); i++) {
      float[] x = DATA.sample(i);
      double[] a = new double[d];
      double[] aDot = new double[d];
      for (int k = 0; k < d; k++) {
        a[k] = theta[c1 + k];
        aDot[k] = v[c1 + k];
        for (int p = 0; p < f; p++) {
          a[k] += theta[k * f + p] * x[p];
          aDot[k] += v[k * f + p] * x[p];
        }
      }
      double[] back = new double[d];
      for (int q = 0; q < f; q++) {
        double e = theta[c2 + q] - x[q];
        double eDot = v[c2 + q];
        for (int k = 0; k < d; k++) {
          e += theta[w2 + q * d + k] * a[k];
          eDot += v[w2 + q * d + k] * a[k] + theta[w2 + q * d + k] * aDot[k];
        }
        product[c2 + q] += 2 * eDot;
        for (int k = 0; k < d; k++) {
          product[w2 + q * d + k] += 2 * (eDot * a[k] + e * aDot[k]);
          back[k] += 2 * (v[w2 + q * d + k] * e + theta[w2 + q * d + k] * eDot);
        }
      }
      for (int k = 0; k < d; k++) {
        product[c1 + k] += back[k];
        for (int p = 0; p < f; p++) {
          product[k * f + p] += back[k] * x[p];
        }
      }
    }
    Vectors.scale(product, 1.0 / DATA.count());
    return product;
  }

  @Test
  void productsAreTheROperatorToRounding() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      double[] theta = gradients.parameters();
      HessianProducts products = new HessianProducts(gradients, 0);
      for (double length : new double[] {1e-6, 1, 1e6}) {
        double[] v = random(gradients.size(), 6);
        Vectors.scale(v, length);
        assertClose(exactProduct(theta, v), products.times(DATA, v), 1e-8);
      }
      assertArrayEquals(theta, gradients.parameters());
      double[] nothing = new double[gradients.size()];
      assertArrayEquals(nothing, products.times(DATA, nothing));
    }
  }

  @Test
  void conjugateGradientsAndLissaAgreeWithTheExplicitHessian() {
    double damping = 0.5;
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "decoder")) {
      HessianProducts products = new HessianProducts(gradients, damping);
      double[][] vectors = {random(gradients.size(), 1), random(gradients.size(), 2)};
      double[][] exact = new ExplicitHessian(products, DATA, Listener.SILENT).solve(vectors);
      double[][] iterated =
          new ConjugateGradients(products, DATA, 1e-11, 100, Listener.SILENT).solve(vectors);
      Lissa.Settings all = new Lissa.Settings(30, 2000, 1, DATA.count(), 1);
      double[][] series = new Lissa(products, DATA, all, Listener.SILENT).solve(vectors);
      Lissa.Settings batches = new Lissa.Settings(60, 300, 20, 10, 1);
      double[][] sampled = new Lissa(products, DATA, batches, Listener.SILENT).solve(vectors);
      for (int k = 0; k < vectors.length; k++) {
        double[] back = products.times(DATA, exact[k]);
        assertClose(vectors[k], back, 1e-8);
        assertClose(exact[k], iterated[k], 1e-7);
        assertClose(exact[k], series[k], 1e-7);
        assertClose(exact[k], sampled[k], 0.1);
      }
    }
  }

  /** Between kinks the Hessian of a ReLU model is there, and symmetric. */
  @Test
  void productsWithReluAreSymmetric() {
    ModelSpec spec = ModelSpec.mlpVae(List.of(5), 2, 0.5, Reconstruction.MSE);
    try (Model model = LinearCase.model(backend, spec, 3);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      HessianProducts products = new HessianProducts(gradients, 0);
      double[] u = random(gradients.size(), 1);
      double[] v = random(gradients.size(), 2);
      double[] hu = products.times(DATA, u);
      double[] hv = products.times(DATA, v);
      double size = Vectors.norm(u) * Vectors.norm(hv);
      assertEquals(Vectors.dot(u, hv), Vectors.dot(v, hu), 1e-8 * size);
    }
  }

  @Test
  void saysWhatIsWrong() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      HessianProducts products = new HessianProducts(gradients, -3);
      double[][] vectors = {random(gradients.size(), 1)};
      assertMessage(
          "not positive definite", () -> new ExplicitHessian(products, DATA, Listener.SILENT));
      assertMessage(
          "a direction of curvature",
          () -> new ConjugateGradients(products, DATA, 1e-9, 100, Listener.SILENT).solve(vectors));
      HessianProducts convex = new HessianProducts(gradients, 3);
      assertMessage(
          "after 2 iterations",
          () -> new ConjugateGradients(convex, DATA, 1e-9, 2, Listener.SILENT).solve(vectors));
      assertMessage(
          "LiSSA diverges",
          () ->
              new Lissa(convex, DATA, new Lissa.Settings(1, 100, 1, 100, 1), Listener.SILENT)
                  .solve(vectors));
      assertMessage("5000 parameters", () -> ExplicitHessian.requireSmall(5000));
    }
    try (Backend single = Backends.open("simd", new Options(1));
        Model model = LinearCase.model(single, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      assertMessage("backend ejml, not simd", () -> new HessianProducts(gradients, 0));
    }
  }

  private static void assertMessage(String part, Runnable work) {
    String message = assertThrows(InputException.class, work::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
