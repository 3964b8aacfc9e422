package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.ParameterSelection;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;
import latentrace.model.Pretext.Task;
import latentrace.nn.Initialisation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingModeGradientsTest {
  private static final long SEED = 7;

  @TempDir private Path folder;
  private Backend backend;

  @BeforeEach
  void open() {
    backend = Backends.open("ejml", new Options(1));
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private static Dataset noise(int[] shape, int count, int seed) {
    PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, 0);
    int size = 1;
    for (int extent : shape) {
      size *= extent;
    }
    float[] values = new float[count * size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return Dataset.ofFloats("noise", shape, values, new int[count]);
  }

  private List<Checkpoint> checkpoints(ModelSpec spec, int count) {
    List<Checkpoint> saved = new ArrayList<>();
    for (int c = 0; c < count; c++) {
      try (Model model = Model.create(backend, spec)) {
        model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 10 + c);
        saved.add(Checkpoint.save(model, folder, c + 1L));
      }
    }
    return saved;
  }

  private float[][] products(
      ModelSpec spec, List<Checkpoint> checkpoints, Dataset train, Dataset test) {
    return new TrainingModeGradients(backend, spec, SEED, Listener.SILENT)
        .products(checkpoints, train, test);
  }

  private float[][] tracIn(
      ModelSpec spec, List<Checkpoint> checkpoints, Dataset train, Dataset test) {
    VaeTracIn tracIn =
        new VaeTracIn(
            backend,
            spec,
            checkpoints,
            CheckpointWeights.uniform(checkpoints.size()),
            VaeTracIn.Settings.defaults(SEED).withParameters(ParameterSelection.ENCODER),
            Listener.SILENT);
    try (VaeTracIn.Result result = tracIn.scores(train, test);
        ScoreMatrix scores = result.scores()) {
      return scores.toFloats();
    }
  }

  /** Without batch normalisation and corruption there is one mode only. */
  @Test
  void areTracInsForAModelThatTrainsAsItEvaluates() {
    ModelSpec spec = ModelSpec.recurrent(List.of(6), 3);
    List<Checkpoint> checkpoints = checkpoints(spec, 2);
    Dataset train = noise(new int[] {6}, 5, 1);
    Dataset test = noise(new int[] {6}, 3, 2);
    float[][] expected = tracIn(spec, checkpoints, train, test);
    float[][] products = products(spec, checkpoints, train, test);
    for (int t = 0; t < expected.length; t++) {
      for (int i = 0; i < expected[t].length; i++) {
        double tolerance = 1e-5 * Math.abs(expected[t][i]);
        assertEquals(expected[t][i], products[t][i], tolerance);
      }
    }
  }

  /** A sample's own statistics normalise it, whatever else is asked for. */
  @Test
  void seeOneSampleAtATime() {
    ModelSpec spec =
        ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4)
            .withPretext(Pretext.of(Task.RECONSTRUCTION), 10);
    List<Checkpoint> checkpoints = checkpoints(spec, 1);
    Dataset data = noise(new int[] {1, 28, 28}, 4, 3);
    float[][] products = products(spec, checkpoints, data, data);
    for (int t = 0; t < products.length; t++) {
      assertTrue(products[t][t] > 0);
      for (int i = 0; i < t; i++) {
        assertEquals(products[t][i], products[i][t], 1e-6 * products[t][t]);
      }
    }
    float[][] some = products(spec, checkpoints, data.range(0, 2), data.range(3, 1));
    assertArrayEquals(new float[] {products[3][0], products[3][1]}, some[0]);
    float[][] evaluated = tracIn(spec, checkpoints, data, data);
    assertTrue(Math.abs(evaluated[0][0] - products[0][0]) > 0.01 * products[0][0]);
  }

  /** Every gradient has noise of its own: a sample's with itself is no square. */
  @Test
  void corruptEverySampleAnew() {
    ModelSpec spec = ModelSpec.denoising(ModelSpec.DENOISING_MNIST, 4);
    List<Checkpoint> checkpoints = checkpoints(spec, 1);
    Dataset data = noise(new int[] {1, 28, 28}, 2, 4);
    float[][] products = products(spec, checkpoints, data, data);
    assertNotEquals(products[0][1], products[1][0]);
    assertArrayEquals(products, products(spec, checkpoints, data, data));
  }
}
