package latentrace.checkpoint;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import latentrace.nn.Initialisation;

/**
 * How a model is trained. Same spec, same data, same backend: same bytes.
 *
 * @param optimizer {@link #SGD} or {@link #ADAM}
 * @param learningRate at the start
 * @param schedule constant | cosine | linear | step:EVERY:FACTOR | exponential:FACTOR, see {@link
 *     latentrace.train.Schedule}
 * @param momentum of SGD, 0 for none
 * @param nesterov whether SGD's momentum is Nesterov's
 * @param weightDecay added to the gradient as weightDecay·θ, as PyTorch's SGD and Adam do
 * @param beta1 Adam's β₁
 * @param beta2 Adam's β₂
 * @param epsilon Adam's ε
 * @param batch samples per iteration
 * @param iterations optimiser steps in all
 * @param checkpoints files saved, evenly spaced, the last after the last iteration
 * @param seed of initialisation, order and training noise
 * @param noise where training noise comes from: {@link #CONTRACT} or {@link #CURAND}
 * @param initialisation of the parameters
 * @param shuffle whether each epoch has an order of its own
 * @param dropLast whether an epoch's last, smaller batch is left out
 * @param patience evaluations of the validation loss without improvement before it stops; 0: never
 * @param evaluateEvery iterations between evaluations of the validation loss
 */
@JsonPropertyOrder({
  "optimizer",
  "learningRate",
  "schedule",
  "momentum",
  "nesterov",
  "weightDecay",
  "beta1",
  "beta2",
  "epsilon",
  "batch",
  "iterations",
  "checkpoints",
  "seed",
  "noise",
  "initialisation",
  "shuffle",
  "dropLast",
  "patience",
  "evaluateEvery"
})
public record TrainingSpec(
    String optimizer,
    double learningRate,
    String schedule,
    double momentum,
    boolean nesterov,
    double weightDecay,
    double beta1,
    double beta2,
    double epsilon,
    int batch,
    long iterations,
    int checkpoints,
    long seed,
    String noise,
    Initialisation initialisation,
    boolean shuffle,
    boolean dropLast,
    int patience,
    long evaluateEvery) {
  /** Stochastic gradient descent. */
  public static final String SGD = "sgd";

  /** Adam. */
  public static final String ADAM = "adam";

  /** Noise of the contract: the same on every backend. */
  public static final String CONTRACT = "contract";

  /** Noise of cuRAND: backend cuda only; the same for the same seed, device and library. */
  public static final String CURAND = "curand";

  /** Checks every field; the message names the one that is wrong. */
  public TrainingSpec {
    require(SGD.equals(optimizer) || ADAM.equals(optimizer), "optimizer", optimizer, "sgd or adam");
    require(learningRate > 0 && Double.isFinite(learningRate), "lr", learningRate, "a number > 0");
    require(schedule != null, "schedule", null, "a schedule");
    require(momentum >= 0 && momentum < 1, "momentum", momentum, "a number in [0, 1)");
    require(!nesterov || momentum > 0, "nesterov", "momentum 0", "a momentum > 0");
    require(weightDecay >= 0 && Double.isFinite(weightDecay), "weight decay", weightDecay, ">= 0");
    require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "a number in [0, 1)");
    require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "a number in [0, 1)");
    require(epsilon > 0, "epsilon", epsilon, "a number > 0");
    require(batch > 0, "batch", batch, "at least 1");
    require(iterations > 0, "iterations", iterations, "at least 1");
    require(
        checkpoints > 0 && checkpoints <= iterations,
        "checkpoints",
        checkpoints,
        "1 to the number of iterations (" + iterations + ")");
    require(
        CONTRACT.equals(noise) || CURAND.equals(noise),
        "training noise",
        noise,
        "contract or curand");
    require(initialisation != null, "initialisation", null, "a scheme");
    require(patience >= 0, "patience", patience, "a number >= 0");
    require(evaluateEvery > 0, "evaluateEvery", evaluateEvery, "at least 1");
  }

  /**
   * The papers' habits: SGD without momentum, batch 64, Kaiming-normal initialisation, shuffled,
   * drop-last.
   */
  public static TrainingSpec sgd(
      double lr, int batch, long iterations, int checkpoints, long seed) {
    return new TrainingSpec(
        SGD,
        lr,
        "constant",
        0,
        false,
        0,
        0.9,
        0.999,
        1e-8,
        batch,
        iterations,
        checkpoints,
        seed,
        CONTRACT,
        Initialisation.KAIMING_NORMAL,
        true,
        true,
        0,
        iterations);
  }

  /** The same with Adam and its usual moments. */
  public static TrainingSpec adam(
      double lr, int batch, long iterations, int checkpoints, long seed) {
    return sgd(lr, batch, iterations, checkpoints, seed)
        .with(ADAM, 0, false, "constant", CONTRACT, 0);
  }

  /** The same with SGD's momentum. */
  public TrainingSpec withMomentum(double newMomentum) {
    return with(optimizer, newMomentum, nesterov, schedule, noise, weightDecay);
  }

  /** The same with SGD's momentum, Nesterov's. */
  public TrainingSpec withNesterov(double newMomentum) {
    return with(optimizer, newMomentum, true, schedule, noise, weightDecay);
  }

  /** The same with another weight decay. */
  public TrainingSpec withWeightDecay(double decay) {
    return with(optimizer, momentum, nesterov, schedule, noise, decay);
  }

  /** The same with another schedule of the learning rate. */
  public TrainingSpec withSchedule(String newSchedule) {
    return with(optimizer, momentum, nesterov, newSchedule, noise, weightDecay);
  }

  /** The same with training noise from elsewhere. */
  public TrainingSpec withNoise(String newNoise) {
    return with(optimizer, momentum, nesterov, schedule, newNoise, weightDecay);
  }

  private TrainingSpec with(
      String newOptimizer,
      double newMomentum,
      boolean isNesterov,
      String newSchedule,
      String newNoise,
      double newWeightDecay) {
    return new TrainingSpec(
        newOptimizer,
        learningRate,
        newSchedule,
        newMomentum,
        isNesterov,
        newWeightDecay,
        beta1,
        beta2,
        epsilon,
        batch,
        iterations,
        checkpoints,
        seed,
        newNoise,
        initialisation,
        shuffle,
        dropLast,
        patience,
        evaluateEvery);
  }

  private static void require(boolean condition, String field, Object found, String expected) {
    if (!condition) {
      throw new IllegalArgumentException(
          "%s: found %s, expected %s".formatted(field, found, expected));
    }
  }

  /**
   * Iteration after which checkpoint {@code c} = 1..checkpoints is saved: round(c·iterations/C).
   */
  public long checkpointIteration(int c) {
    return Math.round((double) c * iterations / checkpoints);
  }
}
