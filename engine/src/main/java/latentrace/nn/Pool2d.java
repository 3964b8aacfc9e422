package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;

/** What pooling layers share: a window with as many channels out as in. */
abstract class Pool2d implements Layer {
  final ConvShape window;

  Pool2d(ConvShape window) {
    this.window = window;
  }

  @Override
  public final int inputSize() {
    return window.inputSize();
  }

  @Override
  public final int outputSize() {
    return window.outputSize();
  }

  @Override
  public final List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public final void backward(
      Backend backend,
      int rows,
      Buffer x,
      Buffer y,
      Buffer dY,
      Buffer dX,
      ParameterGradients mode) {
    if (dX != null) {
      backwardInput(backend, rows, x, dY, dX);
    }
  }

  abstract void backwardInput(Backend backend, int rows, Buffer x, Buffer dY, Buffer dX);

  final String describe(String name) {
    return "%s(%s, stride %s, padding %s)"
        .formatted(
            name,
            Convolution.pair(window.kernelHeight(), window.kernelWidth()),
            Convolution.pair(window.strideHeight(), window.strideWidth()),
            Convolution.pair(window.paddingHeight(), window.paddingWidth()));
  }
}
