package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/**
 * Another view of the same values. Rows are flat here anyway, so this only says so in a
 * description: no memory moves, {@link Tape} passes buffers on.
 */
interface Reshaping extends Layer {
  @Override
  default int outputSize() {
    return inputSize();
  }

  @Override
  default List<Parameter> parameters() {
    return List.of();
  }

  @Override
  default void forward(Backend backend, int rows, Buffer x, Buffer y) {
    // y is x
  }

  @Override
  default void backward(
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
