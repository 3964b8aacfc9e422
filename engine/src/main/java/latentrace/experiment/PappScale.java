package latentrace.experiment;

import java.util.List;
import latentrace.checkpoint.TrainingSpec;

/**
 * How large the experiments of Papp et al. 2023 are: every number that the three scales differ in.
 *
 * <p>Where the paper's Table 5 and the published code differ, the code is followed: weight decay
 * 1e-5 for ECG5000's auto-encoders too (table: 0). Its early stopping (patience 10, the best model
 * kept) looks at the test set and is left out: the last of a fixed number of iterations counts.
 *
 * @param runs models of each kind, with seeds of their own
 * @param mnist auto-encoders and classifiers of MNIST
 * @param heartbeats auto-encoders of ECG5000
 * @param cifar auto-encoders and classifiers of CIFAR-10
 * @param simClr SimCLR of CIFAR-10
 * @param simClrWidth of its ResNet-18
 * @param vae disentangled VAEs of MNIST, 32×32
 * @param sprites disentangled VAEs of dSprites, 64×64
 * @param retrained classifiers of MNIST with features removed
 * @param heartbeatLatent latent size of ECG5000's
 * @param tests samples whose features are explained, at most
 * @param spriteTests those of dSprites, at most
 * @param corpus samples whose importance is asked for, at most
 * @param queries samples that they are important for, at most
 * @param steps of integrated gradients
 * @param draws of gradient SHAP
 * @param climb steps of a feature visualisation
 */
record PappScale(
    int runs,
    Regime mnist,
    Regime heartbeats,
    Regime cifar,
    Regime simClr,
    int simClrWidth,
    Regime vae,
    Regime sprites,
    Regime retrained,
    int heartbeatLatent,
    int tests,
    int spriteTests,
    int corpus,
    int queries,
    int steps,
    int draws,
    int climb) {
  static final int MNIST_LATENT = 4;
  static final int CIFAR_LATENT = 16;
  static final int VAE_LATENT = 3;
  static final int SPRITE_LATENT = 6;
  static final int CLASSES = 10;

  /** Of gradient SHAP in the published code. */
  static final int PUBLISHED_DRAWS = 5;

  static final List<Double> BETAS = List.of(1.0, 5.0, 10.0);

  private static final int ALL = Integer.MAX_VALUE;
  private static final double LEARNING_RATE = 1e-3;
  private static final double WEIGHT_DECAY = 1e-5;

  /**
   * How one kind of model is trained, by Adam.
   *
   * @param samples training samples, at most
   * @param batch samples per iteration
   * @param iterations optimiser steps
   * @param checkpoints saved
   */
  record Regime(int samples, int batch, long iterations, int checkpoints) {
    TrainingSpec training(long seed) {
      return TrainingSpec.adam(LEARNING_RATE, batch, iterations, checkpoints, seed)
          .withWeightDecay(WEIGHT_DECAY);
    }

    /** SimCLR's: SGD along a cosine, lr 0.6 for batches of 512 and in proportion for others. */
    TrainingSpec contrastive(long seed) {
      return TrainingSpec.sgd(0.6 * batch / 512, batch, iterations, checkpoints, seed)
          .withNesterov(0.9)
          .withWeightDecay(1e-6)
          .withSchedule("cosine");
    }

    /** What differs from the paper, a sentence. */
    String describe(String what, int trainedOn) {
      return "%s: %,d training samples, %,d iterations of %d (paper: all, 100 epochs or more)."
          .formatted(what, trainedOn, iterations, batch);
    }
  }

  /** The numbers of a scale. */
  static PappScale of(Scale scale) {
    return switch (scale) {
      case PAPER ->
          new PappScale(
              5,
              new Regime(ALL, 300, 20_000, 10),
              new Regime(ALL, 20, 17_500, 10),
              new Regime(ALL, 300, 16_600, 10),
              new Regime(ALL, 512, 9_700, 1),
              64,
              new Regime(ALL, 300, 20_000, 1),
              new Regime(500_000, 500, 100_000, 1),
              new Regime(ALL, 300, 2_000, 1),
              64,
              10_000,
              10_000,
              1000,
              1000,
              50,
              50,
              512);
      case LAPTOP ->
          new PappScale(
              3,
              new Regime(20_000, 100, 1_000, 4),
              new Regime(2_000, 20, 600, 3),
              new Regime(2_500, 50, 500, 2),
              new Regime(2_500, 64, 200, 1),
              8,
              new Regime(10_000, 100, 600, 1),
              new Regime(10_000, 50, 400, 1),
              new Regime(4_000, 100, 400, 1),
              16,
              300,
              60,
              500,
              100,
              20,
              20,
              256);
      case SMOKE ->
          new PappScale(
              2,
              new Regime(120, 30, 8, 2),
              new Regime(120, 30, 4, 2),
              new Regime(20, 10, 2, 2),
              new Regime(20, 6, 2, 1),
              1,
              new Regime(60, 30, 4, 1),
              new Regime(40, 10, 2, 1),
              new Regime(60, 20, 6, 1),
              4,
              8,
              4,
              20,
              6,
              4,
              4,
              6);
    };
  }

  /** The same with other numbers; null keeps one. */
  PappScale with(Integer newRuns, Integer newTests) {
    Scale.requirePositive("--repeats", newRuns);
    Scale.requirePositive("--tests", newTests);
    return new PappScale(
        newRuns == null ? runs : newRuns,
        mnist,
        heartbeats,
        cifar,
        simClr,
        simClrWidth,
        vae,
        sprites,
        retrained,
        heartbeatLatent,
        newTests == null ? tests : newTests,
        newTests == null ? spriteTests : Math.min(newTests, spriteTests),
        corpus,
        newTests == null ? queries : Math.min(newTests, queries),
        steps,
        draws,
        climb);
  }
}
