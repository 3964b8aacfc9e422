package latentrace.backend;

/** Parameter updates in place, over all parameters at once (they are one flat vector). */
public abstract class OptimizerOps {
  private final Backend owner;

  /** For backends. */
  protected OptimizerOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * PyTorch's {@code SGD} (dampening 0): g = gradient + weightDecay·p; v = momentum·v + g; p −=
   * lr·(g + momentum·v) with Nesterov, lr·v with momentum, lr·g without.
   *
   * @param length number of elements
   * @param parameters updated in place
   * @param gradients read
   * @param velocity v, updated in place, zeros before the first step; null when momentum is 0
   */
  public final void sgd(
      long length,
      Buffer parameters,
      Buffer gradients,
      Buffer velocity,
      double lr,
      double momentum,
      boolean nesterov,
      double weightDecay) {
    Checks.notNegative("sgd", "length", length);
    Checks.holds(owner, "sgd", "parameters", "[length]", parameters, length);
    Checks.holds(owner, "sgd", "gradients", "[length]", gradients, length);
    if (momentum != 0) {
      Checks.holds(owner, "sgd", "velocity", "[length]", velocity, length);
    }
    doSgd(length, parameters, gradients, velocity, lr, momentum, nesterov, weightDecay);
  }

  /**
   * PyTorch's {@code Adam}: g = gradient + weightDecay·p; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; p
   * −= lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
   *
   * @param length number of elements
   * @param step t, from 1
   * @param parameters updated in place
   * @param gradients read
   * @param mean m, updated in place, zeros before the first step
   * @param variance v, updated in place, zeros before the first step
   */
  public final void adam(
      long length,
      long step,
      Buffer parameters,
      Buffer gradients,
      Buffer mean,
      Buffer variance,
      double lr,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay) {
    Checks.notNegative("adam", "length", length);
    Checks.positive("adam", "step", step);
    Checks.holds(owner, "adam", "parameters", "[length]", parameters, length);
    Checks.holds(owner, "adam", "gradients", "[length]", gradients, length);
    Checks.holds(owner, "adam", "mean", "[length]", mean, length);
    Checks.holds(owner, "adam", "variance", "[length]", variance, length);
    doAdam(
        length,
        step,
        parameters,
        gradients,
        mean,
        variance,
        lr,
        beta1,
        beta2,
        epsilon,
        weightDecay);
  }

  /** {@link #sgd}, unchecked. */
  protected abstract void doSgd(
      long length,
      Buffer parameters,
      Buffer gradients,
      Buffer velocity,
      double lr,
      double momentum,
      boolean nesterov,
      double weightDecay);

  /** {@link #adam}, unchecked. */
  protected abstract void doAdam(
      long length,
      long step,
      Buffer parameters,
      Buffer gradients,
      Buffer mean,
      Buffer variance,
      double lr,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay);
}
