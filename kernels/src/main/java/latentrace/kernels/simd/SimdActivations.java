package latentrace.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import latentrace.backend.Activation;
import latentrace.backend.ActivationOps;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/** Element-wise; the polynomials in y are written for the JIT's own vectoriser. */
final class SimdActivations extends ActivationOps {
  /** Elements of a worker's memory. */
  private static final int SCRATCH = 1024;

  private final WorkerPool pool;
  private final float[][] scratch;
  private final Forward forward = new Forward();
  private final Add add = new Add();
  private final Backward backward = new Backward();

  SimdActivations(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.scratch = new float[pool.threads()][SCRATCH];
  }

  private final class Forward extends Loop {
    private Activation f;
    private SimdBuffer x;
    private SimdBuffer y;

    @Override
    void range(int from, int to, int worker) {
      Lanes.activate(
          f, x.data, x.offset + from, y.data, y.offset + from, to - from, scratch[worker]);
    }

    @Override
    void release() {
      x = null;
      y = null;
    }
  }

  private final class Add extends Loop {
    private Activation f;
    private SimdBuffer a;
    private SimdBuffer b;
    private SimdBuffer y;

    @Override
    void range(int from, int to, int worker) {
      sum(a.data, a.offset + from, b.data, b.offset + from, y.data, y.offset + from, to - from);
      Lanes.activate(
          f, y.data, y.offset + from, y.data, y.offset + from, to - from, scratch[worker]);
    }

    private void sum(float[] one, int oneAt, float[] other, int at, float[] to, int toAt, int n) {
      for (int i = 0; i < n; i++) {
        to[toAt + i] = one[oneAt + i] + other[at + i];
      }
    }

    @Override
    void release() {
      a = null;
      b = null;
      y = null;
    }
  }

  private static final class Backward extends Loop {
    private Activation f;
    private SimdBuffer y;
    private SimdBuffer dY;
    private SimdBuffer dX;

    @Override
    void range(int from, int to, int worker) {
      backward(
          f,
          y.data,
          y.offset + from,
          dY.data,
          dY.offset + from,
          dX.data,
          dX.offset + from,
          to - from);
    }

    @Override
    void release() {
      y = null;
      dY = null;
      dX = null;
    }
  }

  @Override
  protected void doForward(Activation activation, long length, Buffer x, Buffer y) {
    forward.f = activation;
    forward.x = (SimdBuffer) x;
    forward.y = (SimdBuffer) y;
    forward.over(pool, (int) length, 1);
  }

  @Override
  protected void doAdd(Activation activation, long length, Buffer a, Buffer b, Buffer y) {
    add.f = activation;
    add.a = (SimdBuffer) a;
    add.b = (SimdBuffer) b;
    add.y = (SimdBuffer) y;
    add.over(pool, (int) length, 1);
  }

  @Override
  protected void doBackward(Activation activation, long length, Buffer y, Buffer dY, Buffer dX) {
    backward.f = activation;
    backward.y = (SimdBuffer) y;
    backward.dY = (SimdBuffer) dY;
    backward.dX = (SimdBuffer) dX;
    backward.over(pool, (int) length, 1);
  }

  private static void backward(
      Activation f, float[] y, int yAt, float[] dY, int dYAt, float[] dX, int dXAt, int count) {
    switch (f) {
      case IDENTITY -> System.arraycopy(dY, dYAt, dX, dXAt, count);
      case RELU -> ramp(0, y, yAt, dY, dYAt, dX, dXAt, count);
      case LEAKY_RELU -> ramp((float) Activation.LEAKY_SLOPE, y, yAt, dY, dYAt, dX, dXAt, count);
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

  /** Slope 1 where y is above 0, else {@code below}. */
  private static void ramp(
      float below, float[] y, int yAt, float[] dY, int dYAt, float[] dX, int dXAt, int count) {
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector value = FloatVector.fromArray(Lanes.SPECIES, y, yAt + i);
      FloatVector slope =
          FloatVector.broadcast(Lanes.SPECIES, below)
              .blend(1f, value.compare(VectorOperators.GT, 0f));
      FloatVector.fromArray(Lanes.SPECIES, dY, dYAt + i).mul(slope).intoArray(dX, dXAt + i);
    }
    for (; i < count; i++) {
      dX[dXAt + i] = dY[dYAt + i] * (y[yAt + i] > 0 ? 1 : below);
    }
  }
}
