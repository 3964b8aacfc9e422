package latentrace.kernels.simd;

import latentrace.backend.Activation;
import latentrace.backend.ActivationOps;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/** The simple loops are written for the JIT's own vectoriser. */
final class SimdActivations extends ActivationOps {
  private final WorkerPool pool;

  SimdActivations(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
  }

  @Override
  protected void doForward(Activation activation, long length, Buffer x, Buffer y) {
    SimdBuffer from = (SimdBuffer) x;
    SimdBuffer to = (SimdBuffer) y;
    Chunks.run(
        pool,
        (int) length,
        (at, count) ->
            Lanes.activate(
                activation, from.data, from.offset + at, to.data, to.offset + at, count));
  }

  @Override
  protected void doBackward(Activation activation, long length, Buffer y, Buffer dY, Buffer dX) {
    SimdBuffer value = (SimdBuffer) y;
    SimdBuffer upstream = (SimdBuffer) dY;
    SimdBuffer to = (SimdBuffer) dX;
    Chunks.run(
        pool,
        (int) length,
        (at, count) ->
            backward(
                activation,
                value.data,
                value.offset + at,
                upstream.data,
                upstream.offset + at,
                to.data,
                to.offset + at,
                count));
  }

  private static void backward(
      Activation f, float[] y, int yAt, float[] dY, int dYAt, float[] dX, int dXAt, int count) {
    switch (f) {
      case IDENTITY -> System.arraycopy(dY, dYAt, dX, dXAt, count);
      case RELU -> {
        for (int i = 0; i < count; i++) {
          dX[dXAt + i] = dY[dYAt + i] * (y[yAt + i] > 0 ? 1 : 0);
        }
      }
      case LEAKY_RELU -> {
        for (int i = 0; i < count; i++) {
          dX[dXAt + i] = dY[dYAt + i] * (y[yAt + i] > 0 ? 1 : (float) Activation.LEAKY_SLOPE);
        }
      }
      case TANH -> {
        for (int i = 0; i < count; i++) {
          float v = y[yAt + i];
          dX[dXAt + i] = dY[dYAt + i] * (1 - v * v);
        }
      }
      case SIGMOID -> {
        for (int i = 0; i < count; i++) {
          float v = y[yAt + i];
          dX[dXAt + i] = dY[dYAt + i] * (v * (1 - v));
        }
      }
      case SOFTPLUS -> {
        for (int i = 0; i < count; i++) {
          dX[dXAt + i] = (float) (dY[dYAt + i] * f.derivative(y[yAt + i]));
        }
      }
    }
  }
}
