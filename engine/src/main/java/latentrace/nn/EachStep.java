package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/**
 * A layer applied to every step of a sequence with the same parameters: [T,in] to [T,out]. To the
 * layer, the steps of a row are rows that stand together.
 */
public record EachStep(int steps, ParametricLayer layer) implements ParametricLayer {
  @Override
  public int inputSize() {
    return Math.multiplyExact(steps, layer.inputSize());
  }

  @Override
  public int outputSize() {
    return Math.multiplyExact(steps, layer.outputSize());
  }

  @Override
  public String describe() {
    return "%s at each of %d steps".formatted(layer.describe(), steps);
  }

  @Override
  public List<Parameter> parameters() {
    return layer.parameters();
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    layer.forward(backend, Math.multiplyExact(rows, steps), x, y);
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
    layer.backward(backend, Math.multiplyExact(rows, steps), x, y, dY, dX, mode);
  }

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
    layer.descend(backend, Math.multiplyExact(rows, steps), x, y, dY, dX, lr, decay);
  }

  @Override
  public void gradientRows(
      Backend backend,
      int n,
      int rank,
      Buffer x,
      Buffer delta,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    layer.gradientRows(
        backend, n, Math.multiplyExact(rank, steps), x, delta, weight, bias, rows, ld);
  }
}
