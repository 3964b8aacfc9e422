package latentrace.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.Listener;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Pass.Wanted;
import latentrace.nn.Initialisation;
import latentrace.reference.EjmlBackend;
import latentrace.train.MetricsFile;
import latentrace.train.Trainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SimCLR on small images and a narrow network. */
class SimClrTest {
  private static final ModelSpec SPEC = ModelSpec.simClr(List.of(3, 8, 8), 2);

  /** Of differences: so small that hardly a unit passes its kink. */
  private static final double STEP = 1e-7;

  private final EjmlBackend backend = new EjmlBackend(1);

  @TempDir private Path folder;

  private static Dataset images(int count) {
    Random random = new Random(1);
    float[] values = new float[count * 3 * 8 * 8];
    for (int i = 0; i < values.length; i++) {
      // a colour of its own for each image, with some noise
      int image = i / (3 * 8 * 8);
      int channel = i / (8 * 8) % 3;
      double colour = 0.5 + 0.4 * Math.sin(image + 2.1 * channel);
      values[i] = (float) Math.min(1, Math.max(0, colour + 0.1 * random.nextGaussian()));
    }
    return Dataset.ofFloats("images", new int[] {3, 8, 8}, values, null);
  }

  /** torchvision's resnet18 has 11,689,512; less its stem and its last layer, plus the new ones. */
  @Test
  void isResNet18() {
    try (Model model = Model.create(backend, ModelSpec.simClr(List.of(3, 32, 32), 64))) {
      long encoder = 11_689_512L - 64 * 3 * 49 + 64 * 3 * 9 - (512 * 1000 + 1000);
      long projector = 512 * 2048 + 2048 + 2048 * 128 + 128;
      assertEquals(encoder + projector, model.parameters().count());
      assertEquals(512, model.parts().get(0).outputSize());
      assertTrue(model.parameters().named().containsKey("encoder.layer2.0.downsample.0.weight"));
      assertTrue(model.parameters().state().containsKey("encoder.layer4.1.bn2.running_var"));
      assertFalse(model.parameters().named().containsKey("encoder.conv1.bias"));
    }
  }

  /** Along random directions of all parameters, by the batch's statistics and the running ones. */
  @Test
  void gradient() {
    for (boolean training : new boolean[] {false, true}) {
      try (Model model = Model.create(backend, SPEC);
          Pass pass = model.newPass(4, 1)) {
        model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 3);
        pass.load(images(4), Positions.upTo(4), 0, 4);
        pass.trainingNoise(7, 2);
        model.training(true);
        for (int i = 0; i < 30; i++) { // running statistics come near the batch's
          pass.run(SPEC.objectiveAt(1), Estimator.PATHWISE, 0.25, Wanted.LOSSES);
        }
        model.training(training);
        pass.run(SPEC.objectiveAt(1), Estimator.PATHWISE, 0.25, Wanted.GRADIENTS);
        double[] gradient = model.parameters().gradients().toDoubles();
        double[] at = model.parameters().values().toDoubles();
        for (int trial = 0; trial < 3; trial++) {
          Random random = new Random(trial);
          double[] direction = new double[at.length];
          Arrays.setAll(direction, i -> random.nextGaussian());
          double slope = 0;
          for (int i = 0; i < at.length; i++) {
            slope += gradient[i] * direction[i];
          }
          double difference =
              loss(model, pass, at, direction, 1) - loss(model, pass, at, direction, -1);
          assertEquals(slope, difference / (2 * STEP), 1e-5 * Math.abs(slope), "" + training);
        }
      }
    }
  }

  /** The batch's loss a small step along a direction. */
  private static double loss(Model model, Pass pass, double[] at, double[] direction, int sign) {
    double[] moved = new double[at.length];
    Arrays.setAll(moved, i -> at[i] + sign * STEP * direction[i]);
    model.parameters().values().upload(moved);
    pass.run(SPEC.objectiveAt(1), Estimator.PATHWISE, 0.25, Wanted.LOSSES);
    double[] losses = new double[4];
    pass.losses(losses);
    return 0.25 * Arrays.stream(losses).sum();
  }

  /** Views are a function of seed, step and place, and of nothing else. */
  @Test
  void views() {
    double[] first = losses(7, 2, new int[] {0, 1, 2, 3});
    assertArrayEquals(first, losses(7, 2, new int[] {0, 1, 2, 3}));
    assertNotEquals(first[0], losses(7, 3, new int[] {0, 1, 2, 3})[0]);
    assertNotEquals(first[0], losses(8, 2, new int[] {0, 1, 2, 3})[0]);
    assertNotEquals(first[0], losses(7, 2, new int[] {5, 1, 2, 3})[0]);
  }

  private double[] losses(long seed, long step, int[] places) {
    try (Model model = Model.create(backend, SPEC);
        Pass pass = model.newPass(4, 1)) {
      model.parameters().initialise(Initialisation.KAIMING_NORMAL, 3);
      pass.load(images(4), Positions.upTo(4), 0, 4);
      pass.trainingNoise(seed, step, places);
      pass.run(SPEC.objectiveAt(1), Estimator.PATHWISE, 1, Wanted.LOSSES);
      double[] losses = new double[4];
      pass.losses(losses);
      return losses;
    }
  }

  /** Some steps, and views of a colour are told from others better than by chance, ln 15. */
  @Test
  void learns() {
    TrainingSpec spec = TrainingSpec.adam(3e-3, 8, 100, 1, 1);
    try (Trainer trainer =
        new Trainer(backend, SPEC, spec, images(16), null, folder, Listener.SILENT)) {
      trainer.run();
    }
    var metrics = MetricsFile.read(folder);
    double begin = mean(metrics.headMap(11L).values().stream());
    double end = mean(metrics.tailMap(81L).values().stream());
    assertTrue(end < begin - 0.3 && end < Math.log(15), begin + " to " + end);
  }

  private static double mean(java.util.stream.Stream<java.util.Map<String, Double>> windows) {
    return windows.mapToDouble(m -> m.get("loss")).average().orElseThrow();
  }

  @Test
  void whatIsRefused() {
    assertEquals(
        "validation: the loss of a simclr is of random views; there is none without training",
        assertThrows(
                InputException.class,
                () ->
                    Trainer.checkInputs(
                        SPEC, TrainingSpec.adam(1e-3, 4, 1, 1, 1), images(8), images(8)))
            .getMessage());
    assertEquals(
        "NT-Xent, which a simclr is trained by, is a loss of the batch, in which a sample has no"
            + " influence of its own",
        assertThrows(InputException.class, SPEC::requirePerSampleLoss).getMessage());
    assertEquals(
        "hidden: found [], expected one width of 1 to 1024 for a simclr",
        assertThrows(IllegalArgumentException.class, () -> SPEC.withHidden(List.of()))
            .getMessage());
    assertEquals(
        "sampleShape: found [3, 4, 8], expected [1,H,W] or [3,H,W] of at least 8x8 for a simclr",
        assertThrows(IllegalArgumentException.class, () -> ModelSpec.simClr(List.of(3, 4, 8), 2))
            .getMessage());
    try (Model model = Model.create(backend, SPEC);
        Pass pass = model.newPass(4, 1)) {
      pass.load(images(4), Positions.upTo(4), 0, 4);
      assertThrows(
          IllegalStateException.class,
          () -> pass.run(SPEC.objectiveAt(1), Estimator.PATHWISE, 1, Wanted.LOSSES));
    }
  }
}
