package latentrace.tests.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.BackendProvider.ProductMath;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import latentrace.backend.Names;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.DigitsGenerator;
import latentrace.data.DspritesGenerator;
import latentrace.data.InputException;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Noise;
import latentrace.influence.ParameterSelection;
import latentrace.influence.VaeTracIn;
import latentrace.model.Estimator;
import latentrace.model.ModelSpec;
import latentrace.train.Trainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole runs on the device, against the reference. */
class TrainingAndScoringChecks {
  private static final ModelSpec MODEL =
      ModelSpec.mlpVae(List.of(1, 28, 28), 6, 2, Reconstruction.BERNOULLI)
          .withHidden(List.of(48, 24));
  private static final double PARAMETERS_WITHIN = 1e-4;
  private static final double SCORES_WITHIN = 1e-5;
  private static final Options OPTIONS = new Options(1);

  /** 12 MB as floats, and memory that holds all but them. */
  private static final Dataset MANY = DigitsGenerator.digits(4000, 1);

  private static final long LITTLE = 16 << 20;

  @TempDir private Path folder;
  private Options options = OPTIONS;

  private double[] train(String name, TrainingSpec spec) {
    return train(name, spec, name);
  }

  private double[] train(String name, TrainingSpec spec, String where) {
    return train(name, MODEL, DigitsGenerator.digits(120, 1), spec, where);
  }

  private double[] train(
      String name, ModelSpec model, Dataset data, TrainingSpec spec, String where) {
    Path run = folder.resolve(where);
    try (Backend backend = Backends.open(name, options);
        Trainer trainer = new Trainer(backend, model, spec, data, null, run, Listener.SILENT)) {
      assertEquals(Trainer.Outcome.COMPLETED, trainer.run());
      return trainer.model().parameters().values().toDoubles();
    }
  }

  private static void close(String what, double within, double[] expected, double[] actual) {
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      errors += Math.pow(actual[i] - expected[i], 2);
      squares += expected[i] * expected[i];
    }
    double relative = Math.sqrt(errors / squares);
    System.out.printf("%s: relative error %.2e%n", what, relative);
    assertTrue(relative <= within, () -> what + ": relative error " + relative);
  }

  @Test
  void fiftyStepsOfSgd() {
    TrainingSpec spec = TrainingSpec.sgd(1e-3, 20, 50, 1, 5).withMomentum(0.9);
    close("parameters", PARAMETERS_WITHIN, train("ejml", spec), train("cuda", spec));
  }

  @Test
  void twentyStepsOfAdam() {
    TrainingSpec spec = TrainingSpec.adam(1e-3, 20, 20, 1, 5);
    close("parameters", PARAMETERS_WITHIN, train("ejml", spec), train("cuda", spec));
  }

  private static double[] flat(VaeTracIn.Result result) {
    float[][] rows = result.scores().toFloats();
    double[] all = new double[rows.length * rows[0].length];
    for (int t = 0; t < rows.length; t++) {
      for (int i = 0; i < rows[t].length; i++) {
        all[t * rows[t].length + i] = rows[t][i];
      }
    }
    return all;
  }

  private static double[] doubles(float[] values) {
    double[] all = new double[values.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = values[i];
    }
    return all;
  }

  private VaeTracIn.Result scores(
      String name, ModelSpec model, Estimator estimator, Dataset train, Dataset test) {
    List<Checkpoint> checkpoints = Checkpoint.list(folder.resolve("ejml"));
    VaeTracIn.Settings settings =
        new VaeTracIn.Settings(
            4,
            Noise.contract(3),
            estimator,
            ParameterSelection.ALL,
            VaeTracIn.Attribution.AS_TRAINED,
            false,
            16);
    try (Backend backend = Backends.open(name, OPTIONS)) {
      return new VaeTracIn(
              backend,
              model,
              checkpoints,
              CheckpointWeights.uniform(checkpoints.size()),
              settings,
              Listener.SILENT)
          .scoresAndSelfInfluence(train, test);
    }
  }

  @ParameterizedTest
  @EnumSource(Estimator.class)
  void scoresOfATrainedModel(Estimator estimator) {
    train("ejml", TrainingSpec.adam(2e-3, 20, 40, 2, 5));
    agree(MODEL, estimator, DigitsGenerator.digits(30, 1), DigitsGenerator.digits(7, 2));
  }

  private void agree(ModelSpec model, Estimator estimator, Dataset train, Dataset test) {
    try (VaeTracIn.Result expected = scores("ejml", model, estimator, train, test);
        VaeTracIn.Result actual = scores("cuda", model, estimator, train, test)) {
      close("scores", SCORES_WITHIN, flat(expected), flat(actual));
      close(
          "self-influence",
          SCORES_WITHIN,
          doubles(expected.selfInfluence()),
          doubles(actual.selfInfluence()));
      close("losses", SCORES_WITHIN, doubles(expected.losses()), doubles(actual.losses()));
    }
  }

  @Test
  void aConvolutionalVae() {
    ModelSpec model = ModelSpec.convVae(1, 3, 2, Reconstruction.BERNOULLI);
    Dataset data = DspritesGenerator.generate(12, 1);
    TrainingSpec spec = TrainingSpec.adam(1e-3, 6, 4, 1, 5);
    double[] expected = train("ejml", model, data, spec, "ejml");
    double[] actual = train("cuda", model, data, spec, "cuda");
    close("parameters", PARAMETERS_WITHIN, expected, actual);
    assertArrayEquals(actual, train("cuda", model, data, spec, "again"));
    agree(model, Estimator.PATHWISE, data, DspritesGenerator.generate(3, 2));
  }

  /** With batch normalisation, whose running statistics are among what is trained. */
  @Test
  void aDenoisingAutoEncoder() {
    ModelSpec model = ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4);
    Dataset data = DigitsGenerator.digits(60, 1);
    TrainingSpec spec = TrainingSpec.sgd(1e-2, 12, 10, 1, 5).withMomentum(0.9);
    double[] expected = train("ejml", model, data, spec, "ejml");
    close("parameters", PARAMETERS_WITHIN, expected, train("cuda", model, data, spec, "cuda"));
  }

  @Test
  void theSameTwice() {
    TrainingSpec spec = TrainingSpec.adam(1e-3, 20, 5, 1, 5);
    double[] once = train("cuda", spec);
    folder = folder.resolve("again");
    assertArrayEquals(once, train("cuda", spec));
  }

  /** Noise of cuRAND: other parameters than by the contract, the same ones however interrupted. */
  @Test
  void noiseOfCurand() {
    TrainingSpec spec = TrainingSpec.adam(1e-3, 20, 12, 1, 5).withNoise(TrainingSpec.CURAND);
    double[] whole = train("cuda", spec);
    assertFalse(
        Arrays.equals(whole, train("cuda", spec.withNoise(TrainingSpec.CONTRACT), "other")));
    Path interrupted = folder.resolve("interrupted");
    try (Backend backend = Backends.open("cuda", OPTIONS)) {
      Trainer[] trainer = new Trainer[1];
      Listener stopper =
          new Listener() {
            @Override
            public void progressed(long done) {
              if (done == 5) {
                trainer[0].requestStop();
              }
            }
          };
      for (Trainer.Outcome outcome :
          List.of(Trainer.Outcome.INTERRUPTED, Trainer.Outcome.COMPLETED)) {
        trainer[0] =
            new Trainer(
                backend, MODEL, spec, DigitsGenerator.digits(120, 1), null, interrupted, stopper);
        assertEquals(outcome, trainer[0].resume());
        if (outcome == Trainer.Outcome.COMPLETED) {
          assertArrayEquals(whole, trainer[0].model().parameters().values().toDoubles());
        }
        trainer[0].close();
      }
    }
    assertEquals(
        "training noise: backend ejml has no generator curand",
        assertThrows(InputException.class, () -> train("ejml", spec)).getMessage());
    InputException other =
        assertThrows(
            InputException.class,
            () -> {
              try (Backend backend = Backends.open("cuda", OPTIONS)) {
                new Trainer(
                        backend,
                        MODEL,
                        spec.withNoise(TrainingSpec.CONTRACT),
                        DigitsGenerator.digits(120, 1),
                        null,
                        interrupted,
                        Listener.SILENT)
                    .resume();
              }
            });
    assertTrue(
        other
            .getMessage()
            .endsWith("training.noise is \"curand\" there, \"contract\" was asked for"),
        other.getMessage());
  }

  /**
   * What is queued in which order: u for images that arrive on the device, g for a batch that is
   * gathered there, d for a download that waits for results.
   */
  private static String queued(Runnable work) throws IOException {
    Path trace = Path.of(System.getenv(SimulatedDevice.CONTROL) + ".trace");
    Files.createFile(trace);
    try {
      work.run();
      StringBuilder order = new StringBuilder();
      for (String call : Files.readAllLines(trace)) {
        order.append(
            switch (call) {
              case "unit_interval" -> "u";
              case "gather" -> "g";
              case "download" -> "d";
              default -> "";
            });
      }
      return order.toString();
    } finally {
      Files.delete(trace);
    }
  }

  /** The next batch and the next tile are on their way before anybody waits for the last. */
  @Test
  void uploadsRunAhead() throws IOException {
    train("ejml", TrainingSpec.adam(2e-3, 20, 5, 1, 5));
    Backend backend = Backends.open("cuda", OPTIONS);
    List<Checkpoint> checkpoints = Checkpoint.list(folder.resolve("ejml"));
    VaeTracIn tracIn =
        new VaeTracIn(
            backend,
            MODEL,
            checkpoints,
            CheckpointWeights.uniform(1),
            VaeTracIn.Settings.defaults(1).withTile(16),
            Listener.SILENT);
    Dataset test = DigitsGenerator.digits(7, 2);
    String scoring = queued(() -> tracIn.scores(DigitsGenerator.digits(48, 1), test).close());
    assertEquals("u" + "uudud" + "d", scoring);
    backend.close();
    String training = queued(() -> train("cuda", TrainingSpec.sgd(1e-3, 20, 5, 1, 5)));
    assertTrue(training.matches("u+g(gd+){4}d*"), training);
    TrainingSpec other = TrainingSpec.sgd(1e-3, 20, 5, 1, 5);
    double[] gathered = train("cuda", MODEL, MANY, other, "gathered");
    double[][] carried = new double[1][];
    options = OPTIONS.withDeviceMemory(LITTLE); // the data do not fit
    training = queued(() -> carried[0] = train("cuda", MODEL, MANY, other, "carried"));
    assertTrue(training.matches("u(ud+){4}d*"), training);
    assertArrayEquals(gathered, carried[0]);
  }

  /** TF32 rounds factors to ten bits: off by more than single precision is, within 1e-3. */
  @Test
  void productsInTf32() {
    int n = 40;
    Map<ProductMath, double[]> products = new EnumMap<>(ProductMath.class);
    for (ProductMath math : ProductMath.values()) {
      try (Backend backend = Backends.open("cuda", OPTIONS.withMath(math));
          Buffer a = backend.allocate((long) n * n);
          Buffer c = backend.allocate((long) n * n)) {
        assertEquals(Names.id(math), backend.math());
        assertEquals(math == ProductMath.TF32, backend.description().endsWith("products in TF32"));
        float[] values = new float[n * n];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) Math.sin(i);
        }
        a.upload(values);
        backend.dense().gemm(false, true, n, n, n, 1, a, n, a, n, 0, c, n);
        products.put(math, c.toDoubles());
      }
    }
    double[] single = products.get(ProductMath.FP32);
    double[] tensor = products.get(ProductMath.TF32);
    double off = 0;
    double size = 0;
    for (int i = 0; i < n * n; i++) {
      off = Math.max(off, Math.abs(tensor[i] - single[i]));
      size = Math.max(size, Math.abs(single[i]));
    }
    assertTrue(off / size > 1e-5 && off / size < 1e-3, "relative error " + off / size);
    for (String name : List.of("simd", "ejml")) {
      assertEquals(
          "backend %s has no tf32 products: only backend cuda has".formatted(name),
          assertThrows(
                  BackendException.class,
                  () -> Backends.open(name, OPTIONS.withMath(ProductMath.TF32)))
              .getMessage());
    }
  }

  /** The device's own time, and that of copies: more with more of them. */
  @Test
  void deviceTime() {
    try (Backend backend = Backends.open("cuda", OPTIONS);
        Buffer x = backend.allocate(1 << 20)) {
      float[] values = new float[1 << 20];
      Backend.DeviceTime compute = backend.timed(() -> x.fill(1));
      assertTrue(compute.seconds() > 0, compute::toString);
      assertEquals(0, compute.transferSeconds());
      Backend.DeviceTime copies =
          backend.timed(
              () -> {
                x.upload(values);
                x.download(0, values, 0, values.length);
              });
      assertTrue(copies.transferSeconds() > 0, copies::toString);
      assertTrue(copies.seconds() > 0, copies::toString);
      assertEquals(0, backend.timed(() -> x.fill(2)).transferSeconds());
    }
  }
}
