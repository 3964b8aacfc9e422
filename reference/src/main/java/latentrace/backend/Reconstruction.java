package latentrace.backend;

/** Per-sample reconstruction losses of decoder output o against target x, summed over features. */
public enum Reconstruction {
  /** Σ BCE-with-logits(o, x) = Σ max(o,0) − o·x + ln(1 + e^−|o|); gradient sigmoid(o) − x. */
  BERNOULLI,
  /** Σ (sigmoid(o) − x)², without ½ (the convention of 1Konny's Beta-VAE). */
  GAUSSIAN,
  /** Σ (o − x)², for outputs that already have their activation. */
  MSE,
  /** Σ |o − x|, for the same; gradient sign(o − x), 0 at 0 as in PyTorch. */
  L1;

  /** The loss of one feature, in double: the definition. */
  public double value(double o, double x) {
    return switch (this) {
      case BERNOULLI -> Math.max(o, 0) - o * x + Math.log1p(Math.exp(-Math.abs(o)));
      case GAUSSIAN -> {
        double error = Activation.sigmoid(o) - x;
        yield error * error;
      }
      case MSE -> (o - x) * (o - x);
      case L1 -> Math.abs(o - x);
    };
  }

  /** ∂value/∂o of one feature, in double: the definition. */
  public double derivative(double o, double x) {
    return switch (this) {
      case BERNOULLI -> Activation.sigmoid(o) - x;
      case GAUSSIAN -> {
        double s = Activation.sigmoid(o);
        yield 2 * (s - x) * s * (1 - s);
      }
      case MSE -> 2 * (o - x);
      case L1 -> Math.signum(o - x);
    };
  }
}
