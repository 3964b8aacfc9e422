package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.NormOps;

/**
 * Batch normalisation of [N,C,H,W] per channel, as PyTorch's: by the batch's statistics in
 * training, by the running ones else, which training updates and checkpoints keep.
 */
public final class BatchNorm2d implements ParametricLayer {
  private static final double EPS = 1e-5;
  private static final double MOMENTUM = 0.1;

  private final int channels;
  private final int positions;
  private final Parameter weight;
  private final Parameter bias;
  private final List<Parameter> parameters;
  private final Parameter runningMean;
  private final Parameter runningVariance;
  private boolean training;

  /** For images [channels,height,width]. */
  public BatchNorm2d(int channels, int height, int width) {
    this.channels = channels;
    this.positions = Math.multiplyExact(height, width);
    List<Integer> shape = List.of(channels);
    this.weight = new Parameter("weight", channels, shape, Parameter.Start.ONES);
    this.bias = new Parameter("bias", channels, shape, Parameter.Start.ZEROS);
    this.parameters = List.of(weight, bias);
    this.runningMean = new Parameter("running_mean", channels, shape, Parameter.Start.ZEROS);
    this.runningVariance = new Parameter("running_var", channels, shape, Parameter.Start.ONES);
  }

  @Override
  public int inputSize() {
    return Math.multiplyExact(channels, positions);
  }

  @Override
  public int outputSize() {
    return inputSize();
  }

  @Override
  public String describe() {
    return "BatchNorm2d(" + channels + ")";
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public List<Parameter> statistics() {
    return List.of(runningMean, runningVariance);
  }

  @Override
  public void training(boolean on) {
    training = on;
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend
        .norms()
        .batchNormForward(
            training,
            rows,
            channels,
            positions,
            EPS,
            MOMENTUM,
            x,
            weight.value(),
            bias.value(),
            runningMean.value(),
            runningVariance.value(),
            y);
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
    NormOps ops = backend.norms();
    Buffer mean = runningMean.value();
    Buffer variance = runningVariance.value();
    if (mode != ParameterGradients.NONE) {
      ops.batchNormBackwardParameters(
          training,
          rows,
          channels,
          positions,
          EPS,
          x,
          mean,
          variance,
          dY,
          weight.gradient(),
          bias.gradient(),
          mode == ParameterGradients.ACCUMULATE);
    }
    if (dX != null) {
      ops.batchNormBackwardInput(
          training, rows, channels, positions, EPS, x, weight.value(), mean, variance, dY, dX);
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
    if (training) {
      throw new IllegalStateException(
          "%s: in training a sample has no gradient of its own, because statistics mix the batch;"
                  .formatted(describe())
              + " switch training off");
    }
    backend
        .norms()
        .batchNormGradientRows(
            n,
            rank,
            channels,
            positions,
            EPS,
            x,
            runningMean.value(),
            runningVariance.value(),
            delta,
            ofWeight,
            ofBias,
            rows,
            ld);
  }
}
