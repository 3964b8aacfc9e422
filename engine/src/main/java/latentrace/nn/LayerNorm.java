package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/** Normalisation of each row over all its features, [C,H,W] of an image; weight and bias alike. */
public final class LayerNorm implements ParametricLayer {
  private static final double EPS = 1e-5;

  private final int features;
  private final Parameter weight;
  private final Parameter bias;
  private final List<Parameter> parameters;

  /**
   * A layer norm.
   *
   * @param shape of a row, e.g. [C,H,W]
   */
  public LayerNorm(List<Integer> shape) {
    this.features = shape.stream().reduce(1, Math::multiplyExact);
    this.weight = new Parameter("weight", features, shape, Parameter.Start.ONES);
    this.bias = new Parameter("bias", features, shape, Parameter.Start.ZEROS);
    this.parameters = List.of(weight, bias);
  }

  @Override
  public int inputSize() {
    return features;
  }

  @Override
  public int outputSize() {
    return features;
  }

  @Override
  public String describe() {
    return "LayerNorm(" + weight.shape() + ")";
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend.norms().layerNormForward(rows, features, EPS, x, weight.value(), bias.value(), y);
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
    if (mode != ParameterGradients.NONE) {
      backend
          .norms()
          .layerNormBackwardParameters(
              rows,
              features,
              EPS,
              x,
              dY,
              weight.gradient(),
              bias.gradient(),
              mode == ParameterGradients.ACCUMULATE);
    }
    if (dX != null) {
      backend.norms().layerNormBackwardInput(rows, features, EPS, x, weight.value(), dY, dX);
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
    backend
        .norms()
        .layerNormGradientRows(n, rank, features, EPS, x, delta, ofWeight, ofBias, rows, ld);
  }
}
