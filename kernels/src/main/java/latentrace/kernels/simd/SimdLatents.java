package latentrace.kernels.simd;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.LatentOps;

/** One exponential in double per latent, then plain loops over the draws. */
final class SimdLatents extends LatentOps {
  /** Cost of an exponential in the unit of {@link Chunks#pieces}. */
  private static final int COST = 32;

  /** Does sample {@code i}. */
  private interface Sample {
    void run(int i);
  }

  private final WorkerPool pool;

  SimdLatents(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
  }

  private void each(int n, long cost, Sample body) {
    int pieces = Chunks.pieces(pool, n, cost);
    pool.run(
        pieces,
        (piece, worker) -> {
          int end = (int) ((long) n * (piece + 1) / pieces);
          for (int i = (int) ((long) n * piece / pieces); i < end; i++) {
            body.run(i);
          }
        });
  }

  @Override
  protected void doReparameterize(int n, int m, int d, Buffer h, Buffer epsilon, Buffer xi) {
    SimdBuffer head = (SimdBuffer) h;
    SimdBuffer noise = (SimdBuffer) epsilon;
    SimdBuffer latent = (SimdBuffer) xi;
    each(
        n,
        (long) d * (COST + m),
        i -> {
          int mu = head.offset + i * 2 * d;
          int first = i * m * d;
          // draw 0 holds σ until its turn, which is the last
          for (int l = 0; l < d; l++) {
            latent.data[latent.offset + first + l] = (float) Math.exp(0.5 * head.data[mu + d + l]);
          }
          for (int j = m - 1; j >= 0; j--) {
            int to = latent.offset + first + j * d;
            int from = noise.offset + first + j * d;
            for (int l = 0; l < d; l++) {
              latent.data[to + l] =
                  head.data[mu + l] + latent.data[latent.offset + first + l] * noise.data[from + l];
            }
          }
        });
  }

  @Override
  protected void doReparameterizeBackward(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer dXi, Buffer dH) {
    SimdBuffer head = (SimdBuffer) h;
    SimdBuffer noise = (SimdBuffer) epsilon;
    SimdBuffer upstream = (SimdBuffer) dXi;
    SimdBuffer to = (SimdBuffer) dH;
    each(
        n,
        (long) d * (COST + m),
        i -> {
          int mu = to.offset + i * 2 * d;
          int lv = mu + d;
          for (int l = 0; l < d; l++) {
            to.data[mu + l] = 0;
            to.data[lv + l] = 0;
          }
          for (int j = 0; j < m; j++) {
            int row = (i * m + j) * d;
            for (int l = 0; l < d; l++) {
              float g = upstream.data[upstream.offset + row + l];
              to.data[mu + l] += g;
              to.data[lv + l] += g * noise.data[noise.offset + row + l];
            }
          }
          for (int l = 0; l < d; l++) {
            to.data[lv + l] *=
                (float) (0.5 * Math.exp(0.5 * head.data[head.offset + i * 2 * d + d + l]));
          }
        });
  }

  @Override
  protected void doScoreFunctionBackward(
      int n,
      int m,
      int d,
      Buffer h,
      Buffer epsilon,
      Buffer xi,
      Buffer rec,
      double beta,
      double scale,
      Buffer dH) {
    SimdBuffer head = (SimdBuffer) h;
    SimdBuffer noise = (SimdBuffer) epsilon;
    SimdBuffer latent = (SimdBuffer) xi;
    SimdBuffer loss = (SimdBuffer) rec;
    SimdBuffer to = (SimdBuffer) dH;
    each(
        n,
        (long) d * (COST + 4 * m),
        i -> {
          int lvIn = head.offset + i * 2 * d + d;
          int mu = to.offset + i * 2 * d;
          int lv = mu + d;
          for (int l = 0; l < d; l++) {
            to.data[mu + l] = 0;
            to.data[lv + l] = 0;
          }
          for (int j = 0; j < m; j++) {
            int row = (i * m + j) * d;
            double logRatio = 0;
            for (int l = 0; l < d; l++) {
              double e = noise.data[noise.offset + row + l];
              double x = latent.data[latent.offset + row + l];
              logRatio += 0.5 * (x * x - e * e - head.data[lvIn + l]);
            }
            float signal = (float) (scale * (beta * logRatio + loss.data[loss.offset + i * m + j]));
            for (int l = 0; l < d; l++) {
              float e = noise.data[noise.offset + row + l];
              to.data[mu + l] += signal * e;
              to.data[lv + l] += signal * 0.5f * (e * e - 1);
            }
          }
          for (int l = 0; l < d; l++) {
            to.data[mu + l] *= (float) Math.exp(-0.5 * head.data[lvIn + l]);
          }
        });
  }

  @Override
  protected void doKl(int n, int d, Buffer h, Buffer kl) {
    SimdBuffer head = (SimdBuffer) h;
    SimdBuffer to = (SimdBuffer) kl;
    each(
        n,
        (long) d * COST,
        i -> {
          int mu = head.offset + i * 2 * d;
          double sum = 0;
          for (int l = 0; l < d; l++) {
            double mean = head.data[mu + l];
            double lv = head.data[mu + d + l];
            sum += mean * mean + Math.expm1(lv) - lv;
          }
          to.data[to.offset + i] = (float) (0.5 * sum);
        });
  }

  @Override
  protected void doKlBackward(int n, int d, Buffer h, Buffer coefficient, Buffer dH) {
    SimdBuffer head = (SimdBuffer) h;
    SimdBuffer factor = (SimdBuffer) coefficient;
    SimdBuffer to = (SimdBuffer) dH;
    each(
        n,
        (long) d * COST,
        i -> {
          int from = head.offset + i * 2 * d;
          int mu = to.offset + i * 2 * d;
          float c = factor.data[factor.offset + i];
          for (int l = 0; l < d; l++) {
            to.data[mu + l] += c * head.data[from + l];
          }
          for (int l = d; l < 2 * d; l++) {
            to.data[mu + l] += (float) (c * 0.5 * Math.expm1(head.data[from + l]));
          }
        });
  }

  @Override
  protected void doKlPenalty(
      int n,
      Buffer kl,
      double weight,
      double capacity,
      double scale,
      Buffer penalty,
      Buffer coefficient) {
    SimdBuffer from = (SimdBuffer) kl;
    SimdBuffer value = (SimdBuffer) penalty;
    SimdBuffer factor = (SimdBuffer) coefficient;
    for (int i = 0; i < n; i++) {
      double excess = from.data[from.offset + i] - (Double.isNaN(capacity) ? 0 : capacity);
      double sign = Double.isNaN(capacity) ? 1 : Math.signum(excess);
      value.data[value.offset + i] = (float) (weight * sign * excess);
      factor.data[factor.offset + i] = (float) (scale * weight * sign);
    }
  }
}
