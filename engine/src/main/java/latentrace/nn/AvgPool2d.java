package latentrace.nn;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;

/** The mean under each window, padding counted as zeros. */
public final class AvgPool2d extends Pool2d {
  /** Pooling by {@link ConvShape#window}. */
  public AvgPool2d(ConvShape window) {
    super(window);
  }

  /** The mean of each channel: [N,C,H,W] to [N,C]. */
  public static AvgPool2d global(int channels, int height, int width) {
    return new AvgPool2d(
        new ConvShape(channels, height, width, channels, height, width, 1, 1, 0, 0));
  }

  @Override
  public String describe() {
    return describe("AvgPool2d");
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    backend.pooling().averagePoolForward(window, rows, x, y);
  }

  @Override
  void backwardInput(Backend backend, int rows, Buffer x, Buffer dY, Buffer dX) {
    backend.pooling().averagePoolBackward(window, rows, dY, dX);
  }
}
