package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.KlWeights;
import latentrace.backend.LatentOps;

/** One exponential per latent, on vectors of doubles, then plain loops over the draws. */
final class SimdLatents extends LatentOps {
  /** Rough number of operations of an exponential. */
  private static final int COST = 8;

  private final WorkerPool pool;
  private final double[][] scratch;
  private final double[][] sums;
  private final Reparameterize reparameterize = new Reparameterize();
  private final Backward backward = new Backward();
  private final ScoreFunction scoreFunction = new ScoreFunction();
  private final Kl kl = new Kl();
  private final KlBackward klBackward = new KlBackward();
  private final SimdTotalCorrelation totalCorrelation;

  SimdLatents(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.scratch = new double[pool.threads()][0];
    this.sums = new double[pool.threads()][0];
    this.totalCorrelation = new SimdTotalCorrelation(pool);
  }

  /** Over samples, each with its row [μ | lv] of h. */
  private abstract class Samples extends Loop {
    int m;
    int d;
    SimdBuffer h;

    final void start(int n, int draws, int size, Buffer head, long each) {
      m = draws;
      d = size;
      h = (SimdBuffer) head;
      over(pool, n, each);
    }

    @Override
    void release() {
      h = null;
    }

    final int mu(int i) {
      return h.offset + 2 * i * d;
    }

    /** The worker's memory for 2d sums. */
    final double[] sums(int worker) {
      if (sums[worker].length < 2 * d) {
        sums[worker] = new double[2 * d];
      }
      return sums[worker];
    }

    /** e^{factor·lv} of a sample, in the worker's memory. */
    final double[] exponentials(double factor, int i, int worker) {
      int needed = Doubles.padded(d);
      if (scratch[worker].length < needed) {
        scratch[worker] = new double[needed];
      }
      Doubles.exp(factor, h.data, mu(i) + d, d, scratch[worker]);
      return scratch[worker];
    }
  }

  private final class Reparameterize extends Samples {
    private SimdBuffer epsilon;
    private SimdBuffer xi;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        double[] sigma = exponentials(0.5, i, worker);
        int first = xi.offset + i * m * d;
        int noise = epsilon.offset + i * m * d;
        // draw 0 holds σ until its turn, which is the last
        for (int l = 0; l < d; l++) {
          xi.data[first + l] = (float) sigma[l];
        }
        for (int j = m - 1; j >= 0; j--) {
          shiftAndScale(
              h.data, mu(i), xi.data, first, epsilon.data, noise + j * d, xi.data, first + j * d);
        }
      }
    }

    @Override
    void release() {
      epsilon = null;
      xi = null;
      super.release();
    }

    private void shiftAndScale(
        float[] mean,
        int meanAt,
        float[] sigma,
        int sigmaAt,
        float[] e,
        int eAt,
        float[] to,
        int at) {
      for (int l = 0; l < d; l++) {
        to[at + l] = mean[meanAt + l] + sigma[sigmaAt + l] * e[eAt + l];
      }
    }
  }

  private final class Backward extends Samples {
    private SimdBuffer epsilon;
    private SimdBuffer dXi;
    private SimdBuffer dH;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        double[] sums = sums(worker);
        Arrays.fill(sums, 0, 2 * d, 0);
        for (int j = 0; j < m; j++) {
          int row = (i * m + j) * d;
          add(dXi.data, dXi.offset + row, epsilon.data, epsilon.offset + row, sums);
        }
        double[] sigma = exponentials(0.5, i, worker);
        int dMu = dH.offset + 2 * i * d;
        for (int l = 0; l < d; l++) {
          dH.data[dMu + l] = (float) sums[l];
          dH.data[dMu + d + l] = (float) (0.5 * sigma[l] * sums[d + l]);
        }
      }
    }

    /** In double, because the terms may have one sign. */
    private void add(float[] g, int gAt, float[] e, int eAt, double[] sums) {
      for (int l = 0; l < d; l++) {
        sums[l] += g[gAt + l];
      }
      for (int l = 0; l < d; l++) {
        sums[d + l] += (double) g[gAt + l] * e[eAt + l];
      }
    }

    @Override
    void release() {
      epsilon = null;
      dXi = null;
      dH = null;
      super.release();
    }
  }

  private final class ScoreFunction extends Samples {
    private SimdBuffer epsilon;
    private SimdBuffer xi;
    private SimdBuffer rec;
    private SimdBuffer dH;
    private double beta;
    private double scale;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        double[] sums = sums(worker);
        Arrays.fill(sums, 0, 2 * d, 0);
        int lv = mu(i) + d;
        for (int j = 0; j < m; j++) {
          int row = (i * m + j) * d;
          double logRatio = 0;
          for (int l = 0; l < d; l++) {
            double e = epsilon.data[epsilon.offset + row + l];
            double x = xi.data[xi.offset + row + l];
            logRatio += 0.5 * (x * x - e * e - h.data[lv + l]);
          }
          double signal = scale * (beta * logRatio + rec.data[rec.offset + i * m + j]);
          for (int l = 0; l < d; l++) {
            double e = epsilon.data[epsilon.offset + row + l];
            sums[l] += signal * e;
            sums[d + l] += signal * 0.5 * (e * e - 1);
          }
        }
        double[] inverse = exponentials(-0.5, i, worker);
        int dMu = dH.offset + 2 * i * d;
        for (int l = 0; l < d; l++) {
          dH.data[dMu + l] = (float) (inverse[l] * sums[l]);
          dH.data[dMu + d + l] = (float) sums[d + l];
        }
      }
    }

    @Override
    void release() {
      epsilon = null;
      xi = null;
      rec = null;
      dH = null;
      super.release();
    }
  }

  private final class Kl extends Samples {
    private SimdBuffer kl;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        double[] variance = exponentials(1, i, worker);
        int mu = mu(i);
        double sum = 0;
        for (int l = 0; l < d; l++) {
          double mean = h.data[mu + l];
          double lv = h.data[mu + d + l];
          sum += mean * mean + (variance[l] - 1 - lv);
        }
        kl.data[kl.offset + i] = (float) (0.5 * sum);
      }
    }

    @Override
    void release() {
      kl = null;
      super.release();
    }
  }

  private final class KlBackward extends Samples {
    private SimdBuffer coefficient;
    private SimdBuffer dH;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        double[] variance = exponentials(1, i, worker);
        int mu = mu(i);
        int dMu = dH.offset + 2 * i * d;
        float c = coefficient.data[coefficient.offset + i];
        for (int l = 0; l < d; l++) {
          dH.data[dMu + l] += c * h.data[mu + l];
        }
        for (int l = 0; l < d; l++) {
          dH.data[dMu + d + l] += (float) (0.5 * c * (variance[l] - 1));
        }
      }
    }

    @Override
    void release() {
      coefficient = null;
      dH = null;
      super.release();
    }
  }

  @Override
  protected void doReparameterize(int n, int m, int d, Buffer h, Buffer epsilon, Buffer xi) {
    reparameterize.epsilon = (SimdBuffer) epsilon;
    reparameterize.xi = (SimdBuffer) xi;
    reparameterize.start(n, m, d, h, (long) d * (COST + m));
  }

  @Override
  protected void doReparameterizeBackward(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer dXi, Buffer dH) {
    backward.epsilon = (SimdBuffer) epsilon;
    backward.dXi = (SimdBuffer) dXi;
    backward.dH = (SimdBuffer) dH;
    backward.start(n, m, d, h, (long) d * (COST + m));
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
    scoreFunction.epsilon = (SimdBuffer) epsilon;
    scoreFunction.xi = (SimdBuffer) xi;
    scoreFunction.rec = (SimdBuffer) rec;
    scoreFunction.dH = (SimdBuffer) dH;
    scoreFunction.beta = beta;
    scoreFunction.scale = scale;
    scoreFunction.start(n, m, d, h, (long) d * (COST + 4 * m));
  }

  @Override
  protected void doKl(int n, int d, Buffer h, Buffer target) {
    kl.kl = (SimdBuffer) target;
    kl.start(n, 1, d, h, (long) d * COST);
  }

  @Override
  protected void doKlBackward(int n, int d, Buffer h, Buffer coefficient, Buffer dH) {
    klBackward.coefficient = (SimdBuffer) coefficient;
    klBackward.dH = (SimdBuffer) dH;
    klBackward.start(n, 1, d, h, (long) d * COST);
  }

  @Override
  protected void doTotalCorrelation(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, Buffer penalty) {
    totalCorrelation.forward(n, d, (SimdBuffer) h, (SimdBuffer) xi, weights, (SimdBuffer) penalty);
  }

  @Override
  protected void doTotalCorrelationBackward(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, double scale, Buffer dH) {
    totalCorrelation.backward(
        n, d, (SimdBuffer) h, (SimdBuffer) xi, weights, scale, (SimdBuffer) dH);
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
