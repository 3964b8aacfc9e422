package latentrace.workload;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.backend.KlWeights;
import latentrace.backend.Names;
import latentrace.backend.Reconstruction;
import latentrace.backend.Upsampling;

/**
 * Every operation of a backend on random single-precision numbers, once: to be compared with the
 * same on the reference. Sizes are odd, so that incomplete vectors, blocks and tiles are met.
 */
public final class OperationCheck {
  /** How far from the reference a single-precision operation may be, as a whole. */
  public static final double LIMIT = 1e-5;

  private static final int ROWS = 67;
  private static final int IN = 129;
  private static final int OUT = 33;
  private static final int DRAWS = 3;
  private static final int LATENT = 7;
  private static final long LENGTH = 100_003;

  private final Backend backend;
  private final Random random = new Random(1);
  private final Map<String, double[]> outcomes = new LinkedHashMap<>();

  private OperationCheck(Backend backend) {
    this.backend = backend;
  }

  /** What each operation computes, by its name, in a fixed order. */
  public static Map<String, double[]> run(Backend backend) {
    OperationCheck check = new OperationCheck(backend);
    check.copies();
    check.dense();
    check.activations();
    check.losses();
    check.latents();
    check.optimizers();
    check.gradients();
    check.convolutions();
    check.pooling();
    check.norms();
    check.recurrent();
    check.noise();
    return check.outcomes;
  }

  private Buffer noise(long length) {
    float[] values = new float[(int) length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Buffer buffer = backend.allocate(length);
    buffer.upload(values);
    return buffer;
  }

  private Buffer positive(long length) {
    Buffer buffer = noise(length);
    double[] values = buffer.toDoubles();
    Arrays.setAll(values, i -> Math.abs(values[i]));
    buffer.upload(values);
    return buffer;
  }

  /** Runs an operation that writes to {@code outputs}, which are then read and closed. */
  private void record(String name, Consumer<Buffer[]> operation, Buffer... outputs) {
    operation.accept(outputs);
    double[] all = new double[0];
    for (Buffer output : outputs) {
      double[] values = output.toDoubles();
      int before = all.length;
      all = Arrays.copyOf(all, before + values.length);
      System.arraycopy(values, 0, all, before, values.length);
      output.close();
    }
    outcomes.put(name, all);
  }

  private void copies() {
    try (Buffer source = noise(LENGTH)) {
      record("copy", y -> y[0].copyFrom(source), backend.allocate(LENGTH));
      byte[] bytes = new byte[(int) LENGTH];
      random.nextBytes(bytes);
      record(
          "upload of bytes", y -> y[0].upload(bytes, 0, 0, bytes.length), backend.allocate(LENGTH));
      int[] rows = random.ints(1000, 0, (int) LENGTH / 33).toArray();
      record("gather", y -> y[0].gather(source, 33, rows, 7, 900), backend.allocate(900 * 33));
      record("fill", y -> y[0].slice(3, 50_000).fill(2.5), noise(LENGTH));
    }
  }

  private void dense() {
    try (Buffer x = noise(ROWS * IN);
        Buffer weight = noise(OUT * IN);
        Buffer bias = noise(OUT);
        Buffer delta = noise(ROWS * OUT)) {
      record(
          "gemm",
          y -> backend.dense().gemm(false, true, ROWS, OUT, IN, 2, x, IN, weight, IN, 1, y[0], OUT),
          noise(ROWS * OUT));
      record(
          "gemm batched",
          y ->
              backend
                  .dense()
                  .gemmStridedBatched(
                      true,
                      false,
                      OUT,
                      IN,
                      1,
                      1,
                      delta,
                      OUT,
                      OUT,
                      x,
                      IN,
                      IN,
                      0,
                      y[0],
                      IN,
                      (long) OUT * IN,
                      ROWS),
          backend.allocate((long) ROWS * OUT * IN));
      record(
          "linear forward",
          y -> backend.dense().linearForward(ROWS, IN, OUT, x, weight, bias, Activation.TANH, y[0]),
          backend.allocate(ROWS * OUT));
      record(
          "linear backward, input",
          y -> backend.dense().linearBackwardInput(ROWS, IN, OUT, delta, weight, y[0]),
          backend.allocate(ROWS * IN));
      record(
          "linear backward, parameters",
          y ->
              backend
                  .dense()
                  .linearBackwardParameters(ROWS, IN, OUT, -0.5, x, delta, 0.75, y[0], y[1]),
          noise(OUT * IN),
          noise(OUT));
    }
  }

  private void activations() {
    for (Activation activation : Activation.values()) {
      try (Buffer x = noise(LENGTH);
          Buffer dY = noise(LENGTH)) {
        record(
            Names.id(activation),
            y -> {
              backend.activations().forward(activation, LENGTH, x, y[0]);
              backend.activations().backward(activation, LENGTH, y[0], dY, y[1]);
            },
            backend.allocate(LENGTH),
            backend.allocate(LENGTH));
      }
    }
    try (Buffer a = noise(LENGTH);
        Buffer b = noise(LENGTH)) {
      record(
          "residual sum",
          y -> backend.activations().add(Activation.RELU, LENGTH, a, b, y[0]),
          backend.allocate(LENGTH));
    }
  }

  private void losses() {
    int rows = ROWS * DRAWS;
    try (Buffer output = noise((long) rows * IN);
        Buffer target = positive(ROWS * IN);
        Buffer labels = backend.allocate(rows)) {
      for (Reconstruction kind : Reconstruction.values()) {
        record(
            Names.id(kind),
            y ->
                backend
                    .losses()
                    .reconstruction(kind, rows, DRAWS, IN, output, target, y[0], 0.5, y[1]),
            backend.allocate(rows),
            backend.allocate((long) rows * IN));
      }
      float[] classes = new float[rows];
      for (int r = 0; r < rows; r++) {
        classes[r] = r % IN;
      }
      labels.upload(classes);
      record(
          "NT-Xent",
          y -> backend.losses().contrastive(ROWS, IN, 0.5, output, y[0], 0.5, y[1]),
          backend.allocate(ROWS),
          backend.allocate(2L * ROWS * IN));
      record(
          "cross-entropy",
          y -> backend.losses().crossEntropy(rows, IN, output, labels, y[0], 0.5, y[1]),
          backend.allocate(rows),
          backend.allocate((long) rows * IN));
    }
  }

  private void latents() {
    int rows = ROWS * DRAWS;
    try (Buffer h = noise(2 * ROWS * LATENT);
        Buffer epsilon = noise((long) rows * LATENT);
        Buffer dXi = noise((long) rows * LATENT);
        Buffer rec = positive(rows);
        Buffer factor = noise(ROWS)) {
      record(
          "reparameterisation",
          y -> {
            backend.latents().reparameterize(ROWS, DRAWS, LATENT, h, epsilon, y[0]);
            backend.latents().reparameterizeBackward(ROWS, DRAWS, LATENT, h, epsilon, dXi, y[1]);
          },
          backend.allocate((long) rows * LATENT),
          backend.allocate(2 * ROWS * LATENT));
      record(
          "score function",
          y ->
              backend
                  .latents()
                  .scoreFunctionBackward(ROWS, DRAWS, LATENT, h, epsilon, dXi, rec, 2, 0.5, y[0]),
          backend.allocate(2 * ROWS * LATENT));
      record(
          "total correlation",
          y -> {
            KlWeights weights = new KlWeights(1, 5, 1);
            backend.latents().totalCorrelation(ROWS, LATENT, h, dXi, weights, y[0]);
            backend.latents().totalCorrelationBackward(ROWS, LATENT, h, dXi, weights, 0.5, y[1]);
          },
          backend.allocate(ROWS),
          noise(2 * ROWS * LATENT));
      record(
          "KL",
          y -> {
            backend.latents().kl(ROWS, LATENT, h, y[0]);
            backend.latents().klPenalty(ROWS, y[0], 2, 1.5, 0.5, y[1], y[2]);
            backend.latents().klBackward(ROWS, LATENT, h, factor, y[3]);
          },
          backend.allocate(ROWS),
          backend.allocate(ROWS),
          backend.allocate(ROWS),
          noise(2 * ROWS * LATENT));
    }
  }

  private void optimizers() {
    try (Buffer gradients = noise(LENGTH)) {
      record(
          "SGD",
          y -> backend.optimizers().sgd(LENGTH, y[0], gradients, y[1], 0.1, 0.9, true, 0.01),
          noise(LENGTH),
          noise(LENGTH));
      record(
          "Adam",
          y ->
              backend
                  .optimizers()
                  .adam(LENGTH, 3, y[0], gradients, y[1], y[2], 0.1, 0.9, 0.999, 1e-8, 0.01),
          noise(LENGTH),
          noise(LENGTH),
          positive(LENGTH));
    }
  }

  private void gradients() {
    int rows = ROWS * DRAWS;
    int columns = OUT * IN + OUT;
    try (Buffer a = noise((long) rows * IN);
        Buffer delta = noise((long) rows * OUT);
        Buffer other = noise((long) rows * OUT)) {
      record(
          "materialised gradients and row products",
          y -> {
            backend
                .gradients()
                .materialize(ROWS, DRAWS, IN, OUT, a, delta, true, true, y[0], columns);
            backend.gradients().rowDots(ROWS, columns, y[0], y[0], columns, 0.5, y[1]);
          },
          backend.allocate((long) ROWS * columns),
          noise(ROWS));
      record(
          "ghost products",
          y ->
              backend
                  .gradients()
                  .ghostProducts(
                      ROWS, DRAWS, ROWS, DRAWS, IN, OUT, a, delta, a, other, true, true, 0.5, y[0],
                      ROWS),
          noise(ROWS * ROWS));
      record(
          "ghost diagonal",
          y ->
              backend
                  .gradients()
                  .ghostDiagonal(ROWS, DRAWS, IN, OUT, a, delta, a, other, true, true, 0.5, y[0]),
          noise(ROWS));
    }
  }

  /** Both tiles of a product, strides, a kernel that no size is a multiple of. */
  private void convolutions() {
    for (int channels : new int[] {3, OUT + 2}) {
      ConvShape shape = new ConvShape(channels, 13, 11, 38 - channels, 4, 3, 2, 1, 1, 2);
      int images = 4 * DRAWS;
      int columns = shape.weightSize() + shape.outChannels();
      String of = " of %d channels".formatted(channels);
      try (Buffer x = noise((long) images * shape.inputSize());
          Buffer weight = noise(shape.weightSize());
          Buffer outBias = noise(shape.outChannels());
          Buffer inBias = noise(shape.channels());
          Buffer delta = noise((long) images * shape.outputSize())) {
        record(
            "convolution" + of,
            y ->
                backend
                    .convolutions()
                    .conv2dForward(shape, images, x, weight, outBias, Activation.RELU, y[0]),
            backend.allocate((long) images * shape.outputSize()));
        record(
            "transposed convolution" + of,
            y ->
                backend
                    .convolutions()
                    .convTranspose2dForward(
                        shape, images, delta, weight, inBias, Activation.SIGMOID, y[0]),
            backend.allocate((long) images * shape.inputSize()));
        record(
            "convolution backward" + of,
            y ->
                backend
                    .convolutions()
                    .conv2dBackwardParameters(shape, images, x, delta, y[0], y[1], true),
            noise(shape.weightSize()),
            noise(shape.outChannels()));
        record(
            "gradients of a convolution by sample" + of,
            y ->
                backend
                    .convolutions()
                    .conv2dGradientRows(shape, 4, DRAWS, x, delta, true, true, y[0], columns),
            backend.allocate(4L * columns));
      }
    }
  }

  private void pooling() {
    int planes = 5 * OUT;
    ConvShape window = ConvShape.window(OUT, 13, 11, 3, 2, 1);
    long inputs = 5L * window.inputSize();
    long outputs = 5L * window.outputSize();
    try (Buffer x = noise(inputs);
        Buffer dY = noise(outputs);
        Buffer dUp = noise(planes * 27L * 22)) {
      record(
          "maximum pool",
          y -> {
            backend.pooling().maxPoolForward(window, 5, x, y[0]);
            backend.pooling().maxPoolBackward(window, 5, x, dY, y[1]);
          },
          backend.allocate(outputs),
          backend.allocate(inputs));
      record(
          "average pool",
          y -> {
            backend.pooling().averagePoolForward(window, 5, x, y[0]);
            backend.pooling().averagePoolBackward(window, 5, dY, y[1]);
          },
          backend.allocate(outputs),
          backend.allocate(inputs));
      for (Upsampling mode : Upsampling.values()) {
        record(
            Names.id(mode) + " upsampling",
            y -> {
              backend.pooling().upsampleForward(mode, planes, 13, 11, 27, 22, x, y[0]);
              backend.pooling().upsampleBackward(mode, planes, 13, 11, 27, 22, dUp, y[1]);
            },
            backend.allocate(planes * 27L * 22),
            backend.allocate(inputs));
      }
    }
  }

  private void norms() {
    int rows = ROWS * DRAWS;
    long size = (long) rows * IN;
    double eps = 1e-5;
    try (Buffer x = noise(size);
        Buffer dY = noise(size);
        Buffer weight = noise(IN);
        Buffer bias = noise(IN)) {
      record(
          "batch normalisation",
          y -> {
            backend
                .norms()
                .batchNormForward(
                    true, ROWS, IN, DRAWS, eps, 0.1, x, weight, bias, y[0], y[1], y[2]);
            backend
                .norms()
                .batchNormBackwardInput(
                    true, ROWS, IN, DRAWS, eps, x, weight, y[0], y[1], dY, y[3]);
            backend
                .norms()
                .batchNormBackwardParameters(
                    true, ROWS, IN, DRAWS, eps, x, y[0], y[1], dY, y[4], y[5], true);
          },
          noise(IN),
          positive(IN),
          backend.allocate(size),
          backend.allocate(size),
          noise(IN),
          noise(IN));
      record(
          "layer normalisation",
          y -> {
            backend.norms().layerNormForward(rows, IN, eps, x, weight, bias, y[0]);
            backend.norms().layerNormBackwardInput(rows, IN, eps, x, weight, dY, y[1]);
            backend.norms().layerNormBackwardParameters(rows, IN, eps, x, dY, y[2], y[3], true);
          },
          backend.allocate(size),
          backend.allocate(size),
          noise(IN),
          noise(IN));
      record(
          "gradients of normalisations by sample",
          y -> {
            backend
                .norms()
                .batchNormGradientRows(
                    ROWS, DRAWS, IN, 1, eps, x, y[0], y[1], dY, true, true, y[2], 2 * IN);
            backend
                .norms()
                .layerNormGradientRows(ROWS, DRAWS, IN, eps, x, dY, true, true, y[3], 2 * IN);
          },
          noise(IN),
          positive(IN),
          backend.allocate(2L * ROWS * IN),
          backend.allocate(2L * ROWS * IN));
    }
  }

  /** Step 2 of 3 of every sequence. */
  private void recurrent() {
    int gates = 4 * OUT;
    try (Buffer bias = noise(gates);
        Buffer dH = noise(ROWS * 3L * OUT)) {
      record(
          "LSTM cell",
          y -> {
            Buffer z = y[0].slice(gates);
            Buffer before = y[1];
            Buffer cell = y[1].slice(OUT);
            int apart = 3 * OUT;
            int gatesApart = 3 * gates;
            backend
                .recurrent()
                .lstmCellForward(
                    ROWS, OUT, z, gatesApart, bias, before, cell, apart, y[2], OUT, y[3], apart);
            backend
                .recurrent()
                .lstmCellBackward(
                    ROWS, OUT, z, y[4], gatesApart, before, cell, apart, dH, apart, y[5]);
          },
          noise(ROWS * 3L * gates),
          noise(ROWS * 3L * OUT),
          backend.allocate((long) ROWS * OUT),
          noise(ROWS * 3L * OUT),
          noise(ROWS * 3L * gates),
          noise((long) ROWS * OUT));
    }
  }

  private void noise() {
    int[] samples = new int[ROWS];
    Arrays.setAll(samples, i -> 1000 * i);
    record(
        "noise",
        y -> backend.random().normals(7, 2, samples, ROWS, DRAWS, LATENT, y[0]),
        backend.allocate((long) ROWS * DRAWS * LATENT));
    record(
        "mask",
        y -> backend.random().mask(7, 2, samples, ROWS, IN, 0.2, y[0], y[0]),
        noise(ROWS * IN));
  }
}
