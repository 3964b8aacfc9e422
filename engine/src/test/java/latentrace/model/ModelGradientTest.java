package latentrace.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import latentrace.backend.Activation;
import latentrace.backend.Philox;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Pass.Wanted;
import latentrace.nn.CentralDifferences;
import latentrace.nn.Initialisation;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models: the gradient of weight·Σℓ at every parameter against central differences. */
class ModelGradientTest {
  private static final int SAMPLES = 4;
  private static final int FEATURES = 5;

  private final EjmlBackend backend = new EjmlBackend(1);

  private static ModelSpec spec(
      String model,
      Activation activation,
      Activation last,
      Reconstruction reconstruction,
      double lossScale) {
    return new ModelSpec(
        model,
        List.of(FEATURES),
        List.of(4, 3),
        2,
        3,
        activation,
        last,
        reconstruction,
        ModelSpec.OBJECTIVE_H,
        2.5,
        0,
        0,
        0,
        lossScale);
  }

  private static Dataset data() {
    Random random = new Random(3);
    float[] values = new float[SAMPLES * FEATURES];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return Dataset.ofFloats("random", new int[] {FEATURES}, values, new int[] {2, 0, 1, 2});
  }

  /** Random values everywhere, biases too, so that no unit sits exactly on a kink. */
  private static void randomise(Model model, long seed) {
    Random random = new Random(seed);
    double[] values = new double[(int) model.parameters().count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5 * random.nextGaussian();
    }
    model.parameters().values().upload(values);
  }

  private static double total(Pass pass, double weight) {
    double[] losses = new double[pass.capacity()];
    pass.losses(losses);
    double sum = 0;
    for (int i = 0; i < pass.count(); i++) {
      sum += losses[i];
    }
    return weight * sum;
  }

  private void check(ModelSpec spec, int draws) {
    double weight = 1.0 / SAMPLES;
    Objective objective = spec.objectiveAt(7);
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(SAMPLES + 1, draws)) {
      randomise(model, 5);
      pass.load(data(), new int[] {0, 3, 1, 2}, 0, SAMPLES);
      pass.contractNoise(99, Philox.stream(0, 1));
      model.parameters().gradients().fill(Double.NaN);
      pass.run(objective, Estimator.PATHWISE, weight, Wanted.GRADIENTS);
      double[] gradients = model.parameters().gradients().toDoubles();
      DoubleSupplier loss =
          () -> {
            pass.run(objective, Estimator.PATHWISE, weight, Wanted.LOSSES);
            return total(pass, weight);
          };
      CentralDifferences.check(
          spec + " m=" + draws,
          CentralDifferences.of(model.parameters().values(), loss),
          gradients);
    }
  }

  static Stream<ModelSpec> vaes() {
    List<ModelSpec> specs = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      for (Reconstruction reconstruction : Reconstruction.values()) {
        specs.add(
            spec(ModelSpec.MLP_VAE, activation, Activation.IDENTITY, reconstruction, 1 / 12.0));
      }
      specs.add(spec(ModelSpec.MLP_VAE, Activation.TANH, activation, Reconstruction.MSE, 1));
    }
    // Burgess: C below, between and above the KL terms; half way through its growth at 7 of 14
    for (double capacity : new double[] {0, 1, 1000}) {
      specs.add(
          spec(
                  ModelSpec.MLP_VAE,
                  Activation.SOFTPLUS,
                  Activation.IDENTITY,
                  Reconstruction.BERNOULLI,
                  3)
              .withBurgess(1.75, capacity, 14));
    }
    return specs.stream();
  }

  @ParameterizedTest
  @MethodSource("vaes")
  void betaVae(ModelSpec spec) {
    check(spec, 1);
    check(spec, 3);
  }

  /** Chen et al. 2018: the gradient of the batch's loss, through every pair of its samples. */
  @Test
  void totalCorrelation() {
    ModelSpec spec =
        spec(
                ModelSpec.MLP_VAE,
                Activation.TANH,
                Activation.IDENTITY,
                Reconstruction.BERNOULLI,
                0.25)
            .withTotalCorrelation(5);
    check(spec, 1);
    Objective objective = spec.objectiveAt(3);
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(SAMPLES, 1);
        Pass draws = model.newPass(SAMPLES, 2)) {
      pass.load(data(), Positions.upTo(SAMPLES), 0, SAMPLES);
      draws.load(data(), Positions.upTo(SAMPLES), 0, SAMPLES);
      assertEquals(
          "objective TC is a loss of the batch: a sample has no gradient of its own",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> pass.run(objective, Estimator.PATHWISE, 1, Wanted.FACTORS))
              .getMessage());
      assertEquals(
          "objective TC takes one draw per sample, this pass has 2",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> draws.run(objective, Estimator.PATHWISE, 1, Wanted.LOSSES))
              .getMessage());
    }
    assertEquals(
        "objective: found TC, expected H or B",
        assertThrows(
                IllegalArgumentException.class,
                () -> ModelSpec.recurrent(List.of(5), 2).withTotalCorrelation(2))
            .getMessage());
  }

  @Test
  void autoEncoderAndClassifier() {
    for (Activation activation : Activation.values()) {
      for (Reconstruction reconstruction : Reconstruction.values()) {
        check(
            spec(ModelSpec.MLP_AUTOENCODER, activation, Activation.IDENTITY, reconstruction, 0.3),
            1);
      }
      check(spec(ModelSpec.MLP_AUTOENCODER, Activation.TANH, activation, Reconstruction.MSE, 1), 1);
      check(
          spec(ModelSpec.MLP_CLASSIFIER, activation, Activation.IDENTITY, Reconstruction.MSE, 0.3),
          1);
    }
  }

  @Test
  void recurrentAutoEncoder() {
    for (List<Integer> shape : List.of(List.of(FEATURES), List.of(FEATURES, 1), List.of(1, 5))) {
      ModelSpec spec = ModelSpec.recurrent(shape, 2).withLossScale(0.3);
      check(spec, 1);
      check(spec.withReconstruction(Reconstruction.MSE), 1);
    }
    // PAPERS.md 1.4: RecurrentAutoencoder(140, 1, 64)
    try (Model model = Model.create(backend, ModelSpec.recurrent(List.of(140), 64))) {
      assertEquals(116_736 + 132_737, model.parameters().count());
      assertEquals(64, model.parts().get(0).outputSize());
      assertTrue(model.parameters().named().containsKey("decoder.output_layer.weight"));
    }
    assertEquals(
        "sampleShape: found [1, 28, 28], expected [T] or [T,C] for a recurrent-autoencoder",
        assertThrows(
                IllegalArgumentException.class, () -> ModelSpec.recurrent(List.of(1, 28, 28), 4))
            .getMessage());
    assertEquals(
        "latent: found 65536, expected at most 2^31-1 weights a layer, and gates a sample",
        assertThrows(IllegalArgumentException.class, () -> ModelSpec.recurrent(List.of(9), 1 << 16))
            .getMessage());
  }

  private static ModelSpec smooth(ModelSpec s) {
    return new ModelSpec(
        s.model(),
        s.sampleShape(),
        s.hidden(),
        s.latent(),
        s.classes(),
        Activation.TANH,
        s.outputActivation(),
        s.reconstruction(),
        s.objective(),
        s.beta(),
        s.gamma(),
        s.capacity(),
        s.capacityIterations(),
        s.lossScale());
  }

  static Stream<ModelSpec> convolutionalModels() {
    return Stream.of(
        ModelSpec.convVae(1, 3, 2, Reconstruction.GAUSSIAN),
        ModelSpec.burgessVae(2, 32, 3, 2, Reconstruction.BERNOULLI),
        ModelSpec.burgessVae(1, 32, 3, 2, Reconstruction.BERNOULLI).withTotalCorrelation(6),
        ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4));
  }

  private static int largest(double[] values) {
    int best = 0;
    for (int i = 0; i < values.length; i++) {
      best = Math.abs(values[i]) > Math.abs(values[best]) ? i : best;
    }
    return best;
  }

  /**
   * With smooth activations, the largest gradient of each tensor (smaller ones are lost in the
   * rounding of a loss of some thousand pixels); batch normalisation both ways.
   */
  @ParameterizedTest
  @MethodSource("convolutionalModels")
  void convolutional(ModelSpec papers) {
    ModelSpec spec = smooth(papers);
    Random random = new Random(4);
    float[] values = new float[2 * spec.sampleSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    int[] shape = spec.sampleShape().stream().mapToInt(s -> s).toArray();
    Dataset images = Dataset.ofFloats("images", shape, values, null);
    Objective objective = spec.objectiveAt(1);
    for (boolean training : new boolean[] {false, true}) {
      try (Model model = Model.create(backend, spec);
          Pass pass = model.newPass(2, spec.isVae() && objective.isPerSample() ? 2 : 1)) {
        model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 6);
        // larger, so that gradients are not lost in the rounding of differences
        double[] larger = model.parameters().values().toDoubles();
        Arrays.setAll(larger, i -> 2.5 * larger[i]);
        model.parameters().values().upload(larger);
        model.training(training);
        pass.load(images, Positions.upTo(2), 0, 2);
        pass.contractNoise(99, Philox.stream(0, 1));
        model.parameters().gradients().fill(Double.NaN);
        pass.run(objective, Estimator.PATHWISE, 0.5, Wanted.GRADIENTS);
        DoubleSupplier loss =
            () -> {
              pass.run(objective, Estimator.PATHWISE, 0.5, Wanted.LOSSES);
              return total(pass, 0.5);
            };
        model
            .parameters()
            .named()
            .forEach(
                (name, p) -> {
                  int at = largest(p.gradient().toDoubles());
                  // a bias before batch normalisation in training has no gradient
                  if (!training || !name.matches(".*(cnn[.]2|conv[.][03])[.]bias")) {
                    CentralDifferences.check(
                        spec.model() + " " + name,
                        CentralDifferences.of(p.value().slice(at, 1), loss),
                        p.gradient().slice(at, 1).toDoubles());
                  }
                });
      }
      if (spec.isVae()) {
        return; // nothing differs in training
      }
    }
  }

  @Test
  void convolutionalModelsAreThePapers() {
    Map<ModelSpec, Long> counts =
        Map.of(
            ModelSpec.convVae(3, 64, 2, Reconstruction.GAUSSIAN), 806_915L,
            ModelSpec.convVae(3, 128, 2, Reconstruction.GAUSSIAN), 856_195L,
            ModelSpec.burgessVae(1, 32, 3, 1, Reconstruction.BERNOULLI), 232_038L + 231_745,
            ModelSpec.burgessVae(1, 64, 6, 1, Reconstruction.BERNOULLI), 249_996L + 248_929,
            ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4), 43_428L + 43_697);
    counts.forEach(
        (spec, count) -> {
          try (Model model = Model.create(backend, spec)) {
            assertEquals(count, model.parameters().count(), spec.toString());
          }
        });
    try (Model model = Model.create(backend, ModelSpec.denoising(ModelSpec.DENOISING_CIFAR, 128))) {
      assertEquals(128, model.parts().get(0).outputSize());
      assertEquals(3072, model.parts().get(1).outputSize());
    }
    try (Model model = Model.create(backend, ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4))) {
      assertEquals(
          List.of("decoder.decoder_conv.4.running_mean", "decoder.decoder_conv.4.running_var"),
          model.parameters().state().keySet().stream()
              .filter(name -> name.startsWith("decoder.decoder_conv.4.run"))
              .toList());
    }
    assertEquals(
        "sampleShape: found [3, 32, 32], expected [C,64,64] for a conv-vae",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new ModelSpec(
                        ModelSpec.CONV_VAE,
                        List.of(3, 32, 32),
                        List.of(),
                        4,
                        0,
                        Activation.RELU,
                        Activation.IDENTITY,
                        Reconstruction.MSE,
                        ModelSpec.OBJECTIVE_H,
                        1,
                        0,
                        0,
                        0,
                        1))
            .getMessage());
  }

  /** Losses by an own forward pass: sums over features, mean over draws, penalty, lossScale. */
  @Test
  void lossIsWhatThePiecesSay() {
    ModelSpec spec =
        spec(ModelSpec.MLP_VAE, Activation.RELU, Activation.IDENTITY, Reconstruction.GAUSSIAN, 0.25)
            .withBurgess(3, 2, 10);
    assertEquals(1.0, spec.objectiveAt(5).capacity());
    assertEquals(2.0, spec.objectiveAt(10).capacity());
    assertEquals(2.0, spec.objectiveAt(11).capacity());
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(SAMPLES, 3)) {
      randomise(model, 1);
      pass.load(data(), Positions.upTo(SAMPLES), 0, SAMPLES);
      pass.contractNoise(1, 0);
      pass.run(spec.objectiveAt(5), Estimator.PATHWISE, 1, Wanted.LOSSES);
      double[] losses = new double[SAMPLES];
      double[] reconstructions = new double[SAMPLES];
      double[] kls = new double[SAMPLES];
      pass.losses(losses);
      pass.reconstructions(reconstructions);
      pass.kls(kls);
      for (int i = 0; i < SAMPLES; i++) {
        double expected = 0.25 * (reconstructions[i] + 3 * Math.abs(kls[i] - 1));
        assertEquals(expected, losses[i], 1e-12);
      }
    }
  }

  /** Batch gradients are the sum of single ones, and FACTORS leaves gradients alone. */
  @Test
  void batchIsTheSumOfItsSamples() {
    ModelSpec spec =
        spec(ModelSpec.MLP_VAE, Activation.TANH, Activation.IDENTITY, Reconstruction.BERNOULLI, 1);
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(SAMPLES, 3)) {
      randomise(model, 2);
      double[] sum = new double[(int) model.parameters().count()];
      for (int i = 0; i < SAMPLES; i++) {
        pass.load(data(), Positions.upTo(SAMPLES), i, 1);
        pass.contractNoise(4, 0);
        pass.run(spec.objectiveAt(1), Estimator.PATHWISE, 0.5, Wanted.GRADIENTS);
        double[] one = model.parameters().gradients().toDoubles();
        for (int k = 0; k < sum.length; k++) {
          sum[k] += one[k];
        }
      }
      pass.load(data(), Positions.upTo(SAMPLES), 0, SAMPLES);
      pass.contractNoise(4, 0);
      pass.run(spec.objectiveAt(1), Estimator.PATHWISE, 0.5, Wanted.GRADIENTS);
      double[] batch = model.parameters().gradients().toDoubles();
      assertArrayEquals(sum, batch, 1e-12);
      pass.run(spec.objectiveAt(1), Estimator.PATHWISE, 7, Wanted.FACTORS);
      assertArrayEquals(batch, model.parameters().gradients().toDoubles());
    }
  }

  /**
   * The score-function estimator has the mean of the pathwise one: within 4.5 standard errors of
   * their difference over 200,000 draws for each of the encoder's parameters; for the decoder's
   * they are equal.
   */
  @Test
  void scoreFunctionEstimatesTheSameGradient() {
    ModelSpec spec =
        new ModelSpec(
            ModelSpec.MLP_VAE,
            List.of(3),
            List.of(2),
            2,
            0,
            Activation.TANH,
            Activation.IDENTITY,
            Reconstruction.BERNOULLI,
            ModelSpec.OBJECTIVE_H,
            0.8,
            0,
            0,
            0,
            1);
    int chunks = 200;
    int draws = 1000;
    Dataset one = Dataset.ofFloats("one", new int[] {3}, new float[] {0.2f, 0.9f, 0.5f}, null);
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(1, draws)) {
      randomise(model, 8);
      int count = (int) model.parameters().count();
      double[] sum = new double[count];
      double[] squares = new double[count];
      double[] scale = new double[count];
      pass.load(one, Positions.upTo(1), 0, 1);
      int encoder = 3 * 2 + 2 + 2 * 4 + 4;
      for (int chunk = 0; chunk < chunks; chunk++) {
        pass.contractNoise(1234, Philox.stream(0, chunk));
        pass.run(spec.objectiveAt(1), Estimator.PATHWISE, 1, Wanted.GRADIENTS);
        double[] pathwise = model.parameters().gradients().toDoubles();
        pass.run(spec.objectiveAt(1), Estimator.SCORE_FUNCTION, 1, Wanted.GRADIENTS);
        double[] score = model.parameters().gradients().toDoubles();
        for (int k = encoder; k < count; k++) {
          assertEquals(pathwise[k], score[k]);
        }
        for (int k = 0; k < encoder; k++) {
          double difference = score[k] - pathwise[k];
          sum[k] += difference;
          squares[k] += difference * difference;
          scale[k] += Math.abs(pathwise[k]);
        }
      }
      for (int k = 0; k < encoder; k++) {
        double mean = sum[k] / chunks;
        double deviation = Math.sqrt((squares[k] / chunks - mean * mean) / (chunks - 1));
        assertTrue(Math.abs(mean) <= 4.5 * deviation, k + ": " + mean + " ± " + deviation);
        // and the test has power: the standard error is small beside the gradient
        assertTrue(deviation <= 0.2 * scale[k] / chunks + 0.01, k + ": ± " + deviation);
      }
    }
  }

  @Test
  void errors() {
    ModelSpec vae =
        spec(ModelSpec.MLP_VAE, Activation.RELU, Activation.IDENTITY, Reconstruction.MSE, 1);
    ModelSpec classifier =
        spec(ModelSpec.MLP_CLASSIFIER, Activation.RELU, Activation.IDENTITY, Reconstruction.MSE, 1);
    try (Model model = Model.create(backend, vae);
        Pass pass = model.newPass(2, 1);
        Model other = Model.create(backend, classifier);
        Pass labelled = other.newPass(2, 1)) {
      assertEquals(
          "the score-function estimator is defined for beta*KL, not for gamma*|KL - C|",
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      pass.run(
                          vae.withBurgess(1, 1, 1).objectiveAt(1),
                          Estimator.SCORE_FUNCTION,
                          1,
                          Wanted.FACTORS))
              .getMessage());
      assertEquals(
          "the score-function estimator needs a model with latent noise",
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      labelled.run(
                          classifier.objectiveAt(1), Estimator.SCORE_FUNCTION, 1, Wanted.FACTORS))
              .getMessage());
      assertEquals(
          "mlp-classifier has no noise: draws must be 1, was 2",
          assertThrows(IllegalArgumentException.class, () -> other.newPass(2, 2)).getMessage());
      Dataset narrow = Dataset.ofFloats("narrow.npy", new int[] {2, 2}, new float[4], null);
      assertEquals(
          "narrow.npy: samples of [2, 2] are 4 values, the model takes 5",
          assertThrows(InputException.class, () -> pass.load(narrow, Positions.upTo(1), 0, 1))
              .getMessage());
      Dataset bare = Dataset.ofFloats("bare.npy", new int[] {5}, new float[5], null);
      assertEquals(
          "bare.npy: a classifier needs labels, there are none",
          assertThrows(InputException.class, () -> labelled.load(bare, Positions.upTo(1), 0, 1))
              .getMessage());
      Dataset wrong = bare.withLabels(new int[] {3});
      assertEquals(
          "bare.npy: label 3 of sample 0, expected 0..2",
          assertThrows(InputException.class, () -> labelled.load(wrong, Positions.upTo(1), 0, 1))
              .getMessage());
      assertEquals(
          "pass: 3 samples, its capacity is 2",
          assertThrows(
                  IllegalArgumentException.class, () -> pass.load(data(), Positions.upTo(3), 0, 3))
              .getMessage());
    }
  }

  @Test
  void accuracyCountsTheLargestLogit() {
    ModelSpec spec =
        spec(ModelSpec.MLP_CLASSIFIER, Activation.RELU, Activation.IDENTITY, Reconstruction.MSE, 1);
    try (Classifier model = new Classifier(backend, spec);
        Pass pass = model.newPass(SAMPLES, 1)) {
      // all weights zero: the head's bias alone decides, for class 2
      model.parameters().named().get("head.0.bias").value().upload(0, 1, 2);
      pass.load(data(), Positions.upTo(SAMPLES), 0, SAMPLES);
      pass.run(spec.objectiveAt(1), Estimator.PATHWISE, 1, Wanted.LOSSES);
      assertEquals(0.5, model.accuracy(pass, data(), 0, 1, 2, 3));
    }
  }

  /** Kaiming-normal: mean 0, variance 2/fanIn, biases 0; PyTorch's: uniform in ±1/√fanIn. */
  @Test
  void initialisation() {
    ModelSpec spec = ModelSpec.mlpVae(List.of(200), 25, 1, Reconstruction.BERNOULLI);
    try (Model model = Model.create(backend, spec)) {
      model.parameters().initialise(Initialisation.KAIMING_NORMAL, 5);
      double[] first = model.parameters().values().toDoubles();
      model
          .parameters()
          .named()
          .forEach(
              (name, parameter) -> {
                double[] values = parameter.value().toDoubles();
                if (parameter.isBias()) {
                  assertArrayEquals(new double[values.length], values, name);
                  return;
                }
                double variance = 2.0 / parameter.fanIn();
                double n = values.length;
                assertEquals(0, moment(values, 1), 5 * Math.sqrt(variance / n), name);
                assertEquals(variance, moment(values, 2), 5 * variance * Math.sqrt(2 / n), name);
              });
      model.parameters().initialise(Initialisation.KAIMING_NORMAL, 5);
      assertArrayEquals(first, model.parameters().values().toDoubles());
      model.parameters().initialise(Initialisation.KAIMING_NORMAL, 6);
      assertTrue(first[0] != model.parameters().values().toDoubles()[0]);

      model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 5);
      model
          .parameters()
          .named()
          .forEach(
              (name, parameter) -> {
                double[] values = parameter.value().toDoubles();
                double bound = 1 / Math.sqrt(parameter.fanIn());
                double largest = 0;
                for (double value : values) {
                  largest = Math.max(largest, Math.abs(value));
                }
                assertTrue(largest <= bound * (1 + 1e-7), name + " leaves its bounds");
                assertTrue(largest >= bound * (1 - 5.0 / values.length), name + " is too small");
                double n = values.length;
                assertEquals(0, moment(values, 1), 5 * bound / Math.sqrt(3 * n), name);
                assertEquals(
                    bound * bound / 3,
                    moment(values, 2),
                    5 * bound * bound * Math.sqrt(4 / 45.0 / n),
                    name);
              });
    }
  }

  private static double moment(double[] values, int power) {
    double sum = 0;
    for (double value : values) {
      sum += Math.pow(value, power);
    }
    return sum / values.length;
  }
}
