package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/**
 * [N,C,H,W] seen as [N,C·H·W]. Rows are flat here anyway, so this only says so in a description: no
 * memory moves, {@link Tape} passes buffers on.
 */
public record Flatten(int size) implements Layer {
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
    return "Flatten(" + size + ")";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    // y is x
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
    // dX is dY
  }
}
