package latentrace.experiment;

import java.util.List;

/**
 * How large an experiment is run: every number that is not the paper's method but its cost.
 *
 * @param name paper, laptop or smoke
 * @param digits how the MLP β-VAEs on digits are trained
 * @param images how the convolutional β-VAEs are trained
 * @param digitLatents latent sizes of the former; the first is that of the figures
 * @param imageLatent latent size of the latter
 * @param samples digits trained on, at most
 * @param imageSamples images of a data set trained on, at most
 * @param tests test samples
 * @param draws m
 * @param extra samples hidden among others for detection
 * @param repeats of detection
 * @param classes subclasses of the images, at most
 * @param traced iterations that are checkpointed one by one for the loss change
 * @param traceSamples training samples whose loss change is followed
 * @param removed numbers of samples removed before training again
 */
public record Scale(
    String name,
    Training digits,
    Training images,
    List<Integer> digitLatents,
    int imageLatent,
    int samples,
    int imageSamples,
    int tests,
    int draws,
    int extra,
    int repeats,
    int classes,
    int traced,
    int traceSamples,
    List<Integer> removed) {
  /**
   * SGD with batches of 64.
   *
   * @param iterations steps
   * @param checkpoints saved, evenly spaced
   * @param learningRate constant
   * @param momentum 0 in the paper
   */
  public record Training(long iterations, int checkpoints, double learningRate, double momentum) {}

  /** The published protocol. */
  public static final Scale PAPER =
      new Scale(
          "paper",
          new Training(1_500_000, 30, 1e-4, 0),
          new Training(1_500_000, 30, 3e-4, 0),
          List.of(64, 96, 128),
          64,
          60_000,
          50_000,
          128,
          16,
          1000,
          5,
          10,
          1000,
          5000,
          List.of(0, 4, 8, 16, 32, 64, 128, 256, 512, 1024));

  /** Everything on two cores within 90 minutes. */
  public static final Scale LAPTOP =
      new Scale(
          "laptop",
          new Training(20_000, 4, 2e-3, 0),
          new Training(1200, 2, 3e-4, 0),
          List.of(64),
          64,
          60_000,
          1500,
          128,
          16,
          1000,
          5,
          3,
          60,
          500,
          List.of(0, 64, 1024));

  /** Shows that everything runs. */
  public static final Scale SMOKE =
      new Scale(
          "smoke",
          new Training(60, 2, 1e-3, 0),
          new Training(3, 1, 1e-4, 0),
          List.of(8),
          4,
          240,
          12,
          6,
          2,
          20,
          2,
          2,
          4,
          12,
          List.of(0, 8));

  /** All of them. */
  public static final List<Scale> ALL = List.of(PAPER, LAPTOP, SMOKE);
}
