package latentrace.nn;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;

/** The maximum under each window; its gradient goes to the first of them. */
public final class MaxPool2d extends Pool2d {
  /** Pooling by {@link ConvShape#window}. */
  public MaxPool2d(ConvShape window) {
    super(window);
  }

  @Override
  public String describe() {
    return describe("MaxPool2d");
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend.pooling().maxPoolForward(window, rows, x, y);
  }

  @Override
  void backwardInput(Backend backend, int rows, Buffer x, Buffer dY, Buffer dX) {
    backend.pooling().maxPoolBackward(window, rows, x, dY, dX);
  }
}
