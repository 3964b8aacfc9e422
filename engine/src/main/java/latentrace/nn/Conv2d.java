package latentrace.nn;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.ConvShape;

/** y = f(conv(x, weight) + bias): [N,C,H,W] to [N,OC,OH,OW], weight [OC,C,KH,KW]. */
public final class Conv2d extends Convolution {
  /** A convolution without activation. */
  public Conv2d(ConvShape shape) {
    this(shape, Activation.IDENTITY);
  }

  /** A convolution followed by an activation. */
  public Conv2d(ConvShape shape, Activation activation) {
    this(
        shape,
        activation,
        weightOf(shape),
        new Parameter("bias", shape.patchSize(), List.of(shape.outChannels())));
  }

  private Conv2d(ConvShape shape, Activation activation, Parameter weight, Parameter bias) {
    super(shape, activation, weight, bias);
  }

  private static Parameter weightOf(ConvShape shape) {
    return new Parameter("weight", shape.patchSize(), weightShape(shape));
  }

  /** A convolution without bias or activation, as before batch normalisation, which has a bias. */
  public static Conv2d withoutBias(ConvShape shape) {
    return new Conv2d(shape, Activation.IDENTITY, weightOf(shape), null);
  }

  @Override
  public Layer withActivation(Activation f) {
    return new Conv2d(shape, f, weight, bias);
  }

  @Override
  public int inputSize() {
    return shape.inputSize();
  }

  @Override
  public int outputSize() {
    return shape.outputSize();
  }

  @Override
  public String describe() {
    return describe("Conv2d", shape.channels(), shape.outChannels());
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    Buffer shift = bias == null ? null : bias.value();
    backend.convolutions().conv2dForward(shape, rows, x, weight.value(), shift, activation, y);
  }

  @Override
  void backwardParameters(ConvOps ops, int rows, Buffer x, Buffer delta, boolean accumulate) {
    Buffer dBias = bias == null ? null : bias.gradient();
    ops.conv2dBackwardParameters(shape, rows, x, delta, weight.gradient(), dBias, accumulate);
  }

  @Override
  void backwardInput(ConvOps ops, int rows, Buffer delta, Buffer dX) {
    ops.conv2dBackwardInput(shape, rows, delta, weight.value(), dX);
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
    backend.convolutions().conv2dGradientRows(shape, n, rank, x, delta, ofWeight, ofBias, rows, ld);
  }
}
