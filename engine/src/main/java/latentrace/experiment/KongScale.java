package latentrace.experiment;

import java.util.List;
import latentrace.checkpoint.TrainingSpec;

/**
 * How large the experiments of Kong &amp; Chaudhuri 2021 are: every number that the three scales
 * differ in.
 *
 * @param mnist MNIST, the smallest latent size, β = 4
 * @param mnistOthers MNIST, every other latent size and β
 * @param mnistLatents d of Tables 2 and 6; the first is that of {@code mnist}
 * @param mnistVariants d and β of Figures 9, 16, 17 and 20
 * @param contaminated MNIST with foreign images, the first latent size, β = 4 (Tables 8 and 9)
 * @param contaminatedOthers the same, every other latent size and β
 * @param contaminatedLatents d of Table 8
 * @param cifar all of CIFAR-10
 * @param contaminatedCifar CIFAR-10 with foreign images (Table 8)
 * @param cifarLatents d of Table 1
 * @param subclass one class of CIFAR-10
 * @param imported training samples, at most, of the published airplane model
 * @param autoEncoder the nearest-neighbour baseline of Table 6; Adam
 * @param draws m, MNIST
 * @param convolutionalDraws m, CIFAR-10
 * @param repeats of Table 8, d = 64
 * @param repeatsOfOthers of Table 8, other latent sizes
 * @param retrainedLatent d of Table 9
 * @param foreign images added to MNIST
 * @param foreignToCifar images added to CIFAR-10
 * @param removals samples removed for Table 9
 * @param lossChange Table 7: one checkpoint an iteration
 */
record KongScale(
    Regime mnist,
    Regime mnistOthers,
    List<Integer> mnistLatents,
    List<Variant> mnistVariants,
    Regime contaminated,
    Regime contaminatedOthers,
    List<Integer> contaminatedLatents,
    Regime cifar,
    Regime contaminatedCifar,
    List<Integer> cifarLatents,
    Regime subclass,
    int imported,
    Regime autoEncoder,
    int draws,
    int convolutionalDraws,
    int repeats,
    int repeatsOfOthers,
    int retrainedLatent,
    int foreign,
    int foreignToCifar,
    List<Integer> removals,
    Regime lossChange) {
  static final double MNIST_BETA = 4;
  static final double CIFAR_BETA = 2;
  static final int SUBCLASS_LATENT = 64;
  static final int CLASSES = 10;

  private static final int ALL = Integer.MAX_VALUE;

  /**
   * How one kind of model is trained and scored.
   *
   * @param samples training samples, at most
   * @param descent the optimiser
   * @param batch samples per iteration
   * @param iterations optimiser steps
   * @param checkpoints scored
   * @param tests samples traced back, at most: of the test set, and of the training set for the
   *     sanity check
   */
  record Regime(
      int samples, Descent descent, int batch, long iterations, int checkpoints, int tests) {
    TrainingSpec training(long seed) {
      double rate = descent.learningRate();
      TrainingSpec spec =
          descent.isAdam()
              ? TrainingSpec.adam(rate, batch, iterations, checkpoints, seed)
              : TrainingSpec.sgd(rate, batch, iterations, checkpoints, seed)
                  .withMomentum(descent.momentum());
      return spec.withSchedule(descent.schedule());
    }

    /** What differs from the paper, a sentence. */
    String describe(int trainedOn, int draws) {
      return "%,d training samples, %,d iterations of %s, batch %d, %d checkpoint%s, m = %d"
              .formatted(
                  trainedOn,
                  iterations,
                  descent,
                  batch,
                  checkpoints,
                  checkpoints == 1 ? "" : "s",
                  draws)
          + " (paper: all, 1.5 million of SGD, lr 1e-4 or 3e-4, batch 64, 30, m = 16).";
    }

    Regime withTests(int count) {
      return new Regime(samples, descent, batch, iterations, checkpoints, count);
    }
  }

  /**
   * An optimiser.
   *
   * @param isAdam else SGD
   * @param learningRate at the beginning
   * @param momentum of SGD
   * @param schedule of the learning rate
   */
  record Descent(boolean isAdam, double learningRate, double momentum, String schedule) {
    private static final String CONSTANT = "constant";
    private static final String COSINE = "cosine";

    static Descent sgd(double learningRate) {
      return new Descent(false, learningRate, 0, CONSTANT);
    }

    /** With momentum 0.9, along a cosine. */
    static Descent momentum(double learningRate) {
      return new Descent(false, learningRate, 0.9, COSINE);
    }

    /** Along a cosine. */
    static Descent adam(double learningRate) {
      return new Descent(true, learningRate, 0, COSINE);
    }

    @Override
    public String toString() {
      return "%s (lr %s %s%s)"
          .formatted(
              isAdam ? "Adam" : "SGD",
              learningRate,
              schedule,
              momentum > 0 ? ", momentum " + Lab.number(momentum) : "");
    }
  }

  /** A latent size and a β. */
  record Variant(int latent, double beta) {}

  private static List<Variant> variants(int... latents) {
    return java.util.Arrays.stream(latents)
        .boxed()
        .flatMap(d -> List.of(1, 2, 4).stream().map(beta -> new Variant(d, beta)))
        .toList();
  }

  private static Regime published(double lr, long iterations, int checkpoints) {
    return new Regime(ALL, Descent.sgd(lr), 64, iterations, checkpoints, 128);
  }

  /** The published protocol (Kong &amp; Chaudhuri 2021, appendix B.2). */
  private static KongScale paper() {
    Regime mnist = published(1e-4, 1_500_000, 30);
    Regime cifar = published(3e-4, 1_500_000, 30);
    return new KongScale(
        mnist,
        mnist,
        List.of(64, 96, 128),
        variants(64, 128),
        mnist,
        mnist,
        List.of(64, 128),
        cifar,
        cifar,
        List.of(64, 128),
        cifar,
        ALL,
        new Regime(ALL, Descent.adam(1e-3), 64, 50_000, 1, 128),
        16,
        16,
        5,
        5,
        128,
        1000,
        1000,
        List.of(0, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
        published(3e-4, 1000, 1000));
  }

  /** An hour and a half on two cores; what it gives up is said in the captions. */
  private static KongScale laptop() {
    return new KongScale(
        new Regime(ALL, Descent.sgd(5e-4), 64, 40_000, 8, 128),
        new Regime(20_000, Descent.sgd(1e-3), 64, 10_000, 2, 64),
        List.of(64, 96, 128),
        List.of(new Variant(64, 1), new Variant(64, 2), new Variant(64, 4), new Variant(128, 4)),
        new Regime(ALL, Descent.momentum(7e-4), 64, 24_000, 1, 16),
        new Regime(ALL, Descent.momentum(7e-4), 64, 12_000, 1, 16),
        List.of(64, 128),
        new Regime(2500, Descent.adam(1e-3), 32, 2000, 2, 32),
        new Regime(2000, Descent.adam(1e-3), 32, 1000, 1, 16),
        List.of(64, 128),
        new Regime(500, Descent.adam(1e-3), 32, 800, 2, 32),
        2000,
        new Regime(20_000, Descent.adam(1e-3), 64, 1500, 1, 64),
        16,
        8,
        5,
        2,
        64,
        1000,
        100,
        List.of(0, 4, 64, 256, 1024),
        new Regime(500, Descent.sgd(3e-4), 64, 24, 24, 8));
  }

  /** Seconds, on built-in data: it shows that everything runs, its numbers mean nothing. */
  private static KongScale smoke() {
    Regime mnist = new Regime(160, Descent.momentum(2e-3), 16, 24, 2, 8);
    Regime conv = new Regime(20, Descent.adam(1e-3), 4, 3, 2, 4);
    return new KongScale(
        mnist,
        mnist,
        List.of(64, 96, 128),
        variants(64, 128),
        mnist,
        mnist,
        List.of(64, 128),
        conv,
        conv,
        List.of(64, 128),
        conv,
        20,
        new Regime(160, Descent.adam(1e-3), 16, 24, 1, 8),
        2,
        2,
        2,
        1,
        64,
        20,
        4,
        List.of(0, 4, 8),
        new Regime(20, Descent.sgd(3e-4), 4, 3, 3, 2));
  }

  /** Of Table 8. */
  int repeatsOf(int latent) {
    return latent == contaminatedLatents.get(0) ? repeats : repeatsOfOthers;
  }

  /** The numbers of a scale. */
  static KongScale of(Scale scale) {
    return switch (scale) {
      case PAPER -> paper();
      case LAPTOP -> laptop();
      case SMOKE -> smoke();
    };
  }

  /**
   * The same with other numbers; null keeps one.
   *
   * @param newDraws m
   * @param newRepeats of Table 8
   * @param tests traced back, at most, for every model
   */
  KongScale with(Integer newDraws, Integer newRepeats, Integer tests) {
    Scale.requirePositive("--draws", newDraws);
    Scale.requirePositive("--repeats", newRepeats);
    Scale.requirePositive("--tests", tests);
    return new KongScale(
        limited(mnist, tests),
        limited(mnistOthers, tests),
        mnistLatents,
        mnistVariants,
        limited(contaminated, tests),
        limited(contaminatedOthers, tests),
        contaminatedLatents,
        limited(cifar, tests),
        limited(contaminatedCifar, tests),
        cifarLatents,
        limited(subclass, tests),
        imported,
        limited(autoEncoder, tests),
        newDraws == null ? draws : newDraws,
        newDraws == null ? convolutionalDraws : newDraws,
        newRepeats == null ? repeats : newRepeats,
        newRepeats == null ? repeatsOfOthers : newRepeats,
        retrainedLatent,
        foreign,
        foreignToCifar,
        removals,
        limited(lossChange, tests));
  }

  private static Regime limited(Regime regime, Integer tests) {
    return tests == null ? regime : regime.withTests(tests);
  }
}
