package latentrace.influence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.influence.LayerProducts.Strategy;
import latentrace.influence.VaeTracIn.Attribution;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pass;
import latentrace.model.Positions;
import latentrace.nn.Initialisation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores against gradients taken one sample at a time, and what must not change them. */
class VaeTracInTest {
  private static final ModelSpec SPEC =
      ModelSpec.mlpVae(List.of(1, 4, 4), 3, 2.5, Reconstruction.BERNOULLI)
          .withHidden(List.of(11, 7));
  private static final Dataset TRAIN = noise("train", 13, 1);
  private static final Dataset TEST = noise("test", 5, 2);
  private static final double[] WEIGHTS = {0.75, 1.5};

  @TempDir private Path folder;
  private Backend backend;
  private List<Checkpoint> checkpoints;

  @BeforeEach
  void open() {
    backend = Backends.open("ejml", new Options(1));
    checkpoints = checkpoints(SPEC);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private List<Checkpoint> checkpoints(ModelSpec spec) {
    List<Checkpoint> saved = new ArrayList<>();
    for (int c = 0; c < 2; c++) {
      try (Model model = Model.create(backend, spec)) {
        model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 10 + c);
        saved.add(Checkpoint.save(model, folder.resolve(spec.model()), 100L * (c + 1)));
      }
    }
    return saved;
  }

  private static Dataset noise(String name, int count, int seed) {
    PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, 0);
    float[] values = new float[count * 16];
    int[] labels = new int[count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    Arrays.setAll(labels, i -> i % 3);
    return Dataset.ofFloats(name, new int[] {1, 4, 4}, values, labels);
  }

  private static Settings settings(Estimator estimator, String parameters, boolean independent) {
    return new Settings(
        6,
        Noise.contract(0x1234_5678_9abcL),
        estimator,
        ParameterSelection.parse(parameters),
        Attribution.AS_TRAINED,
        independent,
        4);
  }

  private VaeTracIn tracIn(Settings settings, Strategy strategy) {
    return new VaeTracIn(backend, SPEC, checkpoints, WEIGHTS, settings, strategy, Listener.SILENT);
  }

  /** ḡ of one sample the plain way: a batch of one, its parameters' gradients. */
  private double[] gradient(Model model, Dataset data, int i, int role, int c, Settings s) {
    try (Pass pass = model.newPass(1, model.noiseSize() == 0 ? 1 : s.draws())) {
      pass.load(data, Positions.upTo(data.count()), i, 1);
      s.noise().fill(pass, Philox.stream(role, c), c);
      pass.run(
          s.attribution().at(model.spec(), checkpoints.get(c).iteration()),
          s.estimator(),
          1,
          Pass.Wanted.GRADIENTS);
      return model.parameters().gradients().toDoubles();
    }
  }

  private static double dot(Model model, double[] a, double[] b, String parameters) {
    double sum = 0;
    for (var part : model.parts()) {
      var names =
          model.parameters().named().keySet().stream()
              .filter(name -> name.startsWith(part.name() + "."))
              .toList();
      for (int k = 0; k < names.size(); k++) {
        boolean counts =
            switch (parameters) {
              case "all" -> true;
              case "last:1" -> k >= names.size() - 1;
              case "last:3" -> k >= names.size() - 3;
              default -> parameters.equals(part.name());
            };
        var parameter = model.parameters().named().get(names.get(k));
        for (int e = 0; counts && e < parameter.size(); e++) {
          int at = (int) parameter.offset() + e;
          sum += a[at] * b[at];
        }
      }
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "encoder", "decoder", "last:1", "last:3"})
  void scoresAreInnerProductsOfPerSampleGradients(String parameters) {
    for (Estimator estimator : Estimator.values()) {
      Settings s = settings(estimator, parameters, true);
      double[][] expected = new double[TEST.count()][TRAIN.count()];
      double[] expectedSelf = new double[TRAIN.count()];
      try (Model model = Model.create(backend, SPEC)) {
        for (int c = 0; c < 2; c++) {
          checkpoints.get(c).load(model);
          for (int i = 0; i < TRAIN.count(); i++) {
            double[] g = gradient(model, TRAIN, i, Philox.ROLE_TRAIN_SIDE, c, s);
            double[] other = gradient(model, TRAIN, i, Philox.ROLE_TEST_SIDE, c, s);
            expectedSelf[i] += WEIGHTS[c] * dot(model, g, other, parameters);
            for (int t = 0; t < TEST.count(); t++) {
              double[] z = gradient(model, TEST, t, Philox.ROLE_TEST_SIDE, c, s);
              expected[t][i] += WEIGHTS[c] * dot(model, g, z, parameters);
            }
          }
        }
      }
      for (Strategy strategy : Strategy.values()) {
        try (var result = tracIn(s, strategy).scoresAndSelfInfluence(TRAIN, TEST)) {
          float[][] scores = result.scores().toFloats();
          double scale = Arrays.stream(expected[0]).map(Math::abs).max().orElseThrow();
          for (int t = 0; t < TEST.count(); t++) {
            for (int i = 0; i < TRAIN.count(); i++) {
              assertClose(expected[t][i], scores[t][i], scale, strategy + " " + t + "," + i);
            }
          }
          for (int i = 0; i < TRAIN.count(); i++) {
            assertClose(expectedSelf[i], result.selfInfluence()[i], scale, strategy + " self " + i);
          }
        }
      }
    }
  }

  /** Layers with four tensors, whole or in part, and with gradients summed over steps. */
  @ParameterizedTest
  @ValueSource(strings = {"all", "decoder", "last:3"})
  void recurrentLayers(String parameters) {
    ModelSpec spec = ModelSpec.recurrent(List.of(8, 2), 3);
    checkpoints = checkpoints(spec);
    Settings s = settings(Estimator.PATHWISE, parameters, false);
    for (Strategy strategy : Strategy.values()) {
      VaeTracIn tracIn =
          new VaeTracIn(backend, spec, checkpoints, WEIGHTS, s, strategy, Listener.SILENT);
      try (Model model = Model.create(backend, spec);
          var result = tracIn.scoresAndSelfInfluence(TRAIN, TEST)) {
        float[][] scores = result.scores().toFloats();
        for (int i : new int[] {0, 7, 12}) {
          double score = 0;
          double self = 0;
          for (int c = 0; c < 2; c++) {
            checkpoints.get(c).load(model);
            double[] g = gradient(model, TRAIN, i, Philox.ROLE_TRAIN_SIDE, c, s);
            double[] z = gradient(model, TEST, 3, Philox.ROLE_TEST_SIDE, c, s);
            score += WEIGHTS[c] * dot(model, g, z, parameters);
            self += WEIGHTS[c] * dot(model, g, g, parameters);
          }
          assertClose(score, scores[3][i], Math.abs(self), strategy + " score " + i);
          assertClose(self, result.selfInfluence()[i], Math.abs(self), strategy + " self " + i);
        }
      }
    }
  }

  private static void assertClose(double expected, double actual, double scale, String what) {
    double error = Math.abs(expected - actual);
    assertTrue(error <= 1e-6 * (Math.abs(expected) + scale), what + ": " + expected + " " + actual);
  }

  @Test
  void sharedNoiseGivesSquaredNorms() {
    Settings s = settings(Estimator.PATHWISE, "all", false);
    try (Model model = Model.create(backend, SPEC);
        var result = tracIn(s, Strategy.AUTO).selfInfluence(TRAIN)) {
      double expected = 0;
      for (int c = 0; c < 2; c++) {
        checkpoints.get(c).load(model);
        double[] g = gradient(model, TRAIN, 7, Philox.ROLE_TRAIN_SIDE, c, s);
        expected += WEIGHTS[c] * Arrays.stream(g).map(v -> v * v).sum();
      }
      assertEquals(expected, result.selfInfluence()[7], 1e-6 * expected);
    }
  }

  @Test
  void lossesAreMeansOverDrawsAtTheLastCheckpoint() {
    Settings s = settings(Estimator.PATHWISE, "all", false);
    try (Model model = Model.create(backend, SPEC);
        Pass pass = model.newPass(TRAIN.count(), s.draws());
        var result = tracIn(s, Strategy.AUTO).selfInfluence(TRAIN)) {
      checkpoints.get(1).load(model);
      pass.load(TRAIN, Positions.upTo(TRAIN.count()), 0, TRAIN.count());
      pass.contractNoise(0x1234_5678_9abcL, Philox.stream(Philox.ROLE_TRAIN_SIDE, 1));
      pass.run(SPEC.objectiveAt(200), Estimator.PATHWISE, 1, Pass.Wanted.LOSSES);
      double[] losses = new double[TRAIN.count()];
      pass.losses(losses);
      for (int i = 0; i < losses.length; i++) {
        assertEquals((float) losses[i], result.losses()[i]);
      }
    }
  }

  @Test
  void tileSizeThreadsAndOrderChangeNoBit() {
    Settings s = settings(Estimator.PATHWISE, "all", false);
    float[][] expected;
    float[] expectedSelf;
    try (var result = tracIn(s, Strategy.AUTO).scoresAndSelfInfluence(TRAIN, TEST)) {
      expected = result.scores().toFloats();
      expectedSelf = result.selfInfluence();
    }
    for (int tile : new int[] {1, 3, 13, 100}) {
      try (var result =
          tracIn(s.withTile(tile), Strategy.AUTO).scoresAndSelfInfluence(TRAIN, TEST)) {
        assertArrayEquals(expected, result.scores().toFloats(), "tile " + tile);
        assertArrayEquals(expectedSelf, result.selfInfluence(), "tile " + tile);
      }
    }
    int[] backwards = new int[TRAIN.count()];
    Arrays.setAll(backwards, i -> backwards.length - 1 - i);
    try (Backend threaded = Backends.open("ejml", new Options(2));
        var result =
            new VaeTracIn(threaded, SPEC, checkpoints, WEIGHTS, s, Listener.SILENT)
                .scoresAndSelfInfluence(TRAIN.select(backwards), TEST)) {
      float[][] scores = result.scores().toFloats();
      for (int i = 0; i < backwards.length; i++) {
        assertEquals(expectedSelf[i], result.selfInfluence()[backwards[i]]);
        for (int t = 0; t < TEST.count(); t++) {
          assertEquals(expected[t][i], scores[t][backwards[i]]);
        }
      }
    }
    try (var result = tracIn(s, Strategy.AUTO).scores(TRAIN.range(4, 6), TEST.range(2, 2))) {
      assertEquals(expected[3][8], result.scores().toFloats()[1][4], "a range keeps its indices");
    }
  }

  @Test
  void noiseMatters() {
    Settings s = settings(Estimator.PATHWISE, "all", false);
    Settings zeros =
        new Settings(
            9, Noise.mean(), s.estimator(), s.parameters(), s.attribution(), false, s.tile());
    Settings given =
        new Settings(
            9,
            Noise.given("zeros.npy", new int[] {1, 3}, new float[3]),
            s.estimator(),
            s.parameters(),
            s.attribution(),
            false,
            s.tile());
    float[] contract = tracIn(s, Strategy.AUTO).selfInfluence(TRAIN).selfInfluence();
    float[] mean = tracIn(zeros, Strategy.AUTO).selfInfluence(TRAIN).selfInfluence();
    float[] fromFile = tracIn(given, Strategy.AUTO).selfInfluence(TRAIN).selfInfluence();
    assertArrayEquals(mean, fromFile);
    assertNotEquals(contract[0], mean[0]);
  }

  @Test
  void attributionLossMayDifferFromTheOneTrainedWith() {
    ModelSpec gaussian =
        ModelSpec.mlpVae(List.of(1, 4, 4), 3, 1, Reconstruction.GAUSSIAN)
            .withHidden(List.of(11, 7));
    Settings s = settings(Estimator.PATHWISE, "all", false);
    Settings changed =
        new Settings(
            s.draws(),
            s.noise(),
            s.estimator(),
            s.parameters(),
            new Attribution(Reconstruction.GAUSSIAN, 1.0, 0.5),
            false,
            s.tile());
    float[] asGaussian = tracIn(changed, Strategy.AUTO).selfInfluence(TRAIN).selfInfluence();
    float[] expected =
        new VaeTracIn(backend, gaussian, checkpoints, WEIGHTS, s, Listener.SILENT)
            .selfInfluence(TRAIN)
            .selfInfluence();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(0.25 * expected[i], asGaussian[i], 1e-6 * expected[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {ModelSpec.MLP_AUTOENCODER, ModelSpec.MLP_CLASSIFIER})
  void modelsWithoutNoiseAreScoredByTracIn(String kind) {
    ModelSpec spec =
        new ModelSpec(
            kind,
            SPEC.sampleShape(),
            SPEC.hidden(),
            3,
            kind.equals(ModelSpec.MLP_CLASSIFIER) ? 3 : 0,
            SPEC.activation(),
            SPEC.outputActivation(),
            SPEC.reconstruction(),
            "H",
            0,
            0,
            0,
            0,
            1);
    checkpoints = checkpoints(spec);
    Settings s = settings(Estimator.PATHWISE, "all", false);
    VaeTracIn tracIn = new VaeTracIn(backend, spec, checkpoints, WEIGHTS, s, Listener.SILENT);
    try (Model model = Model.create(backend, spec);
        var result = tracIn.scores(TRAIN, TEST)) {
      double expected = 0;
      for (int c = 0; c < 2; c++) {
        checkpoints.get(c).load(model);
        expected +=
            WEIGHTS[c]
                * dot(
                    model,
                    gradient(model, TRAIN, 9, Philox.ROLE_TRAIN_SIDE, c, s),
                    gradient(model, TEST, 2, Philox.ROLE_TEST_SIDE, c, s),
                    "all");
      }
      assertEquals(expected, result.scores().toFloats()[2][9], 1e-6 * Math.abs(expected) + 1e-9);
    }
  }

  @Test
  void ghostIsChosenWhereItIsCheaper() {
    // encoder, rank 1: two products of 47 numbers against one of 510, and fewer bytes too; decoder,
    // 16 draws: two times 256 Gram entries against a row of 120
    ModelSpec narrow = SPEC.withHidden(List.of(30));
    try (Model model = Model.create(backend, narrow)) {
      List<LayerProducts> layers =
          LayerProducts.of(model, 16, ParameterSelection.ALL, Strategy.AUTO);
      assertEquals(4, layers.size());
      assertEquals(0, layers.get(0).testColumns(), "16 -> 30, rank 1: ghost");
      assertEquals(3 * 30 + 30, layers.get(2).testColumns(), "3 -> 30, rank 16: rows");
    }
  }

  /** As many tests as fit are planned for, not as many as there are. */
  @Test
  void moreTestsThanCanBeCounted() {
    ModelSpec wide = SPEC.withHidden(List.of(2000));
    VaeTracIn.Plan plan =
        new VaeTracIn(
                backend,
                wide,
                checkpoints,
                WEIGHTS,
                Settings.defaults(7).withDraws(1000),
                Listener.SILENT)
            .plan(TRAIN, noise("many", 3000, 3), true);
    assertTrue(plan.testTile() >= 1 && plan.testTile() < 3000, plan.describe());
    assertTrue(plan.bytes() <= plan.budget(), plan.describe());
  }

  @Test
  void weightsBySgdAreThePublishedCodes() {
    assertArrayEquals(
        new double[] {1e-4 * 64 * 100 / 60000, 1e-4 * 64 * 100 / 60000},
        CheckpointWeights.sgd(checkpoints, TrainingSpec.sgd(1e-4, 64, 200, 2, 0), 60000),
        1e-18);
  }

  @Test
  void badSettingsAreNamed() {
    assertEquals(
        "parameters: found 'last:0', expected all, encoder, decoder or last:K",
        assertThrows(IllegalArgumentException.class, () -> ParameterSelection.parse("last:0"))
            .getMessage());
    assertEquals(
        "weights: found 3 in '1,2,3', expected a finite number for each of 2 checkpoints",
        assertThrows(IllegalArgumentException.class, () -> CheckpointWeights.parse("1,2,3", 2))
            .getMessage());
  }

  @Test
  void aMappedMatrixHoldsWhatOneInTheHeapHolds() {
    try (ScoreMatrix heap = new ScoreMatrix(3, 7, false);
        ScoreMatrix mapped = new ScoreMatrix(3, 7, true)) {
      for (ScoreMatrix matrix : List.of(heap, mapped)) {
        matrix.add(1, 2, new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
        matrix.add(2, 4, new double[] {10}, 1, 1);
      }
      assertArrayEquals(heap.toFloats(), mapped.toFloats());
      assertArrayEquals(new float[] {0, 0, 4, 5, 16, 0, 0}, mapped.toFloats()[2]);
    }
  }
}
