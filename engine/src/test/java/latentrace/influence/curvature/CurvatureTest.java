package latentrace.influence.curvature;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.Listener;
import latentrace.backend.Activation;
import latentrace.backend.Philox;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.curvature.InfluenceFunctions.Normalisation;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pass;
import latentrace.nn.Initialisation;
import latentrace.reference.EjmlBackend;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gauss–Newton, EK-FAC, DataInf and the normalised scores, each where it is known exactly. */
class CurvatureTest {
  private static final Dataset DATA = LinearCase.data("train", 30, 1);
  private static final Dataset TEST = LinearCase.data("test", 4, 2);
  private final EjmlBackend backend = new EjmlBackend(1);

  private static double[][] random(int count, int size) {
    Random random = new Random(8);
    double[][] vectors = new double[count][];
    Arrays.setAll(vectors, i -> random.doubles(size, -1, 1).toArray());
    return vectors;
  }

  private static double relativeError(double[] expected, double[] actual) {
    double[] difference = actual.clone();
    Vectors.add(difference, -1, expected);
    return Vectors.norm(difference) / Vectors.norm(expected);
  }

  private static ModelSpec spec(String model, Reconstruction loss) {
    return new ModelSpec(
        model,
        List.of(LinearCase.FEATURES),
        List.of(),
        LinearCase.CODE,
        3,
        Activation.IDENTITY,
        Activation.IDENTITY,
        loss,
        ModelSpec.OBJECTIVE_H,
        0.5,
        0,
        0,
        0,
        0.25);
  }

  /** Samples in (0,1) with labels, fit for every loss. */
  private static Dataset labelled() {
    float[] values = new float[20 * LinearCase.FEATURES];
    Random random = new Random(4);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    int[] labels = random.ints(20, 0, 3).toArray();
    return Dataset.ofFloats("labelled", new int[] {LinearCase.FEATURES}, values, labels);
  }

  /** Where outputs are linear in the parameters, the Gauss–Newton matrix is the Hessian. */
  @ParameterizedTest
  @CsvSource({
    "mlp-vae, BERNOULLI, decoder",
    "mlp-vae, MSE, decoder",
    "mlp-autoencoder, BERNOULLI, decoder",
    "mlp-classifier, MSE, last:1",
    "mlp-vae, MSE, encoder"
  })
  void gaussNewtonIsTheHessianOfALinearPart(String kind, Reconstruction loss, String part) {
    Dataset data = labelled();
    try (Model model = LinearCase.model(backend, spec(kind, loss), 5)) {
      if (part.equals("encoder")) { // only KL is left, which is no linear function of [μ | lv]
        model.parts().get(1).layers().stream()
            .flatMap(layer -> layer.parameters().stream())
            .forEach(parameter -> parameter.value().fill(0));
      }
      try (Gradients gradients = LinearCase.gradients(model, part)) {
        int size = gradients.size();
        double[] sum = new double[size * size];
        for (int from = 0; from < data.count(); from += gradients.tile()) {
          int count = Math.min(gradients.tile(), data.count() - from);
          Pass pass = gradients.run(data, Philox.ROLE_TRAIN_SIDE, from, count, Pass.Wanted.LOSSES);
          int directions = pass.curvatureDirections();
          for (int k = 0; k < directions; k++) {
            double[] probe = new double[count * directions];
            for (int i = 0; i < count; i++) {
              probe[i * directions + k] = 1;
            }
            pass.gaussNewton(gradients.objective(), probe);
            for (double[] g : gradients.toDoubles(gradients.rowsOfFactors(count), count)) {
              for (int e = 0; e < sum.length; e++) {
                sum[e] += g[e / size] * g[e % size] / data.count();
              }
            }
          }
        }
        HessianProducts products = new HessianProducts(gradients, 1e-9);
        double[] hessian = new double[size * size];
        for (int j = 0; j < size; j++) {
          double[] unit = new double[size];
          unit[j] = 1;
          System.arraycopy(products.times(data, unit), 0, hessian, j * size, size);
        }
        double error = relativeError(hessian, sum);
        assertTrue(error <= 1e-7, "relative error " + error);
      }
    }
  }

  @Test
  void ekFacIsTheExactGaussNewtonSolutionOfALinearModel() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "decoder")) {
      double damping = 0.3;
      double[][] vectors = random(3, gradients.size());
      HessianProducts products = new HessianProducts(gradients, damping);
      double[][] exact = new ExplicitHessian(products, DATA, Listener.SILENT).solve(vectors);
      double[][] factored =
          ekFac(gradients, damping, EkFac.Settings.EVERY_DIRECTION).solve(vectors);
      double[][] probed = ekFac(gradients, damping, 200).solve(vectors);
      for (int k = 0; k < vectors.length; k++) {
        double error = relativeError(exact[k], factored[k]);
        assertTrue(error <= 1e-8, "every direction: relative error " + error);
        double sampled = relativeError(exact[k], probed[k]);
        assertTrue(sampled <= 0.1, "200 random probes: relative error " + sampled);
      }
    }
  }

  private static EkFac ekFac(Gradients gradients, double damping, int probes) {
    return new EkFac(gradients, DATA, new EkFac.Settings(damping, 0, probes, 1), Listener.SILENT);
  }

  /** Factors of every kind of layer, multiplied out, are the gradient. */
  @ParameterizedTest
  @CsvSource({
    "denoising-mnist, all",
    "denoising-mnist, last:1",
    "mlp-vae, all",
    "mlp-vae, last:1",
    "burgess-vae, all"
  })
  void factorsMultiplyToGradients(String kind, String parameters) {
    ModelSpec spec =
        switch (kind) {
          case "denoising-mnist" -> ModelSpec.denoising(kind, 3);
          case "burgess-vae" -> ModelSpec.burgessVae(1, 32, 2, 1, Reconstruction.BERNOULLI);
          default -> LinearCase.spec(kind, List.of(4));
        };
    int size = spec.sampleSize();
    float[] values = new float[2 * size];
    Random random = new Random(6);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    int[] shape = spec.sampleShape().stream().mapToInt(s -> s).toArray();
    Dataset data = Dataset.ofFloats("images", shape, values, null);
    try (Model model = Model.create(backend, spec)) {
      model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 3);
      try (Gradients gradients = LinearCase.gradients(model, parameters)) {
        double[][] rows = gradients.all(data, Philox.ROLE_TRAIN_SIDE);
        Pass pass = gradients.run(data, Philox.ROLE_TRAIN_SIDE, 0, 2, Pass.Wanted.FACTORS);
        double[][] products = new double[2][gradients.size()];
        DMatrixRMaj left = new DMatrixRMaj(1, 1);
        DMatrixRMaj right = new DMatrixRMaj(1, 1);
        List<KroneckerBlock> blocks = KroneckerBlock.of(gradients);
        KroneckerBlock.load(blocks, gradients, pass);
        for (KroneckerBlock block : blocks) {
          for (int i = 0; i < 2; i++) {
            block.factors(i, left, right);
            DMatrixRMaj product = new DMatrixRMaj(block.left(), block.right());
            CommonOps_DDRM.multTransA(left, right, product);
            block.scatter(product, products[i]);
          }
        }
        for (int i = 0; i < 2; i++) {
          double error = relativeError(rows[i], products[i]);
          assertTrue(error <= 1e-12, "relative error " + error);
        }
      }
    }
  }

  @Test
  void dataInfIsTheMeanOfInverses() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      double[][] vectors = random(2, gradients.size());
      double[][] actual = new DataInf(gradients, DATA, 0.02, 0.1, Listener.SILENT).solve(vectors);
      double[][] rows = gradients.all(DATA, Philox.ROLE_TRAIN_SIDE);
      double[][] expected = new double[2][gradients.size()];
      for (Gradients.Range layer : gradients.layers()) {
        double lambda = 0;
        for (double[] row : rows) {
          for (int i = layer.from(); i < layer.from() + layer.size(); i++) {
            lambda += row[i] * row[i] / rows.length / layer.size();
          }
        }
        lambda = 0.02 + 0.1 * lambda;
        for (double[] row : rows) {
          DMatrixRMaj matrix = CommonOps_DDRM.identity(layer.size());
          CommonOps_DDRM.scale(lambda, matrix);
          for (int i = 0; i < layer.size(); i++) {
            for (int j = 0; j < layer.size(); j++) {
              matrix.add(i, j, row[layer.from() + i] * row[layer.from() + j]);
            }
          }
          CommonOps_DDRM.invert(matrix);
          for (int k = 0; k < 2; k++) {
            for (int i = 0; i < layer.size(); i++) {
              for (int j = 0; j < layer.size(); j++) {
                expected[k][layer.from() + i] +=
                    matrix.get(i, j) * vectors[k][layer.from() + j] / rows.length;
              }
            }
          }
        }
      }
      for (int k = 0; k < 2; k++) {
        double error = relativeError(expected[k], actual[k]);
        assertTrue(error <= 1e-10, "relative error " + error);
      }
    }
  }

  private static double[][] scores(
      Gradients gradients, InverseCurvature curvature, Normalisation normalisation, Dataset test) {
    try (ScoreMatrix scores =
        new InfluenceFunctions(gradients, curvature, normalisation, Listener.SILENT)
            .scores(DATA, test)) {
      double[][] rows = new double[test.count()][DATA.count()];
      for (int t = 0; t < rows.length; t++) {
        scores.sums(t, rows[t]);
      }
      return rows;
    }
  }

  @Test
  void gradCosIsACosine() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "all")) {
      double[][] cosines = scores(gradients, InverseCurvature.IDENTITY, Normalisation.COSINE, DATA);
      double lowest = 1;
      for (int t = 0; t < cosines.length; t++) {
        assertEquals(1, cosines[t][t], 1e-12);
        for (double cosine : cosines[t]) {
          assertTrue(Math.abs(cosine) <= 1 + 1e-12, "cosine " + cosine);
          lowest = Math.min(lowest, cosine);
        }
      }
      assertTrue(lowest < 0, "lowest cosine " + lowest);
    }
  }

  @Test
  void scoresAreWhatTheirFormulasSay() {
    try (Model model = LinearCase.model(backend, LinearCase.SPEC, 5);
        Gradients gradients = LinearCase.gradients(model, "decoder")) {
      ExplicitHessian hessian =
          new ExplicitHessian(new HessianProducts(gradients, 0.1), DATA, Listener.SILENT);
      double[][] plain = scores(gradients, hessian, Normalisation.NONE, TEST);
      double[][] theta = scores(gradients, hessian, Normalisation.THETA_RELATIVE, TEST);
      double[][] loss = scores(gradients, hessian, Normalisation.LOSS_RELATIVE, TEST);
      double[][] x = gradients.all(DATA, Philox.ROLE_TRAIN_SIDE);
      double[][] z = gradients.all(TEST, Philox.ROLE_TEST_SIDE);
      double[][] solved = hessian.solve(x);
      for (int t = 0; t < z.length; t++) {
        for (int i = 0; i < x.length; i++) {
          double product = Vectors.dot(z[t], solved[i]);
          double tolerance = 1e-9 * Vectors.norm(z[t]) * Vectors.norm(solved[i]);
          assertEquals(product / DATA.count(), plain[t][i], tolerance);
          double change = Vectors.norm(solved[i]);
          assertEquals(product / change, theta[t][i], tolerance / change);
          double self = Math.sqrt(Vectors.dot(x[i], solved[i]));
          assertEquals(product / self, loss[t][i], tolerance / self);
        }
      }
    }
  }
}
