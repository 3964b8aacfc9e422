package latentrace.nn;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Names;

/** An element-wise activation of its own: ReLU, LeakyReLU, Tanh, Sigmoid or Softplus. */
public record ActivationLayer(Activation activation, int size) implements Layer {
  @Override
  public int inputSize() {
    return size;
  }

  @Override
  public int outputSize() {
    return size;
  }

  @Override
  public String describe() {
    return Names.id(activation);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend.activations().forward(activation, (long) rows * size, x, y);
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
    if (dX != null) {
      backend.activations().backward(activation, (long) rows * size, y, dY, dX);
    }
  }
}
