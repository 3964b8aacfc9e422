package latentrace.nn;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.ConvShape;

/**
 * y = f(conv_transpose(x, weight) + bias): the adjoint of the convolution of {@code shape}, from
 * [N,OC,OH,OW] to [N,C,H,W], weight [OC,C,KH,KW]; see {@link ConvShape#transposed}. PyTorch takes
 * its fan-in to be C·KH·KW, and the papers' Kaiming initialisation passes it by.
 */
public final class ConvTranspose2d extends Convolution {
  /** A transposed convolution without activation. */
  public ConvTranspose2d(ConvShape shape) {
    this(shape, Activation.IDENTITY);
  }

  /** A transposed convolution followed by an activation. */
  public ConvTranspose2d(ConvShape shape, Activation activation) {
    this(
        shape,
        activation,
        new Parameter(
            "weight", shape.patchSize(), weightShape(shape), Parameter.Start.PYTORCH_DEFAULT),
        new Parameter(
            "bias", shape.patchSize(), List.of(shape.channels()), Parameter.Start.PYTORCH_DEFAULT));
  }

  private ConvTranspose2d(
      ConvShape shape, Activation activation, Parameter weight, Parameter bias) {
    super(shape, activation, weight, bias);
  }

  @Override
  public Layer withActivation(Activation f) {
    return new ConvTranspose2d(shape, f, weight, bias);
  }

  @Override
  public int inputSize() {
    return shape.outputSize();
  }

  @Override
  public int outputSize() {
    return shape.inputSize();
  }

  @Override
  public String describe() {
    return describe("ConvTranspose2d", shape.outChannels(), shape.channels());
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend
        .convolutions()
        .convTranspose2dForward(shape, rows, x, weight.value(), bias.value(), activation, y);
  }

  @Override
  void backwardParameters(ConvOps ops, int rows, Buffer x, Buffer delta, boolean accumulate) {
    ops.convTranspose2dBackwardParameters(
        shape, rows, x, delta, weight.gradient(), bias.gradient(), accumulate);
  }

  @Override
  void backwardInput(ConvOps ops, int rows, Buffer delta, Buffer dX) {
    ops.convTranspose2dBackwardInput(shape, rows, delta, weight.value(), dX);
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
    backend
        .convolutions()
        .convTranspose2dGradientRows(shape, n, rank, x, delta, ofWeight, ofBias, rows, ld);
  }
}
