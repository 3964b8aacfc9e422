package latentrace.reference;

import latentrace.backend.KlWeights;

/**
 * The decomposed KL term of one batch, with all its log-densities in memory: s[i][j][l] = ln
 * N(ξ_il; μ_jl, e^{lv_jl}).
 */
final class EjmlTotalCorrelation {
  private static final double LN_2_PI = Math.log(2 * Math.PI);

  private final int n;
  private final int d;
  private final EjmlBuffer h;
  private final EjmlBuffer xi;
  private final double[][] marginals;
  private final double[] joints;

  EjmlTotalCorrelation(int n, int d, EjmlBuffer h, EjmlBuffer xi) {
    this.n = n;
    this.d = d;
    this.h = h;
    this.xi = xi;
    this.marginals = new double[n][d];
    this.joints = new double[n];
    double[] logs = new double[n];
    for (int i = 0; i < n; i++) {
      for (int l = 0; l < d; l++) {
        for (int j = 0; j < n; j++) {
          logs[j] = density(i, j, l);
        }
        marginals[i][l] = logSumExp(logs);
      }
      for (int j = 0; j < n; j++) {
        logs[j] = joint(i, j);
      }
      joints[i] = logSumExp(logs);
    }
  }

  private static double logSumExp(double[] logs) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      greatest = Math.max(greatest, log);
    }
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - greatest);
    }
    return greatest + Math.log(sum);
  }

  private double lv(int j, int l) {
    return h.data[h.offset + j * 2 * d + d + l];
  }

  /** ξ_il − μ_jl. */
  private double difference(int i, int j, int l) {
    return xi.data[xi.offset + i * d + l] - h.data[h.offset + j * 2 * d + l];
  }

  private double density(int i, int j, int l) {
    double r = difference(i, j, l);
    return -0.5 * (LN_2_PI + lv(j, l) + r * r * Math.exp(-lv(j, l)));
  }

  private double joint(int i, int j) {
    double sum = 0;
    for (int l = 0; l < d; l++) {
      sum += density(i, j, l);
    }
    return sum;
  }

  void penalty(KlWeights weights, EjmlBuffer target) {
    for (int i = 0; i < n; i++) {
      double product = 0;
      double prior = 0;
      for (int l = 0; l < d; l++) {
        double x = xi.data[xi.offset + i * d + l];
        product += marginals[i][l];
        prior -= 0.5 * (LN_2_PI + x * x);
      }
      target.data[target.offset + i] =
          weights.mutualInformation() * (joint(i, i) - joints[i])
              + weights.totalCorrelation() * (joints[i] - product)
              + weights.dimensionWise() * (product - prior);
    }
  }

  void backward(KlWeights weights, double scale, EjmlBuffer dH) {
    for (int i = 0; i < n; i++) {
      for (int l = 0; l < d; l++) {
        double dXi = weights.dimensionWise() * xi.data[xi.offset + i * d + l];
        for (int j = 0; j < n; j++) {
          double slope = slope(weights, i, j, l);
          double precision = Math.exp(-lv(j, l));
          double r = difference(i, j, l);
          dXi -= slope * r * precision;
          int mu = dH.offset + j * 2 * d + l;
          dH.data[mu] += scale * slope * r * precision;
          dH.data[mu + d] += scale * slope * 0.5 * (r * r * precision - 1);
        }
        int mu = dH.offset + i * 2 * d + l;
        dH.data[mu] += scale * dXi;
        dH.data[mu + d] += scale * dXi * 0.5 * difference(i, i, l);
      }
    }
  }

  /** ∂penalty/∂s[i][j][l]. */
  private double slope(KlWeights weights, int i, int j, int l) {
    double ofJoint = weights.totalCorrelation() - weights.mutualInformation();
    double ofMarginal = weights.dimensionWise() - weights.totalCorrelation();
    return (i == j ? weights.mutualInformation() : 0)
        + ofJoint * Math.exp(joint(i, j) - joints[i])
        + ofMarginal * Math.exp(density(i, j, l) - marginals[i][l]);
  }
}
