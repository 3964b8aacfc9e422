package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.KlWeights;

/**
 * The decomposed KL term, see {@link latentrace.backend.LatentOps#totalCorrelation}. Everything is
 * in double, latents first, so that the samples of a latent stand together and exponentials are
 * taken on vectors. Memory for pairs of samples is kept from call to call.
 */
final class SimdTotalCorrelation {
  private static final double LN_2_PI = Math.log(2 * Math.PI);

  /** Rough number of operations of a latent of a pair of samples. */
  private static final int COST = 16;

  private final WorkerPool pool;
  private final double[][] scratch;
  private final double[][] sums;
  private final Densities densities = new Densities();
  private final Backward backward = new Backward();
  private int n;
  private int d;
  private KlWeights weights;

  /** μ, lv, e^{−lv} and ξ, each [d,n]. */
  private double[] mu = {};

  private double[] lv = {};
  private double[] precision = {};
  private double[] draws = {};

  /** P [n,d], and for a gradient e^{Σ_l s_ijl − A_i} [n,n]. */
  private double[] marginals = {};

  private double[] weightOfPair = {};

  SimdTotalCorrelation(WorkerPool pool) {
    this.pool = pool;
    this.scratch = new double[pool.threads()][0];
    this.sums = new double[pool.threads()][0];
  }

  private void load(int samples, int latents, SimdBuffer h, SimdBuffer xi, KlWeights of) {
    n = samples;
    d = latents;
    weights = of;
    int length = Doubles.padded(n * d);
    if (mu.length < length) {
      mu = new double[length];
      lv = new double[length];
      precision = new double[length];
      draws = new double[length];
      marginals = new double[length];
    }
    for (int j = 0; j < n; j++) {
      for (int l = 0; l < d; l++) {
        int from = h.offset + 2 * j * d + l;
        mu[l * n + j] = h.data[from];
        lv[l * n + j] = h.data[from + d];
        precision[l * n + j] = -h.data[from + d];
        draws[l * n + j] = xi.data[xi.offset + j * d + l];
      }
    }
    Arrays.fill(precision, n * d, length, 0);
    Doubles.exp(precision, length);
  }

  /** A number per sample, of a worker's own. */
  private double[] numbers(double[][] ofWorkers, int worker) {
    int needed = Doubles.padded(n);
    if (ofWorkers[worker].length < needed) {
      ofWorkers[worker] = new double[needed];
    }
    return ofWorkers[worker];
  }

  /** to[j] = ln N(ξ_il; μ_jl, e^{lv_jl}) for all j. */
  private void densities(int i, int l, double[] to) {
    double x = draws[l * n + i];
    int base = l * n;
    for (int j = 0; j < n; j++) {
      double r = x - mu[base + j];
      to[j] = -0.5 * (LN_2_PI + lv[base + j] + r * r * precision[base + j]);
    }
  }

  /** e^{x − shift} in place, of n numbers; what stands behind them is lost. */
  private void exp(double[] x, double shift) {
    int length = Doubles.padded(n);
    for (int j = 0; j < n; j++) {
      x[j] -= shift;
    }
    Arrays.fill(x, n, length, 0);
    Doubles.exp(x, length);
  }

  /** ln Σ e^x of n numbers, which are e^{x − greatest} afterwards. */
  private double logSumExp(double[] x) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < n; j++) {
      greatest = Math.max(greatest, x[j]);
    }
    exp(x, greatest);
    double sum = 0;
    for (int j = 0; j < n; j++) {
      sum += x[j];
    }
    return greatest + Math.log(sum);
  }

  /** P and A of each draw; then its penalty, or the weights of its pairs. */
  private final class Densities extends Loop {
    private SimdBuffer penalty;

    @Override
    void range(int from, int to, int worker) {
      double[] one = numbers(scratch, worker);
      double[] all = numbers(sums, worker);
      for (int i = from; i < to; i++) {
        Arrays.fill(all, 0, n, 0);
        double product = 0;
        double prior = 0;
        for (int l = 0; l < d; l++) {
          densities(i, l, one);
          for (int j = 0; j < n; j++) {
            all[j] += one[j];
          }
          marginals[i * d + l] = logSumExp(one);
          product += marginals[i * d + l];
          double x = draws[l * n + i];
          prior -= 0.5 * (LN_2_PI + x * x);
        }
        double own = all[i];
        if (penalty == null) {
          weigh(i, all);
          continue;
        }
        double joint = logSumExp(all);
        penalty.data[penalty.offset + i] =
            (float)
                (weights.mutualInformation() * (own - joint)
                    + weights.totalCorrelation() * (joint - product)
                    + weights.dimensionWise() * (product - prior));
      }
    }

    private void weigh(int i, double[] logs) {
      logSumExp(logs);
      double sum = 0;
      for (int j = 0; j < n; j++) {
        sum += logs[j];
      }
      for (int j = 0; j < n; j++) {
        weightOfPair[i * n + j] = logs[j] / sum;
      }
    }

    @Override
    void release() {
      penalty = null;
    }
  }

  /** The gradient at a sample's h. */
  private final class Backward extends Loop {
    private double scale;
    private SimdBuffer dH;

    @Override
    void range(int from, int to, int worker) {
      double[] s = numbers(scratch, worker);
      for (int k = from; k < to; k++) {
        for (int l = 0; l < d; l++) {
          double x = draws[l * n + k];
          double dXi = weights.dimensionWise() * x + atDraw(k, l, s);
          int mean = dH.offset + 2 * k * d + l;
          addAtPosterior(k, l, s, mean);
          dH.data[mean] += (float) (scale * dXi);
          dH.data[mean + d] += (float) (scale * dXi * 0.5 * (x - mu[l * n + k]));
        }
      }
    }

    private double ofJoint() {
      return weights.totalCorrelation() - weights.mutualInformation();
    }

    private double ofMarginal() {
      return weights.dimensionWise() - weights.totalCorrelation();
    }

    /** −Σ_j g_kjl·r·e^{−lv_jl}: the draw of sample k under every posterior. */
    private double atDraw(int k, int l, double[] s) {
      densities(k, l, s);
      exp(s, marginals[k * d + l]);
      double sum = 0;
      for (int j = 0; j < n; j++) {
        double g = ofJoint() * weightOfPair[k * n + j] + ofMarginal() * s[j];
        g += j == k ? weights.mutualInformation() : 0;
        sum -= g * (draws[l * n + k] - mu[l * n + j]) * precision[l * n + j];
      }
      return sum;
    }

    /**
     * Σ_i of g_ikl·r·e^{−lv_kl} and of g_ikl·½(r²·e^{−lv_kl} − 1): every draw under posterior k.
     */
    private void addAtPosterior(int k, int l, double[] s, int mean) {
      int own = l * n + k;
      for (int i = 0; i < n; i++) {
        double r = draws[l * n + i] - mu[own];
        s[i] = -0.5 * (LN_2_PI + lv[own] + r * r * precision[own]) - marginals[i * d + l];
      }
      exp(s, 0);
      double dMu = 0;
      double dLv = 0;
      for (int i = 0; i < n; i++) {
        double g = ofJoint() * weightOfPair[i * n + k] + ofMarginal() * s[i];
        g += i == k ? weights.mutualInformation() : 0;
        double r = draws[l * n + i] - mu[own];
        dMu += g * r * precision[own];
        dLv += g * 0.5 * (r * r * precision[own] - 1);
      }
      dH.data[mean] += (float) (scale * dMu);
      dH.data[mean + d] += (float) (scale * dLv);
    }

    @Override
    void release() {
      dH = null;
    }
  }

  void forward(
      int samples, int latents, SimdBuffer h, SimdBuffer xi, KlWeights of, SimdBuffer penalty) {
    load(samples, latents, h, xi, of);
    densities.penalty = penalty;
    densities.over(pool, n, (long) n * d * COST);
  }

  void backward(
      int samples,
      int latents,
      SimdBuffer h,
      SimdBuffer xi,
      KlWeights of,
      double scale,
      SimdBuffer dH) {
    load(samples, latents, h, xi, of);
    int pairs = Math.multiplyExact(n, n);
    weightOfPair = weightOfPair.length < pairs ? new double[pairs] : weightOfPair;
    densities.over(pool, n, (long) n * d * COST);
    backward.scale = scale;
    backward.dH = dH;
    backward.over(pool, n, 2L * n * d * COST);
  }
}
