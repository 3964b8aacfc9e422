package latentrace.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import latentrace.Listener;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.Json;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.nn.Initialisation;
import latentrace.reference.EjmlBackend;
import latentrace.train.Trainer.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerTest {
  private static final ModelSpec MODEL =
      ModelSpec.mlpVae(List.of(6), 2, 0.5, Reconstruction.BERNOULLI).withHidden(List.of(8));

  private final EjmlBackend backend = new EjmlBackend(1);

  @TempDir private Path folder;

  /** Two clusters of noisy prototypes. */
  private static Dataset clusters(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count * 6];
    for (int i = 0; i < values.length; i++) {
      boolean on = (i / 6 % 2 == 0) == (i % 6 < 3);
      values[i] = (on ? 0.9f : 0.1f) + 0.05f * (random.nextFloat() - 0.5f);
    }
    return Dataset.ofFloats("clusters", new int[] {6}, values, null);
  }

  private static TrainingSpec spec(
      String optimizer, double lr, double momentum, long iterations, int patience) {
    return new TrainingSpec(
        optimizer,
        lr,
        "cosine",
        momentum,
        false,
        1e-4,
        0.9,
        0.99,
        1e-8,
        8,
        iterations,
        4,
        0x500000007L,
        TrainingSpec.CONTRACT,
        Initialisation.KAIMING_NORMAL,
        true,
        optimizer.equals("sgd"), // drop-last once so, once so
        patience,
        patience > 0 ? 5 : 25);
  }

  private Trainer trainer(TrainingSpec spec, Path target, Listener listener) {
    return new Trainer(backend, MODEL, spec, clusters(29, 1), clusters(13, 2), target, listener);
  }

  private Outcome run(TrainingSpec spec, Path target) {
    try (Trainer trainer = trainer(spec, target, Listener.SILENT)) {
      return trainer.run();
    }
  }

  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> list = Files.list(folder)) {
      for (Path file : list.toList()) {
        files.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void assertSameFiles(Path first, Path second) throws IOException {
    Map<String, byte[]> a = files(first);
    Map<String, byte[]> b = files(second);
    assertEquals(a.keySet(), b.keySet());
    for (Map.Entry<String, byte[]> entry : a.entrySet()) {
      assertArrayEquals(entry.getValue(), b.get(entry.getKey()), entry.getKey());
    }
  }

  @ParameterizedTest
  @CsvSource({"sgd, 0.05, 0.9", "sgd, 0.2, 0", "adam, 0.01, 0"})
  void lossFallsAndFilesAreThere(String optimizer, double lr, double momentum) throws IOException {
    TrainingSpec spec = spec(optimizer, lr, momentum, 300, 0);
    assertEquals(Outcome.COMPLETED, run(spec, folder));
    var metrics = MetricsFile.read(folder);
    double first = metrics.get(metrics.firstKey()).get("loss");
    double last = metrics.get(metrics.lastKey()).get("loss");
    assertTrue(last < first - 0.5, first + " to " + last);
    assertTrue(metrics.get(300L).get("validation") < first - 0.5);
    assertEquals(300, metrics.lastKey());
    assertEquals(
        List.of(75L, 150L, 225L, 300L),
        Checkpoint.list(folder).stream().map(Checkpoint::iteration).toList());
    assertTrue(files(folder).keySet().containsAll(List.of("model.json", "state.safetensors")));
    assertEquals(7, files(folder).size());
    // loss = reconstruction + β·KL in every window
    metrics
        .values()
        .forEach(
            row ->
                assertEquals(
                    row.get("reconstruction") + 0.5 * row.get("kl"), row.get("loss"), 1e-9));
    ModelFile file = ModelFile.read(folder);
    assertEquals(MODEL, file.model());
    assertEquals(spec, file.training());
    assertEquals(clusters(29, 1).hash(), file.data().sha256());
  }

  /** The last checkpoint is the model, to single precision. */
  @Test
  void checkpointHoldsTheModel() {
    try (Trainer trainer = trainer(spec("sgd", 0.05, 0.9, 20, 0), folder, Listener.SILENT);
        Model copy = Model.create(backend, MODEL)) {
      trainer.run();
      assertEquals(20, trainer.iteration());
      Checkpoint.of(folder.resolve("checkpoint-20.safetensors")).load(copy);
      double[] expected = trainer.model().parameters().values().toDoubles();
      double[] actual = copy.parameters().values().toDoubles();
      for (int i = 0; i < expected.length; i++) {
        assertEquals((float) expected[i], actual[i]);
      }
    }
  }

  @Test
  void sameSeedSameBytesOtherSeedOthers() throws IOException {
    TrainingSpec spec = spec("adam", 0.01, 0, 40, 0);
    run(spec, folder.resolve("a"));
    run(spec, folder.resolve("b"));
    assertSameFiles(folder.resolve("a"), folder.resolve("b"));
    TrainingSpec other = TrainingSpec.adam(0.01, 8, 40, 4, spec.seed() + 1);
    run(other, folder.resolve("c"));
    assertFalse(
        java.util.Arrays.equals(
            files(folder.resolve("a")).get("checkpoint-40.safetensors"),
            files(folder.resolve("c")).get("checkpoint-40.safetensors")));
  }

  /** Interrupted at awkward moments, possibly twice, and resumed: no byte of any file differs. */
  @ParameterizedTest
  @CsvSource({
    "sgd, 0.05, 0.9, 0, 1, 0",
    "sgd, 0.05, 0.9, 0, 50, 100",
    "sgd, 0.05, 0.9, 0, 137, 138",
    "sgd, 0.05, 0, 0, 299, 0",
    "adam, 0.01, 0, 0, 3, 4",
    "adam, 0.01, 0, 0, 75, 0",
    "adam, 0.01, 0, 0, 202, 250",
    "adam, 0.01, 0, 3, 33, 61",
    "sgd, 0.05, 0.9, 3, 26, 0",
  })
  void interruptedAndResumedIsTheSame(
      String optimizer, double lr, double momentum, int patience, long stop, long stopAgain)
      throws IOException {
    // 450 iterations make windows of 2: odd stops fall into the middle of one
    TrainingSpec spec = spec(optimizer, lr, momentum, 450, patience);
    Path whole = folder.resolve("whole");
    Outcome outcome = run(spec, whole);
    Path parts = folder.resolve("parts");
    assertEquals(Outcome.INTERRUPTED, runUntil(spec, parts, stop, false));
    assertTrue(Files.exists(parts.resolve("state.safetensors")));
    if (stopAgain > 0) {
      assertEquals(Outcome.INTERRUPTED, runUntil(spec, parts, stopAgain, true));
    }
    try (Trainer trainer = trainer(spec, parts, Listener.SILENT)) {
      assertEquals(outcome, trainer.resume());
    }
    assertSameFiles(whole, parts);
    // resuming what is complete changes nothing either
    try (Trainer trainer = trainer(spec, parts, Listener.SILENT)) {
      assertEquals(outcome, trainer.resume());
    }
    assertSameFiles(whole, parts);
  }

  private Outcome runUntil(TrainingSpec spec, Path target, long stop, boolean resume) {
    AtomicReference<Trainer> self = new AtomicReference<>();
    Listener listener =
        new Listener() {
          @Override
          public void progressed(long done) {
            if (done == stop) {
              self.get().requestStop();
            }
          }
        };
    try (Trainer trainer = trainer(spec, target, listener)) {
      self.set(trainer);
      Outcome outcome = resume ? trainer.resume() : trainer.run();
      assertEquals(stop, trainer.iteration());
      return outcome;
    }
  }

  /** A crash, not a stop: what was written after the last state is written again, the same. */
  @Test
  void killedAndResumedIsTheSame() throws IOException {
    TrainingSpec spec = spec("adam", 0.01, 0, 450, 0);
    Path whole = folder.resolve("whole");
    run(spec, whole);
    Path parts = folder.resolve("parts");
    Listener bomb =
        new Listener() {
          @Override
          public void progressed(long done) {
            if (done == 170) {
              throw new IllegalStateException("power cut");
            }
          }
        };
    try (Trainer trainer = trainer(spec, parts, bomb)) {
      assertThrows(IllegalStateException.class, trainer::run);
    }
    try (Trainer trainer = trainer(spec, parts, Listener.SILENT)) {
      assertEquals(Outcome.COMPLETED, trainer.resume());
    }
    assertSameFiles(whole, parts);
  }

  /** Two trainings at once in one folder would mix their files. */
  @Test
  void oneTrainingPerFolder() {
    TrainingSpec spec = spec("sgd", 0.05, 0, 40, 0);
    Path shared = folder.resolve("shared");
    AtomicReference<String> refused = new AtomicReference<>();
    Listener second =
        new Listener() {
          @Override
          public void progressed(long done) {
            if (done == 5) {
              try (Trainer other = trainer(spec, shared, Listener.SILENT)) {
                refused.set(assertThrows(InputException.class, other::resume).getMessage());
              }
            }
          }
        };
    try (Trainer trainer = trainer(spec, shared, second)) {
      assertEquals(Outcome.COMPLETED, trainer.run());
    }
    assertEquals(shared + ": another training is at work there", refused.get());
    assertFalse(Files.exists(shared.resolve(".lock")));
  }

  /** Killed before any state was saved: begins anew. */
  @Test
  void resumeWithoutAStateBeginsAnew() throws IOException {
    TrainingSpec spec = spec("sgd", 0.05, 0.9, 40, 0);
    Path whole = folder.resolve("whole");
    run(spec, whole);
    Path parts = folder.resolve("parts");
    run(spec, parts);
    Files.delete(parts.resolve("state.safetensors"));
    try (Trainer trainer = trainer(spec, parts, Listener.SILENT)) {
      assertEquals(Outcome.COMPLETED, trainer.resume());
    }
    assertSameFiles(whole, parts);
    try (Trainer trainer = trainer(spec, folder.resolve("empty"), Listener.SILENT)) {
      assertEquals(Outcome.COMPLETED, trainer.resume());
    }
    assertSameFiles(whole, folder.resolve("empty"));
  }

  @Test
  void earlyStoppingRestoresTheBest() throws IOException {
    // a rate that first learns and then overshoots: growing by 6 % each iteration
    TrainingSpec growing =
        new TrainingSpec(
            "sgd",
            0.01,
            "exponential:1.06",
            0,
            false,
            0,
            0.9,
            0.99,
            1e-8,
            8,
            400,
            1,
            7,
            TrainingSpec.CONTRACT,
            Initialisation.KAIMING_NORMAL,
            true,
            true,
            3,
            5);
    try (Trainer trainer = trainer(growing, folder, Listener.SILENT)) {
      assertEquals(Outcome.STOPPED_EARLY, trainer.run());
      var metrics = MetricsFile.read(folder);
      long best = 0;
      double bestLoss = Double.POSITIVE_INFINITY;
      for (Map.Entry<Long, Map<String, Double>> row : metrics.entrySet()) {
        Double validation = row.getValue().get("validation");
        if (validation != null && validation < bestLoss) {
          bestLoss = validation;
          best = row.getKey();
        }
      }
      assertEquals(metrics.lastKey(), best + 15, "three evaluations of five iterations later");
      assertEquals(trainer.iteration(), best + 15);
      // only the best is saved, and the model is it: its validation loss is the best one
      assertEquals(
          List.of(best), Checkpoint.list(folder).stream().map(Checkpoint::iteration).toList());
      try (Model model = Model.create(backend, MODEL);
          var pass = model.newPass(13, 1)) {
        model.parameters().values().copyFrom(trainer.model().parameters().values());
        Dataset validation = clusters(13, 2);
        pass.load(validation, latentrace.model.Positions.upTo(13), 0, 13);
        pass.noise().fill(0);
        pass.run(
            MODEL.objectiveAt(best),
            latentrace.model.Estimator.PATHWISE,
            1,
            latentrace.model.Pass.Wanted.LOSSES);
        double[] losses = new double[13];
        pass.losses(losses);
        assertEquals(bestLoss, java.util.Arrays.stream(losses).average().orElseThrow(), 1e-9);
      }
    }
  }

  private static String refused(org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(InputException.class, call).getMessage();
    assertFalse(message.contains("\n"), message);
    return message;
  }

  @Test
  void existingRunIsNotOverwritten() throws IOException {
    TrainingSpec spec = spec("sgd", 0.05, 0, 20, 0);
    run(spec, folder.resolve("run"));
    Map<String, byte[]> before = files(folder.resolve("run"));
    assertEquals(
        folder.resolve("run")
            + ": there is a run already; use --resume to go on with it, or another folder",
        refused(() -> run(spec, folder.resolve("run"))));
    Map<String, byte[]> after = files(folder.resolve("run"));
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name)));
  }

  private String resumeRefused(ModelSpec model, TrainingSpec spec, Dataset data) {
    try (Trainer trainer =
        new Trainer(backend, model, spec, data, clusters(13, 2), folder, Listener.SILENT)) {
      return refused(trainer::resume);
    }
  }

  @Test
  void resumeWithAnotherFieldNamesIt() {
    TrainingSpec spec = spec("sgd", 0.05, 0.9, 20, 0);
    run(spec, folder);
    String prefix = folder.resolve("model.json") + ": cannot resume: ";
    assertEquals(
        prefix + "training.learningRate is 0.05 there, 0.25 was asked for",
        resumeRefused(MODEL, spec("sgd", 0.25, 0.9, 20, 0), clusters(29, 1)));
    assertEquals(
        prefix + "training.momentum is 0.9 there, 0.5 was asked for",
        resumeRefused(MODEL, spec("sgd", 0.05, 0.5, 20, 0), clusters(29, 1)));
    assertEquals(
        prefix + "model.hidden is [8] there, [9] was asked for",
        resumeRefused(MODEL.withHidden(List.of(9)), spec, clusters(29, 1)));
    assertEquals(
        prefix
            + "data.sha256 is \"%s\" there, \"%s\" was asked for"
                .formatted(clusters(29, 1).hash(), clusters(29, 5).hash()),
        resumeRefused(MODEL, spec, clusters(29, 5)));
    assertEquals(
        prefix + "data.count is 29 there, 31 was asked for",
        resumeRefused(MODEL, spec, clusters(31, 1)));
  }

  @Test
  void divergenceIsSaid() {
    TrainingSpec spec = TrainingSpec.sgd(1e200, 8, 50, 1, 1);
    String message = refused(() -> run(spec, folder));
    assertTrue(
        message.matches(
            "training diverged: the loss is (NaN|Infinity) at iteration [23];"
                + " try a smaller --lr \\(now 1\\.0E200\\)"),
        message);
  }

  @Test
  void inputsThatDoNotFit() {
    assertEquals(
        "clusters: 5 samples do not fill one batch of 8",
        refused(
            () ->
                new Trainer(
                    backend,
                    MODEL,
                    TrainingSpec.sgd(0.1, 8, 10, 1, 0),
                    clusters(5, 1),
                    null,
                    folder,
                    Listener.SILENT)));
    assertEquals(
        "patience: early stopping needs validation data",
        assertThrows(
                InputException.class,
                () ->
                    new Trainer(
                        backend,
                        MODEL,
                        spec("sgd", 0.1, 0, 10, 2),
                        clusters(9, 1),
                        null,
                        folder,
                        Listener.SILENT))
            .getMessage());
  }

  @Test
  void brokenStateIsRefused() throws IOException {
    TrainingSpec spec = spec("adam", 0.01, 0, 20, 0);
    run(spec, folder);
    Path state = folder.resolve("state.safetensors");
    byte[] bytes = Files.readAllBytes(state);
    Files.write(state, java.util.Arrays.copyOf(bytes, bytes.length - 1));
    try (Trainer trainer = trainer(spec, folder, Listener.SILENT)) {
      assertTrue(refused(trainer::resume).startsWith(state + ": "));
    }
    // a header without counters, padded to the same length
    String text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    Files.write(
        state,
        text.replace("\"iteration\"", "\"irritation\"".substring(0, 11))
            .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    try (Trainer trainer = trainer(spec, folder, Listener.SILENT)) {
      assertTrue(refused(trainer::resume).startsWith(state + ": "));
    }
  }

  @Test
  void specsNameTheFieldThatIsWrong() {
    assertEquals(
        "batch: found 0, expected at least 1",
        assertThrows(IllegalArgumentException.class, () -> TrainingSpec.sgd(0.1, 0, 10, 1, 0))
            .getMessage());
    assertEquals(
        "checkpoints: found 11, expected 1 to the number of iterations (10)",
        assertThrows(IllegalArgumentException.class, () -> TrainingSpec.sgd(0.1, 1, 10, 11, 0))
            .getMessage());
    assertEquals(
        "lr: found NaN, expected a number > 0",
        assertThrows(
                IllegalArgumentException.class, () -> TrainingSpec.sgd(Double.NaN, 1, 10, 1, 0))
            .getMessage());
    assertEquals(
        "hidden: found [4, 0], expected positive widths",
        assertThrows(IllegalArgumentException.class, () -> MODEL.withHidden(List.of(4, 0)))
            .getMessage());
    assertEquals(33, TrainingSpec.sgd(0.1, 1, 100, 3, 0).checkpointIteration(1));
    assertEquals(67, TrainingSpec.sgd(0.1, 1, 100, 3, 0).checkpointIteration(2));
    assertEquals(100, TrainingSpec.sgd(0.1, 1, 100, 3, 0).checkpointIteration(3));
  }

  @Test
  void modelFileIsWrittenAsDocumented() throws IOException {
    run(spec("sgd", 0.05, 0.9, 20, 0), folder);
    String text = Files.readString(folder.resolve("model.json"));
    assertTrue(text.contains("\"reconstruction\" : \"bernoulli\""), text);
    assertTrue(text.contains("\"initialisation\" : \"kaiming-normal\""), text);
    assertTrue(text.endsWith("}\n"));
    assertEquals(text, Json.toString(ModelFile.read(folder)) + "\n");
  }
}
