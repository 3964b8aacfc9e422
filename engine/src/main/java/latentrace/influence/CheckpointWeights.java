package latentrace.influence;

import java.util.Arrays;
import java.util.List;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.train.Schedule;

/** The weight w_c of each checkpoint in Σ_c w_c⟨ḡ(x;θ_c), ḡ(z;θ_c)⟩. */
public final class CheckpointWeights {
  private CheckpointWeights() {}

  /** All 1: the paper's eq. 10. */
  public static double[] uniform(int checkpoints) {
    double[] weights = new double[checkpoints];
    Arrays.fill(weights, 1);
    return weights;
  }

  /**
   * lr·batch·(iter_c − iter_{c−1})/N, iter_{−1} = 0: the published code's. Where the learning rate
   * follows a schedule, lr is its mean over the iterations between.
   *
   * @param checkpoints sorted by iteration
   * @param training how they were trained
   * @param trainedOn N, samples of the training data
   */
  public static double[] sgd(List<Checkpoint> checkpoints, TrainingSpec training, int trainedOn) {
    Schedule schedule = Schedule.parse(training.schedule());
    double[] weights = new double[checkpoints.size()];
    long before = 0;
    for (int c = 0; c < weights.length; c++) {
      long iteration = checkpoints.get(c).iteration();
      double rates = 0;
      for (long t = before + 1; t <= iteration; t++) {
        rates += schedule.factor(t, training.iterations());
      }
      weights[c] = training.learningRate() * training.batch() * rates / trainedOn;
      before = iteration;
    }
    return weights;
  }

  /**
   * Parses numbers separated by commas, one per checkpoint.
   *
   * @throws IllegalArgumentException if they are not that
   */
  public static double[] parse(String text, int checkpoints) {
    double[] weights;
    try {
      weights = Arrays.stream(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "weights: found '%s', expected uniform, sgd or numbers separated by commas"
              .formatted(text),
          e);
    }
    if (weights.length != checkpoints || !Arrays.stream(weights).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException(
          "weights: found %d in '%s', expected a finite number for each of %d checkpoints"
              .formatted(weights.length, text, checkpoints));
    }
    return weights;
  }
}
