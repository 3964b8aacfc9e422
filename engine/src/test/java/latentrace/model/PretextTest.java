package latentrace.model;

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
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import latentrace.backend.Philox;
import latentrace.checkpoint.Json;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Pass.Wanted;
import latentrace.model.Pretext.Task;
import latentrace.nn.CentralDifferences;
import latentrace.nn.Initialisation;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What an encoder is trained for. */
class PretextTest {
  private static final int SAMPLES = 3;
  private static final long SEED = 5;
  private static final long STEP = 11;

  private final EjmlBackend backend = new EjmlBackend(1);

  @TempDir private Path folder;

  private static ModelSpec spec(Pretext pretext) {
    return ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4).withPretext(pretext, 3);
  }

  private static Dataset images(float... values) {
    return Dataset.ofFloats("images", new int[] {1, 28, 28}, values, new int[] {2, 0, 1});
  }

  private static float[] pixels() {
    Random random = new Random(3);
    float[] values = new float[SAMPLES * 28 * 28];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  /** What the definition says a training step reads, in places 4, 0 and 9 of its batch. */
  private static float[] corrupted(Pretext pretext, float... x) {
    float[] read = x.clone();
    int[] words = new int[4];
    float[] normals = new float[4];
    int role = pretext.task() == Task.INPAINTING ? Philox.ROLE_MASK : Philox.ROLE_TRAINING;
    long key = Philox.trainingKey(SEED, STEP);
    for (int i = 0; i < x.length; i++) {
      int pixel = i % (28 * 28);
      int place = PLACES[i / (28 * 28)];
      Philox.block(key, pixel / 4, 0, place, Philox.stream(role, 0), words);
      Philox.normals(words, normals);
      read[i] =
          switch (pretext.task()) {
            case DENOISING -> (float) (x[i] + pretext.strength() * normals[pixel % 4]);
            case INPAINTING -> Philox.uniform(words[pixel % 4]) > pretext.strength() ? x[i] : 0;
            case RECONSTRUCTION, CLASSIFICATION -> x[i];
          };
    }
    return read;
  }

  private static final int[] PLACES = {4, 0, 9};

  /** A training step reads the input corrupted, and compares with the input as it is. */
  @ParameterizedTest
  @EnumSource(Task.class)
  void trainingReadsWhatTheTaskSays(Task task) {
    ModelSpec spec = spec(Pretext.of(task));
    Objective objective = spec.objectiveAt(1);
    int[] all = Positions.upTo(SAMPLES);
    float[] read = corrupted(spec.pretext(), pixels());
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(SAMPLES, 1)) {
      model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 1);
      pass.load(images(read), all, 0, SAMPLES);
      pass.run(objective, Estimator.PATHWISE, 1, Wanted.LOSSES);
      double[] code = pass.code().toDoubles();
      pass.load(images(pixels()), all, 0, SAMPLES);
      pass.run(objective, Estimator.PATHWISE, 1, Wanted.LOSSES);
      double[] plain = pass.code().toDoubles();
      pass.trainingNoise(SEED, STEP, PLACES);
      pass.run(objective, Estimator.PATHWISE, 1, Wanted.LOSSES);
      assertArrayEquals(code, pass.code().toDoubles(), 1e-6);
      assertEquals(
          task.corrupts(), Math.abs(plain[0] - pass.code().toDoubles()[0]) > 1e-4, "corrupted");
      if (!spec.isClassifier()) {
        double[] output = outputs(pass, model);
        double[] losses = new double[SAMPLES];
        pass.losses(losses);
        float[] x = pixels();
        double expected =
            IntStream.range(0, 28 * 28).mapToDouble(p -> Math.pow(output[p] - x[p], 2)).sum();
        assertEquals(expected, losses[0], 1e-9 * expected);
      }
      // only the step that was asked for
      pass.run(objective, Estimator.PATHWISE, 1, Wanted.LOSSES);
      assertArrayEquals(plain, pass.code().toDoubles());
    }
  }

  private static double[] outputs(Pass pass, Model model) {
    return pass.tapes().get(1).output(model.parts().get(1).layers().size() - 1).toDoubles();
  }

  /** The published share of pixels, within five standard errors. */
  @Test
  void aFifthIsMasked() {
    float[] read = corrupted(Pretext.of(Task.INPAINTING), pixels());
    long zeros = IntStream.range(0, read.length).filter(i -> read[i] == 0).count();
    assertEquals(0.2, (double) zeros / read.length, 5 * Math.sqrt(0.16 / read.length));
  }

  /** Softmax once: the gradient at the logits of the code's linear layer. */
  @Test
  void classification() {
    ModelSpec spec = spec(Pretext.of(Task.CLASSIFICATION));
    assertTrue(spec.isClassifier());
    Objective objective = spec.objectiveAt(1);
    try (Model model = Model.create(backend, spec);
        Pass pass = model.newPass(SAMPLES, 1)) {
      assertEquals(43_428 + 5 * 3, model.parameters().count());
      model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 2);
      pass.load(images(pixels()), Positions.upTo(SAMPLES), 0, SAMPLES);
      pass.run(objective, Estimator.PATHWISE, 0.5, Wanted.GRADIENTS);
      DoubleSupplier loss =
          () -> {
            pass.run(objective, Estimator.PATHWISE, 0.5, Wanted.LOSSES);
            double[] losses = new double[SAMPLES];
            pass.losses(losses);
            return 0.5 * (losses[0] + losses[1] + losses[2]);
          };
      for (String name : List.of("head.0.weight", "head.0.bias", "encoder.encoder_lin.2.bias")) {
        var p = model.parameters().named().get(name);
        double[] gradient = p.gradient().toDoubles();
        CentralDifferences.check(name, CentralDifferences.of(p.value(), loss), gradient);
      }
    }
    assertThrows(
        InputException.class,
        () ->
            spec.requireFits(
                Dataset.ofFloats("unlabelled", new int[] {1, 28, 28}, pixels(), null),
                spec.reconstruction()));
  }

  /** A model.json of before there was a choice is one of denoising; other models' stay theirs. */
  @Test
  void filesOfBefore() throws IOException {
    ModelSpec spec = ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4);
    assertEquals(new Pretext(Task.DENOISING, 0.3), spec.pretext());
    ModelFile file = new ModelFile(ModelFile.FORMAT, spec, null, null, null, List.of(), Map.of());
    Json.write(folder.resolve(ModelFile.NAME), file);
    String written = Files.readString(folder.resolve(ModelFile.NAME));
    assertTrue(written.contains("\"task\" : \"denoising\","), written);
    assertEquals(file, ModelFile.read(folder));
    String before = written.replaceFirst(",\\s*\"pretext\" : \\{[^}]*}", "");
    assertFalse(before.contains("pretext"));
    Files.writeString(folder.resolve(ModelFile.NAME), before);
    assertEquals(file, ModelFile.read(folder));
    assertFalse(Json.toString(ModelSpec.recurrent(List.of(9), 2)).contains("pretext"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INPAINTING | 1 | corruption: found 1.0, expected a probability in [0, 1)",
        "INPAINTING | NaN | corruption: found NaN, expected a probability in [0, 1)",
        "DENOISING | -0.1 | corruption: found -0.1, expected a number >= 0",
        "CLASSIFICATION | 0.1 | corruption: found 0.1, expected none: the input stays as it is",
      })
  void strengths(Task task, double strength, String message) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> new Pretext(task, strength))
            .getMessage());
  }

  @Test
  void onlyModelsWithAChoice() {
    ModelSpec spec = ModelSpec.recurrent(List.of(9), 2);
    assertEquals(
        "pretext: found Pretext[task=DENOISING, strength=0.3], expected none: only a denoising-..."
            + " has a task",
        assertThrows(
                IllegalArgumentException.class,
                () -> spec.withPretext(Pretext.of(Task.DENOISING), 0))
            .getMessage());
  }
}
