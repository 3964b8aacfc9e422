package latentrace.bench.peer;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Between arrays and libtorch's tensors. */
final class Tensors {
  private Tensors() {}

  /** Finds the native library, and sets how many threads it computes with. */
  static void start(int threads) {
    Natives.requireLibtorch();
    torch.set_num_threads(threads);
  }

  static double[] toDoubles(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.numel())];
    tensor.contiguous().data_ptr_float().get(values);
    return widened(values);
  }

  static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  static float[] narrowed(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
