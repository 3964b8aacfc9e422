package latentrace.backend;

/**
 * Element-wise functions y = f(x) whose derivative is a function of y alone, so that backward needs
 * no input saved.
 */
public enum Activation {
  /** y = x. */
  IDENTITY,
  /** y = max(x, 0); f'(0) = 0 as in PyTorch. */
  RELU,
  /** y = x for x &gt; 0, else 0.01·x. */
  LEAKY_RELU,
  /** y = tanh x. */
  TANH,
  /** y = 1 / (1 + e⁻ˣ). */
  SIGMOID,
  /** y = ln(1 + eˣ), computed stably. */
  SOFTPLUS;

  /** Slope of {@link #LEAKY_RELU} below zero. */
  public static final double LEAKY_SLOPE = 0.01;

  /** f(x), in double: the definition. */
  public double value(double x) {
    return switch (this) {
      case IDENTITY -> x;
      case RELU -> x <= 0 ? 0 : x;
      case LEAKY_RELU -> x > 0 ? x : LEAKY_SLOPE * x;
      case TANH -> Math.tanh(x);
      case SIGMOID -> sigmoid(x);
      case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    };
  }

  /** f'(x) from y = f(x), in double: the definition. */
  public double derivative(double y) {
    return switch (this) {
      case IDENTITY -> 1;
      case RELU -> y > 0 ? 1 : 0;
      case LEAKY_RELU -> y > 0 ? 1 : LEAKY_SLOPE;
      case TANH -> 1 - y * y;
      case SIGMOID -> y * (1 - y);
      case SOFTPLUS -> -Math.expm1(-y);
    };
  }

  /** 1 / (1 + e⁻ˣ) without overflow. */
  public static double sigmoid(double x) {
    if (x >= 0) {
      return 1 / (1 + Math.exp(-x));
    }
    double e = Math.exp(x);
    return e / (1 + e);
  }
}
