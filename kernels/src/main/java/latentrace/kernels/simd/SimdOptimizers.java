package latentrace.kernels.simd;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.OptimizerOps;

/** One pass over all arrays; plain loops, which the JIT vectorises. */
final class SimdOptimizers extends OptimizerOps {
  private final WorkerPool pool;

  SimdOptimizers(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
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
    SimdBuffer p = (SimdBuffer) parameters;
    SimdBuffer g = (SimdBuffer) gradients;
    SimdBuffer v = (SimdBuffer) velocity;
    float rate = (float) lr;
    float decay = (float) weightDecay;
    float mu = (float) momentum;
    Chunks.run(
        pool,
        (int) length,
        (at, count) -> {
          if (momentum == 0) {
            plain(p.data, p.offset + at, g.data, g.offset + at, count, rate, decay);
          } else {
            withMomentum(
                p.data,
                p.offset + at,
                g.data,
                g.offset + at,
                v.data,
                v.offset + at,
                count,
                rate,
                mu,
                nesterov,
                decay);
          }
        });
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
    SimdBuffer p = (SimdBuffer) parameters;
    SimdBuffer g = (SimdBuffer) gradients;
    SimdBuffer m = (SimdBuffer) mean;
    SimdBuffer v = (SimdBuffer) variance;
    float stepSize = (float) (lr / (1 - Math.pow(beta1, (double) step)));
    float rootScale = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
    float b1 = (float) beta1;
    float b2 = (float) beta2;
    float rest1 = (float) (1 - beta1);
    float rest2 = (float) (1 - beta2);
    float eps = (float) epsilon;
    float decay = (float) weightDecay;
    Chunks.run(
        pool,
        (int) length,
        (at, count) ->
            adam(
                p.data,
                p.offset + at,
                g.data,
                g.offset + at,
                m.data,
                m.offset + at,
                v.data,
                v.offset + at,
                count,
                stepSize,
                rootScale,
                b1,
                rest1,
                b2,
                rest2,
                eps,
                decay));
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
