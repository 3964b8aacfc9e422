package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Upsampling;

/**
 * A code given to every step of a sequence: [size] to [T,size]. That is nearest-neighbour
 * upsampling of an image of one line to T lines; its gradient is the sum over them.
 */
public record Repeat(int size, int steps) implements Layer {
  @Override
  public int inputSize() {
    return size;
  }

  @Override
  public int outputSize() {
    return Math.multiplyExact(size, steps);
  }

  @Override
  public String describe() {
    return "Repeat(%d, %d steps)".formatted(size, steps);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend.pooling().upsampleForward(Upsampling.NEAREST, rows, 1, size, steps, size, x, y);
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
      backend.pooling().upsampleBackward(Upsampling.NEAREST, rows, 1, size, steps, size, dY, dX);
    }
  }
}
