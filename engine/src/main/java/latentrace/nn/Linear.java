package latentrace.nn;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Names;

/** y = f(x·weightᵀ + bias), weight [out,in], with the activation f fused in. */
public final class Linear implements ParametricLayer, Fusable {
  private final int in;
  private final int out;
  private final Activation activation;
  private final Parameter weight;
  private final Parameter bias;

  /** A linear layer without activation. */
  public Linear(int in, int out) {
    this(in, out, Activation.IDENTITY);
  }

  /** A linear layer followed by an activation. */
  public Linear(int in, int out, Activation activation) {
    if (in < 1 || out < 1) {
      throw new IllegalArgumentException(
          "Linear(%d, %d): sizes must be positive".formatted(in, out));
    }
    this.in = in;
    this.out = out;
    this.activation = activation;
    this.weight = new Parameter("weight", in, List.of(out, in));
    this.bias = new Parameter("bias", in, List.of(out));
  }

  private Linear(Linear other, Activation activation) {
    this.in = other.in;
    this.out = other.out;
    this.activation = activation;
    this.weight = other.weight;
    this.bias = other.bias;
  }

  @Override
  public Activation activation() {
    return activation;
  }

  @Override
  public Layer withActivation(Activation f) {
    return new Linear(this, f);
  }

  @Override
  public int inputSize() {
    return in;
  }

  @Override
  public int outputSize() {
    return out;
  }

  @Override
  public String describe() {
    return activation == Activation.IDENTITY
        ? "Linear(%d, %d)".formatted(in, out)
        : "Linear(%d, %d, %s)".formatted(in, out, Names.id(activation));
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend.dense().linearForward(rows, in, out, x, weight.value(), bias.value(), activation, y);
  }

  @Override
  public void backward(
      Backend backend,
      int rows,
      Buffer x,
      Buffer y,
      Buffer dY,
      Buffer dX,
      ParameterGradients mode) {
    inputGradient(backend, rows, y, dY, dX);
    if (mode != ParameterGradients.NONE) {
      double beta = mode == ParameterGradients.ACCUMULATE ? 1 : 0;
      backend
          .dense()
          .linearBackwardParameters(
              rows, in, out, 1, x, dY, beta, weight.gradient(), bias.gradient());
    }
  }

  /** By one product that adds the step to the weights: their gradient is never in memory. */
  @Override
  public void descend(
      Backend backend,
      int rows,
      Buffer x,
      Buffer y,
      Buffer dY,
      Buffer dX,
      double lr,
      double decay) {
    inputGradient(backend, rows, y, dY, dX);
    backend
        .dense()
        .linearBackwardParameters(
            rows, in, out, -lr, x, dY, 1 - lr * decay, weight.value(), bias.value());
  }

  /** Leaves the gradient at the pre-activation in dY. */
  private void inputGradient(Backend backend, int rows, Buffer y, Buffer dY, Buffer dX) {
    if (activation != Activation.IDENTITY) {
      backend.activations().backward(activation, (long) rows * out, y, dY, dY);
    }
    if (dX != null) {
      backend.dense().linearBackwardInput(rows, in, out, dY, weight.value(), dX);
    }
  }

  @Override
  public void gradientRows(
      Backend backend,
      int n,
      int rank,
      Buffer x,
      Buffer delta,
      boolean ofWeight,
      boolean ofBias,
      Buffer rows,
      int ld) {
    backend.gradients().materialize(n, rank, in, out, x, delta, ofWeight, ofBias, rows, ld);
  }
}
