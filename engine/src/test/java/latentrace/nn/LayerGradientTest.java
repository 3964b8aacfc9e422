package latentrace.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import latentrace.backend.Activation;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.backend.Reconstruction;
import latentrace.backend.Upsampling;
import latentrace.nn.Layer.ParameterGradients;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each layer, loss and latent operation against central differences; chains and tapes. */
class LayerGradientTest {
  private final EjmlBackend backend = new EjmlBackend(1);
  private final Random random = new Random(11);

  private Buffer noise(int length) {
    Buffer buffer = backend.allocate(length);
    for (int i = 0; i < length; i++) {
      double value = random.nextGaussian();
      // away from the kinks of ReLU, so that differences see one side
      buffer.upload(new double[] {value + 0.1 * Math.signum(value)}, 0, i, 1);
    }
    return buffer;
  }

  private static double dot(Buffer a, Buffer b) {
    double[] x = a.toDoubles();
    double[] y = b.toDoubles();
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** Gradients of ⟨upstream, output⟩ at the input and every parameter. */
  private void checkChain(String what, Sequential chain) {
    int rows = 3;
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, rows, true)) {
      if (parameters.count() > 0) {
        parameters.values().copyFrom(noise((int) parameters.count()));
      }
      Buffer x = noise(rows * chain.inputSize());
      Buffer upstream = noise(rows * chain.outputSize());
      DoubleSupplier f = () -> dot(upstream, chain.forward(backend, tape, rows, x));
      assertTrue(Double.isFinite(f.getAsDouble()));
      parameters.gradients().fill(Double.NaN);
      tape.outputGradient().copyFrom(upstream);
      chain.backward(backend, tape, true, ParameterGradients.OVERWRITE);
      double[] dX = tape.inputGradient().toDoubles();
      double[] dP = parameters.gradients().toDoubles();

      assertTrue(Double.isFinite(f.getAsDouble()));
      tape.outputGradient().copyFrom(upstream);
      chain.backward(backend, tape, true, ParameterGradients.ACCUMULATE);
      double[] twice = parameters.gradients().toDoubles();
      for (int i = 0; i < dP.length; i++) {
        assertEquals(2 * dP[i], twice[i], 1e-12 * Math.abs(dP[i]) + 1e-15);
      }
      assertTrue(Double.isFinite(f.getAsDouble()));
      tape.outputGradient().copyFrom(upstream);
      chain.backward(backend, tape, false, ParameterGradients.NONE);
      assertArrayEquals(twice, parameters.gradients().toDoubles(), "NONE leaves gradients alone");

      double[] before = parameters.values().toDoubles();
      assertTrue(Double.isFinite(f.getAsDouble()));
      tape.outputGradient().copyFrom(upstream);
      chain.descend(backend, tape, true, 0.25, 0.5);
      assertArrayEquals(dX, tape.inputGradient().toDoubles(), "dX is of before the step");
      double[] after = parameters.values().toDoubles();
      for (int i = 0; i < dP.length; i++) {
        double expected = 0.875 * before[i] - 0.25 * dP[i];
        assertEquals(expected, after[i], 1e-12 * Math.abs(expected) + 1e-15);
      }
      parameters.values().upload(before);

      CentralDifferences.check(what + " dX", CentralDifferences.of(x, f), dX);
      if (dP.length > 0) {
        CentralDifferences.check(
            what + " parameters", CentralDifferences.of(parameters.values(), f), dP);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void linearWithEachActivation(Activation f) {
    checkChain("Linear " + f, new Sequential("a", List.of(new Linear(5, 3, f))));
    checkChain("Linear 1x1 " + f, new Sequential("a", List.of(new Linear(1, 1, f))));
  }

  @ParameterizedTest
  @EnumSource
  void activationLayer(Activation f) {
    checkChain("Activation " + f, new Sequential("a", List.of(new ActivationLayer(f, 7))));
  }

  /** Flatten first, in the middle, twice, last, and between a linear layer and its activation. */
  @Test
  void flattenAnywhere() {
    checkChain(
        "chain",
        new Sequential(
            "a",
            List.of(
                new Flatten(6),
                new Flatten(6),
                new Linear(6, 5),
                new Flatten(5),
                new ActivationLayer(Activation.TANH, 5),
                new Linear(5, 4, Activation.SIGMOID),
                new ActivationLayer(Activation.SOFTPLUS, 4),
                new Linear(4, 2),
                new Flatten(2))));
  }

  @ParameterizedTest
  @EnumSource
  void convolutionsWithEachActivation(Activation f) {
    ConvShape shape = new ConvShape(2, 5, 4, 3, 3, 2, 2, 1, 1, 0);
    checkChain("Conv2d " + f, new Sequential("a", List.of(new Conv2d(shape, f))));
    checkChain("ConvTranspose2d " + f, new Sequential("a", List.of(new ConvTranspose2d(shape, f))));
  }

  @Test
  void poolingAndUpsampling() {
    ConvShape overlapping = ConvShape.window(2, 5, 6, 3, 2, 1);
    checkChain("MaxPool2d", new Sequential("a", List.of(new MaxPool2d(overlapping))));
    checkChain("AvgPool2d", new Sequential("a", List.of(new AvgPool2d(overlapping))));
    checkChain("global", new Sequential("a", List.of(AvgPool2d.global(3, 4, 5))));
    for (Upsampling mode : Upsampling.values()) {
      checkChain("" + mode, new Sequential("a", List.of(new Upsample(mode, 2, 3, 4, 6, 9))));
    }
  }

  @Test
  void normalisation() {
    checkChain("LayerNorm", new Sequential("a", List.of(new LayerNorm(List.of(2, 3, 2)))));
    for (boolean training : new boolean[] {false, true}) {
      Sequential chain = new Sequential("a", List.of(new BatchNorm2d(2, 3, 2)));
      chain.training(training);
      checkChain("BatchNorm2d training=" + training, chain);
    }
  }

  /** Sequences and last states, one step and one unit, and the layers of the auto-encoder. */
  @Test
  void recurrent() {
    for (boolean sequence : new boolean[] {true, false}) {
      for (int[] sizes : new int[][] {{4, 2, 3}, {1, 3, 2}, {3, 1, 1}}) {
        Lstm lstm = new Lstm(sizes[0], sizes[1], sizes[2], sequence);
        checkChain(lstm.describe(), new Sequential("a", List.of(lstm)));
      }
    }
    checkChain("Repeat", new Sequential("a", List.of(new Repeat(3, 4))));
    Linear output = new Linear(2, 3, Activation.TANH);
    checkChain("EachStep", new Sequential("a", List.of(new EachStep(4, output))));
    checkChain(
        "chain",
        new Sequential(
            "a",
            List.of(
                new Lstm(3, 2, 4, true),
                new Lstm(3, 4, 2, false),
                new Repeat(2, 3),
                new Lstm(3, 2, 2, true),
                new EachStep(3, new Linear(2, 2, Activation.SIGMOID)))));
  }

  private static Residual residual(boolean shortcut) {
    int out = shortcut ? 3 : 2;
    ConvShape first = ConvShape.square(2, 4, 3, out, 3, shortcut ? 2 : 1, 1);
    int height = first.outHeight();
    int width = first.outWidth();
    Sequential branch =
        new Sequential(
            "r",
            List.of(
                Conv2d.withoutBias(first),
                new BatchNorm2d(out, height, width),
                new ActivationLayer(Activation.TANH, out * height * width),
                Conv2d.withoutBias(ConvShape.square(out, height, width, out, 3, 1, 1))));
    Sequential other =
        new Sequential(
            "r", Map.of("down", Conv2d.withoutBias(ConvShape.square(2, 4, 3, 3, 1, 2, 0))));
    return new Residual(branch, shortcut ? other : null);
  }

  /** With and without a shortcut of its own, alone and between others, both ways of batch norm. */
  @Test
  void residualBlocks() {
    for (boolean training : new boolean[] {false, true}) {
      for (boolean shortcut : new boolean[] {false, true}) {
        Residual block = residual(shortcut);
        Sequential chain = new Sequential("a", List.of(block));
        chain.training(training);
        checkChain(block.describe() + " training=" + training, chain);
      }
      Sequential chain =
          new Sequential(
              "a",
              List.of(
                  Conv2d.withoutBias(ConvShape.square(1, 4, 3, 2, 3, 1, 1)),
                  residual(false),
                  residual(true),
                  AvgPool2d.global(3, 2, 2)));
      chain.training(training);
      checkChain("residual chain training=" + training, chain);
    }
    Sequential named = new Sequential("a", Map.of("layer1.0", residual(true)));
    try (Parameters parameters = new Parameters(backend, List.of(named))) {
      assertEquals(
          List.of("a.layer1.0.1.running_mean", "a.layer1.0.1.running_var"),
          parameters.state().keySet().stream().filter(name -> name.contains("running")).toList());
    }
    assertEquals(
        "residual: a branch from 24 to 12 features, a shortcut from 24 to 24",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new Residual(
                        new Sequential(
                            "r",
                            List.of(Conv2d.withoutBias(ConvShape.square(2, 4, 3, 3, 1, 2, 0)))),
                        null))
            .getMessage());
  }

  /** Samples of two images each: their rows add up to the batch's gradient. */
  @Test
  void gradientRowsOfResidualBlocksAddUp() {
    Residual block = residual(true);
    Sequential chain = new Sequential("a", List.of(block));
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, 6, false)) {
      int size = (int) parameters.count();
      parameters.values().copyFrom(noise(size));
      Buffer x = noise(6 * chain.inputSize());
      chain.forward(backend, tape, 6, x);
      tape.outputGradient().copyFrom(noise(6 * chain.outputSize()));
      chain.backward(backend, tape, false, ParameterGradients.OVERWRITE);
      Buffer rows = backend.allocate(3L * size);
      rows.fill(Double.NaN);
      boolean[] wanted = new boolean[block.parameters().size()];
      Arrays.fill(wanted, true);
      tape.gradientRows(backend, 0, 0, 3, 2, wanted, rows, size);
      double[] each = rows.toDoubles();
      double[] sum = new double[size];
      for (int k = 0; k < each.length; k++) {
        sum[k % size] += each[k];
      }
      assertArrayEquals(parameters.gradients().toDoubles(), sum, 1e-11);
    }
  }

  /** The kinds of layer of the auto-encoders, small; the first one's input gradient included. */
  @Test
  void imageChain() {
    checkChain(
        "chain",
        new Sequential(
            "a",
            List.of(
                new Conv2d(ConvShape.square(1, 8, 8, 3, 3, 1, 1)),
                new LayerNorm(List.of(3, 8, 8)),
                new ActivationLayer(Activation.TANH, 192),
                new AvgPool2d(ConvShape.window(3, 8, 8, 2, 2, 0)),
                new Flatten(48),
                new Linear(48, 8, Activation.SOFTPLUS),
                new Unflatten(2, 2, 2),
                new ConvTranspose2d(ConvShape.transposed(2, 2, 2, 3, 3, 2, 1, 1)),
                new BatchNorm2d(3, 4, 4),
                new ActivationLayer(Activation.SIGMOID, 48))));
  }

  /** Rows of samples with two images each add up to the batch's gradient, for every layer. */
  @Test
  void gradientRowsAddUp() {
    ConvShape shape = new ConvShape(2, 5, 4, 3, 3, 2, 2, 1, 1, 0);
    for (ParametricLayer layer :
        List.of(
            new Linear(7, 5, Activation.TANH),
            new Conv2d(shape, Activation.SOFTPLUS),
            new ConvTranspose2d(shape, Activation.TANH),
            new EachStep(4, new Linear(3, 2, Activation.TANH)),
            new LayerNorm(List.of(3, 2)),
            new BatchNorm2d(3, 2, 2))) {
      Sequential chain = new Sequential("a", List.of(layer));
      try (Parameters parameters = new Parameters(backend, List.of(chain));
          Tape tape = new Tape(backend, chain, 6, false)) {
        int size = (int) parameters.count();
        parameters.values().copyFrom(noise(size));
        Buffer x = noise(6 * chain.inputSize());
        chain.forward(backend, tape, 6, x);
        tape.outputGradient().copyFrom(noise(6 * chain.outputSize()));
        chain.backward(backend, tape, false, ParameterGradients.OVERWRITE);
        Buffer rows = backend.allocate(3L * size);
        rows.fill(Double.NaN);
        layer.gradientRows(backend, 3, 2, x, tape.delta(0), true, true, rows, size);
        double[] each = rows.toDoubles();
        double[] sum = new double[size];
        for (int k = 0; k < each.length; k++) {
          sum[k % size] += each[k];
        }
        assertArrayEquals(parameters.gradients().toDoubles(), sum, 1e-11, layer.describe());
      }
    }
  }

  @Test
  void batchNormInTrainingHasNoGradientOfASample() {
    BatchNorm2d layer = new BatchNorm2d(3, 2, 2);
    layer.training(true);
    Buffer b = noise(12);
    assertEquals(
        "BatchNorm2d(3): in training a sample has no gradient of its own, because statistics mix"
            + " the batch; switch training off",
        assertThrows(
                IllegalStateException.class,
                () -> layer.gradientRows(backend, 1, 1, b, b, true, true, b, 6))
            .getMessage());
  }

  @Test
  void fusionChangesNothing() {
    for (Activation f : Activation.values()) {
      // a flattening layer in between keeps the activation from being fused
      Sequential fused = new Sequential("a", List.of(new Linear(5, 4), new ActivationLayer(f, 4)));
      Sequential apart =
          new Sequential("a", List.of(new Linear(5, 4), new Flatten(4), new ActivationLayer(f, 4)));
      assertEquals(1, fused.layers().size());
      assertEquals(3, apart.layers().size());
      Buffer x = noise(15);
      Buffer upstream = noise(12);
      Buffer values = noise(24);
      double[][] first = run(fused, x, upstream, values);
      double[][] second = run(apart, x, upstream, values);
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(first[i], second[i], f + " " + i);
      }
    }
  }

  private double[][] run(Sequential chain, Buffer x, Buffer upstream, Buffer values) {
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, 3, true)) {
      parameters.values().copyFrom(values);
      double[] y = chain.forward(backend, tape, 3, x).toDoubles();
      tape.outputGradient().copyFrom(upstream);
      chain.backward(backend, tape, true, ParameterGradients.OVERWRITE);
      return new double[][] {
        y, tape.inputGradient().toDoubles(), parameters.gradients().toDoubles()
      };
    }
  }

  @Test
  void chainErrors() {
    assertEquals(
        "decoder: Linear(3, 4, relu) gives 4 features, Linear(5, 2) takes 5",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new Sequential(
                        "decoder", List.of(new Linear(3, 4, Activation.RELU), new Linear(5, 2))))
            .getMessage());
    assertEquals(
        "encoder: no layers",
        assertThrows(IllegalArgumentException.class, () -> new Sequential("encoder", List.of()))
            .getMessage());
    assertEquals(
        "Linear(0, 2): sizes must be positive",
        assertThrows(IllegalArgumentException.class, () -> new Linear(0, 2)).getMessage());
  }

  @Test
  void tapeErrors() {
    Sequential chain = new Sequential("a", List.of(new Linear(2, 2)));
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, 3, false)) {
      assertEquals(6, parameters.count());
      Buffer x = noise(8);
      assertEquals(
          "tape: 4 rows, its capacity is 3",
          assertThrows(IllegalArgumentException.class, () -> chain.forward(backend, tape, 4, x))
              .getMessage());
      assertThrows(IllegalArgumentException.class, () -> chain.forward(backend, tape, 0, x));
      chain.forward(backend, tape, 2, x);
      assertEquals(2, tape.rows());
      assertSame(x, tape.input(0));
      assertEquals(
          "this tape was made without the gradient at the input",
          assertThrows(
                  IllegalStateException.class,
                  () -> chain.backward(backend, tape, true, ParameterGradients.NONE))
              .getMessage());
    }
  }

  @Test
  void flattenSharesMemory() {
    Sequential chain = new Sequential("a", List.of(new Flatten(2), new Linear(2, 2)));
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, 1, true)) {
      assertEquals(6, parameters.count());
      Buffer x = noise(2);
      chain.forward(backend, tape, 1, x);
      assertSame(x, tape.output(0));
      assertSame(x, tape.input(1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void reconstruction(Reconstruction kind) {
    int rows = 6;
    Buffer output = noise(rows * 5);
    Buffer target = backend.allocate(10);
    for (int i = 0; i < 10; i++) {
      target.upload(new double[] {random.nextDouble()}, 0, i, 1);
    }
    Buffer values = backend.allocate(rows);
    Buffer dOutput = backend.allocate(rows * 5L);
    backend.losses().reconstruction(kind, rows, 3, 5, output, target, values, 0.7, dOutput);
    DoubleSupplier f =
        () -> {
          backend.losses().reconstruction(kind, rows, 3, 5, output, target, values, 9, null);
          return 0.7 * sum(values);
        };
    CentralDifferences.check(
        kind.toString(), CentralDifferences.of(output, f), dOutput.toDoubles());
  }

  @Test
  void crossEntropy() {
    Buffer output = noise(12);
    Buffer labels = backend.allocate(3);
    labels.upload(2, 0, 3);
    Buffer values = backend.allocate(3);
    Buffer dOutput = backend.allocate(12);
    backend.losses().crossEntropy(3, 4, output, labels, values, 0.7, dOutput);
    DoubleSupplier f =
        () -> {
          backend.losses().crossEntropy(3, 4, output, labels, values, 9, null);
          return 0.7 * sum(values);
        };
    CentralDifferences.check("crossEntropy", CentralDifferences.of(output, f), dOutput.toDoubles());
  }

  @Test
  void klAndItsPenalties() {
    for (double capacity : new double[] {Double.NaN, 0, 2, 1000}) {
      Buffer h = noise(3 * 4);
      Buffer kl = backend.allocate(3);
      Buffer penalty = backend.allocate(3);
      Buffer coefficient = backend.allocate(3);
      DoubleSupplier f =
          () -> {
            backend.latents().kl(3, 2, h, kl);
            backend.latents().klPenalty(3, kl, 1.5, capacity, 0.7, penalty, coefficient);
            return 0.7 * sum(penalty);
          };
      assertTrue(Double.isFinite(f.getAsDouble()));
      Buffer dH = backend.allocate(12);
      backend.latents().klBackward(3, 2, h, coefficient, dH);
      CentralDifferences.check(
          "kl, capacity " + capacity, CentralDifferences.of(h, f), dH.toDoubles());
    }
  }

  @Test
  void reparameterization() {
    Buffer h = noise(2 * 6);
    Buffer epsilon = noise(2 * 4 * 3);
    Buffer upstream = noise(2 * 4 * 3);
    Buffer xi = backend.allocate(2 * 4 * 3);
    DoubleSupplier f =
        () -> {
          backend.latents().reparameterize(2, 4, 3, h, epsilon, xi);
          return dot(upstream, xi);
        };
    Buffer dH = backend.allocate(12);
    backend.latents().reparameterizeBackward(2, 4, 3, h, epsilon, upstream, dH);
    CentralDifferences.check("reparameterize", CentralDifferences.of(h, f), dH.toDoubles());
  }

  private static double sum(Buffer buffer) {
    double sum = 0;
    for (double value : buffer.toDoubles()) {
      sum += value;
    }
    return sum;
  }
}
