package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.DigitsGenerator;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;
import org.junit.jupiter.api.Test;

/** What {@code --as-published} switches on. */
class ScoringTest {
  private static final ModelSpec MNIST =
      ModelSpec.mlpVae(List.of(1, 28, 28), 64, 4, Reconstruction.BERNOULLI);

  /** MNIST: (SSE + 4·KL)/12288; CIFAR: (SSE/3 + 2·KL)/12288. */
  @Test
  void thePublishedLoss() {
    VaeTracIn.Attribution mnist = Scoring.published(MNIST);
    assertEquals(Reconstruction.GAUSSIAN, mnist.reconstruction());
    assertEquals(4, mnist.beta());
    assertEquals(1 / 12288.0, mnist.lossScale(), 1e-18);
    VaeTracIn.Attribution cifar =
        Scoring.published(ModelSpec.convVae(3, 64, 2, Reconstruction.GAUSSIAN));
    assertEquals(1 / 3.0 / 12288, cifar.lossScale(), 1e-18);
    assertEquals(2 / 12288.0, cifar.lossScale() * cifar.beta(), 1e-18);
  }

  /** lr·batch·Δiteration/N: 1e-4·64·50000/60000 = 5.33e-3 on MNIST, 0.192 on an airplane. */
  @Test
  void thePublishedWeights() {
    List<Checkpoint> checkpoints =
        List.of(new Checkpoint(Path.of("a"), 50_000), new Checkpoint(Path.of("b"), 100_000));
    Scoring published = new Scoring(16, 1, true);
    double[] airplane = published.weights(new ImportStage(List.of()), checkpoints);
    assertArrayEquals(new double[] {0.192, 0.192}, airplane, 1e-9);
    TrainStage digits =
        new TrainStage(
            MNIST,
            TrainingSpec.sgd(1e-4, 64, 100_000, 2, 1),
            DigitsGenerator.digits(60, 1),
            "ejml");
    assertArrayEquals(
        new double[] {5.3333333, 5.3333333}, published.weights(digits, checkpoints), 1e-6);
    assertArrayEquals(
        new double[] {1, 1}, new Scoring(16, 1, false).weights(digits, checkpoints), 0);
  }
}
