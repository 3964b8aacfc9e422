package latentrace.nn;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.ConvShape;
import latentrace.backend.Names;

/**
 * What a convolution and a transposed one share: a shape, a weight [OC,C,KH,KW] and a bias or none.
 */
abstract class Convolution implements ParametricLayer, Fusable {
  final ConvShape shape;
  final Activation activation;
  final Parameter weight;
  final Parameter bias;
  private final List<Parameter> parameters;

  Convolution(ConvShape shape, Activation activation, Parameter weight, Parameter bias) {
    this.shape = shape;
    this.activation = activation;
    this.weight = weight;
    this.bias = bias;
    this.parameters = bias == null ? List.of(weight) : List.of(weight, bias);
  }

  static List<Integer> weightShape(ConvShape s) {
    return List.of(s.outChannels(), s.channels(), s.kernelHeight(), s.kernelWidth());
  }

  /** The geometry; of a transposed convolution, that of the convolution it is the adjoint of. */
  public final ConvShape shape() {
    return shape;
  }

  @Override
  public final Activation activation() {
    return activation;
  }

  @Override
  public final List<Parameter> parameters() {
    return parameters;
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
    if (activation != Activation.IDENTITY) {
      backend.activations().backward(activation, (long) rows * outputSize(), y, dY, dY);
    }
    ConvOps ops = backend.convolutions();
    if (mode != ParameterGradients.NONE) {
      backwardParameters(ops, rows, x, dY, mode == ParameterGradients.ACCUMULATE);
    }
    if (dX != null) {
      backwardInput(ops, rows, dY, dX);
    }
  }

  abstract void backwardParameters(
      ConvOps ops, int rows, Buffer x, Buffer delta, boolean accumulate);

  abstract void backwardInput(ConvOps ops, int rows, Buffer delta, Buffer dX);

  /** Channels, kernel, stride and padding, for people. */
  final String describe(String name, int from, int to) {
    ConvShape s = shape;
    return "%s(%d, %d, %s, stride %s, padding %s%s)"
        .formatted(
            name,
            from,
            to,
            pair(s.kernelHeight(), s.kernelWidth()),
            pair(s.strideHeight(), s.strideWidth()),
            pair(s.paddingHeight(), s.paddingWidth()),
            (bias == null ? ", no bias" : "")
                + (activation == Activation.IDENTITY ? "" : ", " + Names.id(activation)));
  }

  static String pair(int height, int width) {
    return height == width ? Integer.toString(height) : height + "x" + width;
  }
}
