package latentrace.kernels.simd;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.OptimizerOps;

/** One pass over all arrays; plain loops, which the JIT vectorises. */
final class SimdOptimizers extends OptimizerOps {
  /** Memory counts more than arithmetic: pieces of some hundred KiB. */
  private static final int COST = 1;

  private final WorkerPool pool;
  private final Sgd sgd = new Sgd();
  private final Adam adam = new Adam();

  SimdOptimizers(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
  }

  private static final class Sgd extends Loop {
    private SimdBuffer p;
    private SimdBuffer g;
    private SimdBuffer v;
    private float lr;
    private float momentum;
    private boolean nesterov;
    private float decay;

    @Override
    void range(int from, int to, int worker) {
      int count = to - from;
      if (momentum == 0) {
        plain(p.data, p.offset + from, g.data, g.offset + from, count, lr, decay);
      } else {
        withMomentum(
            p.data,
            p.offset + from,
            g.data,
            g.offset + from,
            v.data,
            v.offset + from,
            count,
            lr,
            momentum,
            nesterov,
            decay);
      }
    }
  }

  private static final class Adam extends Loop {
    private SimdBuffer p;
    private SimdBuffer g;
    private SimdBuffer m;
    private SimdBuffer v;
    private float stepSize;
    private float rootScale;
    private float beta1;
    private float rest1;
    private float beta2;
    private float rest2;
    private float epsilon;
    private float decay;

    @Override
    void range(int from, int to, int worker) {
      adam(
          p.data,
          p.offset + from,
          g.data,
          g.offset + from,
          m.data,
          m.offset + from,
          v.data,
          v.offset + from,
          to - from,
          stepSize,
          rootScale,
          beta1,
          rest1,
          beta2,
          rest2,
          epsilon,
          decay);
    }
  }

  @Override
  protected void doSgd(
      long length,
      Buffer parameters,
      Buffer gradients,
      Buffer velocity,
      double lr,
      double momentum,
      boolean nesterov,
      double weightDecay) {
    sgd.p = (SimdBuffer) parameters;
    sgd.g = (SimdBuffer) gradients;
    sgd.v = (SimdBuffer) velocity;
    sgd.lr = (float) lr;
    sgd.momentum = (float) momentum;
    sgd.nesterov = nesterov;
    sgd.decay = (float) weightDecay;
    sgd.over(pool, (int) length, COST);
  }

  private static void plain(
      float[] p, int pAt, float[] g, int gAt, int count, float lr, float decay) {
    for (int i = 0; i < count; i++) {
      float value = p[pAt + i];
      p[pAt + i] = value - lr * (g[gAt + i] + decay * value);
    }
  }

  private static void withMomentum(
      float[] p,
      int pAt,
      float[] g,
      int gAt,
      float[] v,
      int vAt,
      int count,
      float lr,
      float momentum,
      boolean nesterov,
      float decay) {
    // lr·(step + momentum·speed) with Nesterov, lr·speed without
    float ofStep = nesterov ? 1 : 0;
    float ofSpeed = nesterov ? momentum : 1;
    for (int i = 0; i < count; i++) {
      float value = p[pAt + i];
      float step = g[gAt + i] + decay * value;
      float speed = momentum * v[vAt + i] + step;
      v[vAt + i] = speed;
      p[pAt + i] = value - lr * (ofStep * step + ofSpeed * speed);
    }
  }

  @Override
  protected void doAdam(
      long length,
      long step,
      Buffer parameters,
      Buffer gradients,
      Buffer mean,
      Buffer variance,
      double lr,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay) {
    adam.p = (SimdBuffer) parameters;
    adam.g = (SimdBuffer) gradients;
    adam.m = (SimdBuffer) mean;
    adam.v = (SimdBuffer) variance;
    adam.stepSize = (float) (lr / (1 - Math.pow(beta1, (double) step)));
    adam.rootScale = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
    adam.beta1 = (float) beta1;
    adam.rest1 = (float) (1 - beta1);
    adam.beta2 = (float) beta2;
    adam.rest2 = (float) (1 - beta2);
    adam.epsilon = (float) epsilon;
    adam.decay = (float) weightDecay;
    adam.over(pool, (int) length, COST);
  }

  private static void adam(
      float[] p,
      int pAt,
      float[] g,
      int gAt,
      float[] m,
      int mAt,
      float[] v,
      int vAt,
      int count,
      float stepSize,
      float rootScale,
      float b1,
      float rest1,
      float b2,
      float rest2,
      float eps,
      float decay) {
    for (int i = 0; i < count; i++) {
      float value = p[pAt + i];
      float slope = g[gAt + i] + decay * value;
      float first = b1 * m[mAt + i] + rest1 * slope;
      float second = b2 * v[vAt + i] + rest2 * slope * slope;
      m[mAt + i] = first;
      v[vAt + i] = second;
      p[pAt + i] = value - stepSize * first / ((float) Math.sqrt(second) * rootScale + eps);
    }
  }
}
