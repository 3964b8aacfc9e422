package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Names;
import latentrace.backend.Upsampling;

/** Images enlarged: [N,C,H,W] to [N,C,outHeight,outWidth]. */
public record Upsample(
    Upsampling mode, int channels, int height, int width, int outHeight, int outWidth)
    implements Layer {
  @Override
  public int inputSize() {
    return channels * height * width;
  }

  @Override
  public int outputSize() {
    return Math.multiplyExact(channels, Math.multiplyExact(outHeight, outWidth));
  }

  @Override
  public String describe() {
    return "Upsample(%s, %dx%d)".formatted(Names.id(mode), outHeight, outWidth);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public void forward(Backend backend, int rows, Buffer x, Buffer y) {
    int planes = Math.multiplyExact(rows, channels);
    backend.pooling().upsampleForward(mode, planes, height, width, outHeight, outWidth, x, y);
  }

  @Override
  public void backward(
      Backend backend,
      int rows,
      Buffer x,
      Buffer y,
      Buffer dY,
      Buffer dX,
      ParameterGradients gradients) {
    if (dX != null) {
      int planes = Math.multiplyExact(rows, channels);
      backend.pooling().upsampleBackward(mode, planes, height, width, outHeight, outWidth, dY, dX);
    }
  }
}
