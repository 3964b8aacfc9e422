package latentrace.tests.conformance;

import latentrace.backend.Activation;
import latentrace.backend.KlWeights;
import latentrace.backend.Reconstruction;

/**
 * Every operation as simple loops in double, written from the Javadoc of latentrace.backend. Shares
 * no code with any backend; naive on purpose, for arguments of moderate size.
 */
final class Oracle {
  /** Roundings allowed for a formula of a few operations on one element. */
  static final int FORMULA = 16;

  private Oracle() {}

  private static double at(double[] m, boolean transposed, long base, int ld, int row, int col) {
    return m[(int) (base + (transposed ? (long) col * ld + row : (long) row * ld + col))];
  }

  static Expected gemm(
      boolean transA,
      boolean transB,
      int m,
      int n,
      int k,
      double alpha,
      double[] a,
      int lda,
      long strideA,
      double[] b,
      int ldb,
      long strideB,
      double beta,
      double[] c,
      int ldc,
      long strideC,
      int batch) {
    Expected out = new Expected(c, k + 2);
    for (int p = 0; p < batch; p++) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          int to = (int) (p * strideC + (long) i * ldc + j);
          out.begin(to, beta == 0 ? 0 : beta * c[to]);
          for (int q = 0; q < k; q++) {
            out.add(
                to,
                alpha
                    * at(a, transA, p * strideA, lda, i, q)
                    * at(b, transB, p * strideB, ldb, q, j));
          }
        }
      }
    }
    return out;
  }

  static double activate(Activation f, double x) {
    return switch (f) {
      case IDENTITY -> x;
      case RELU -> x > 0 ? x : 0;
      case LEAKY_RELU -> x > 0 ? x : x / 100;
      case TANH -> (Math.exp(x) - Math.exp(-x)) / (Math.exp(x) + Math.exp(-x));
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case SOFTPLUS -> Math.log(1 + Math.exp(x));
    };
  }

  /** f' as a function of x, not of y: the other way round from the contract. */
  static double slope(Activation f, double x) {
    double t = Math.exp(-x);
    return switch (f) {
      case IDENTITY -> 1;
      case RELU -> x > 0 ? 1 : 0;
      case LEAKY_RELU -> x > 0 ? 1 : 1 / 100.0;
      case TANH -> 1 / (Math.cosh(x) * Math.cosh(x));
      case SIGMOID -> t / ((1 + t) * (1 + t));
      case SOFTPLUS -> 1 / (1 + t);
    };
  }

  static Expected linearForward(
      int rows, int in, int out, double[] x, double[] w, double[] b, Activation f) {
    Expected y = new Expected(rows * out, in + 1 + FORMULA);
    for (int r = 0; r < rows; r++) {
      for (int o = 0; o < out; o++) {
        double sum = b[o];
        double size = Math.abs(b[o]);
        for (int i = 0; i < in; i++) {
          sum += x[r * in + i] * w[o * in + i];
          size += Math.abs(x[r * in + i] * w[o * in + i]);
        }
        // no activation has a slope above 1
        y.set(r * out + o, activate(f, sum), size + 1);
      }
    }
    return y;
  }

  static Expected linearBackwardInput(int rows, int in, int out, double[] delta, double[] w) {
    Expected dX = new Expected(rows * in, out);
    for (int r = 0; r < rows; r++) {
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          dX.add(r * in + i, delta[r * out + o] * w[o * in + i]);
        }
      }
    }
    return dX;
  }

  static Expected linearBackwardWeight(
      int rows,
      int in,
      int out,
      double alpha,
      double[] x,
      double[] delta,
      double beta,
      double[] before) {
    Expected dWeight = new Expected(out * in, rows + 1);
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        dWeight.begin(o * in + i, beta == 0 ? 0 : beta * before[o * in + i]);
        for (int r = 0; r < rows; r++) {
          dWeight.add(o * in + i, alpha * delta[r * out + o] * x[r * in + i]);
        }
      }
    }
    return dWeight;
  }

  static Expected linearBackwardBias(
      int rows, int out, double alpha, double[] delta, double beta, double[] before) {
    Expected dBias = new Expected(out, rows + 1);
    for (int o = 0; o < out; o++) {
      dBias.begin(o, beta == 0 ? 0 : beta * before[o]);
      for (int r = 0; r < rows; r++) {
        dBias.add(o, alpha * delta[r * out + o]);
      }
    }
    return dBias;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** Values [rows]. */
  static Expected reconstruction(
      Reconstruction kind, int rows, int draws, int features, double[] o, double[] x) {
    Expected values = new Expected(rows, features + FORMULA);
    for (int r = 0; r < rows; r++) {
      for (int f = 0; f < features; f++) {
        double logit = o[r * features + f];
        double target = x[r / draws * features + f];
        double error = sigmoid(logit) - target;
        values.add(
            r,
            switch (kind) {
              case BERNOULLI ->
                  -target * Math.log(sigmoid(logit)) - (1 - target) * Math.log(1 - sigmoid(logit));
              case GAUSSIAN -> error * error;
              case MSE -> (logit - target) * (logit - target);
              case L1 -> logit > target ? logit - target : target - logit;
            });
        values.magnitude[r] += Math.abs(logit) + Math.abs(target);
      }
    }
    return values;
  }

  /** dOutput [rows,features]. */
  static Expected reconstructionGradient(
      Reconstruction kind,
      int rows,
      int draws,
      int features,
      double[] o,
      double[] x,
      double scale) {
    Expected d = new Expected(rows * features, FORMULA);
    for (int r = 0; r < rows; r++) {
      for (int f = 0; f < features; f++) {
        double logit = o[r * features + f];
        double target = x[r / draws * features + f];
        double s = sigmoid(logit);
        double slope =
            switch (kind) {
              case BERNOULLI -> s - target;
              case GAUSSIAN -> 2 * (s - target) * s * (1 - s);
              case MSE -> 2 * (logit - target);
              case L1 -> logit > target ? 1 : -1;
            };
        d.set(
            r * features + f,
            scale * slope,
            Math.abs(scale) * 2 * (Math.abs(logit) + Math.abs(target) + 1));
      }
    }
    return d;
  }

  static Expected crossEntropy(int rows, int classes, double[] o, double[] labels) {
    Expected values = new Expected(rows, classes + FORMULA);
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      double size = 1;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(o[r * classes + c]);
        size = Math.max(size, Math.abs(o[r * classes + c]));
      }
      values.set(r, -Math.log(Math.exp(o[r * classes + (int) labels[r]]) / sum), 2 * size);
    }
    return values;
  }

  static Expected crossEntropyGradient(
      int rows, int classes, double[] o, double[] labels, double scale) {
    Expected d = new Expected(rows * classes, classes + FORMULA);
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(o[r * classes + c]);
      }
      for (int c = 0; c < classes; c++) {
        double hot = (int) labels[r] == c ? 1 : 0;
        double softmax = Math.exp(o[r * classes + c]) / sum;
        d.set(r * classes + c, scale * (softmax - hot), Math.abs(scale) * 2);
      }
    }
    return d;
  }

  static Expected reparameterize(int n, int m, int d, double[] h, double[] eps) {
    Expected xi = new Expected(n * m * d, FORMULA);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        for (int l = 0; l < d; l++) {
          int at = (i * m + j) * d + l;
          xi.add(at, h[i * 2 * d + l]);
          xi.add(at, Math.sqrt(Math.exp(h[i * 2 * d + d + l])) * eps[at]);
        }
      }
    }
    return xi;
  }

  static Expected reparameterizeBackward(
      int n, int m, int d, double[] h, double[] eps, double[] dXi) {
    Expected dH = new Expected(2 * n * d, m + FORMULA);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        for (int l = 0; l < d; l++) {
          int at = (i * m + j) * d + l;
          dH.add(i * 2 * d + l, dXi[at]);
          dH.add(
              i * 2 * d + d + l, dXi[at] * eps[at] * Math.sqrt(Math.exp(h[i * 2 * d + d + l])) / 2);
        }
      }
    }
    return dH;
  }

  /** From the densities themselves: ln N(ξ; μ, σ²) and ln N(ξ; 0, 1). */
  static Expected scoreFunctionBackward(
      int n,
      int m,
      int d,
      double[] h,
      double[] eps,
      double[] xi,
      double[] rec,
      double beta,
      double scale) {
    Expected dH = new Expected(2 * n * d, m + d + FORMULA);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double logQ = 0;
        double logP = 0;
        double size = Math.abs(rec[i * m + j]);
        for (int l = 0; l < d; l++) {
          int at = (i * m + j) * d + l;
          double lv = h[i * 2 * d + d + l];
          logQ += -0.5 * Math.log(2 * Math.PI) - 0.5 * lv - 0.5 * eps[at] * eps[at];
          logP += -0.5 * Math.log(2 * Math.PI) - 0.5 * xi[at] * xi[at];
          size += Math.abs(beta) * (Math.abs(lv) + eps[at] * eps[at] + xi[at] * xi[at]);
        }
        double s = beta * (logQ - logP) + rec[i * m + j];
        for (int l = 0; l < d; l++) {
          int at = (i * m + j) * d + l;
          double sigma = Math.exp(h[i * 2 * d + d + l] / 2);
          double toMu = eps[at] / sigma;
          double toLv = (eps[at] * eps[at] - 1) / 2;
          dH.value[i * 2 * d + l] += scale * s * toMu;
          dH.magnitude[i * 2 * d + l] += Math.abs(scale * toMu) * size;
          dH.value[i * 2 * d + d + l] += scale * s * toLv;
          dH.magnitude[i * 2 * d + d + l] += Math.abs(scale) * (eps[at] * eps[at] + 1) * size;
        }
      }
    }
    return dH;
  }

  static Expected kl(int n, int d, double[] h) {
    Expected kl = new Expected(n, d + FORMULA);
    for (int i = 0; i < n; i++) {
      for (int l = 0; l < d; l++) {
        double mu = h[i * 2 * d + l];
        double lv = h[i * 2 * d + d + l];
        kl.add(i, mu * mu / 2);
        kl.add(i, Math.exp(lv) / 2);
        kl.add(i, -0.5);
        kl.add(i, -lv / 2);
      }
    }
    return kl;
  }

  static Expected klBackward(int n, int d, double[] h, double[] c, double[] before) {
    Expected dH = new Expected(2 * n * d, FORMULA);
    for (int i = 0; i < n; i++) {
      for (int l = 0; l < d; l++) {
        int mu = i * 2 * d + l;
        int lv = mu + d;
        dH.begin(mu, before[mu]).add(mu, c[i] * h[mu]);
        dH.begin(lv, before[lv]).add(lv, c[i] * Math.exp(h[lv]) / 2);
        dH.add(lv, -c[i] / 2);
      }
    }
    return dH;
  }

  private static double cosine(double[] z, int d, int r, int q) {
    double product = 0;
    double squares = 0;
    double others = 0;
    for (int f = 0; f < d; f++) {
      product += z[r * d + f] * z[q * d + f];
      squares += z[r * d + f] * z[r * d + f];
      others += z[q * d + f] * z[q * d + f];
    }
    return product / Math.sqrt(squares * others);
  }

  /** −ln of the softmax among the other rows, from its definition. */
  static Expected contrastive(int pairs, int d, double temperature, double[] z) {
    Expected values = new Expected(pairs, 2 * pairs + d + FORMULA);
    for (int r = 0; r < 2 * pairs; r++) {
      int other = r % 2 == 0 ? r + 1 : r - 1;
      double sum = 0;
      for (int q = 0; q < 2 * pairs; q++) {
        sum += q == r ? 0 : Math.exp(cosine(z, d, r, q) / temperature);
      }
      double probability = Math.exp(cosine(z, d, r, other) / temperature) / sum;
      values.add(r / 2, -Math.log(probability) / 2);
      values.magnitude[r / 2] += 2 / temperature;
    }
    return values;
  }

  /** By the slope of each cosine at both of its rows, one pair of rows after the other. */
  static Expected contrastiveGradient(
      int pairs, int d, double temperature, double[] z, double scale) {
    Expected dZ = new Expected(2 * pairs * d, 2 * pairs + d + FORMULA);
    for (int r = 0; r < 2 * pairs; r++) {
      int other = r % 2 == 0 ? r + 1 : r - 1;
      double sum = 0;
      for (int q = 0; q < 2 * pairs; q++) {
        sum += q == r ? 0 : Math.exp(cosine(z, d, r, q) / temperature);
      }
      for (int q = 0; q < 2 * pairs; q++) {
        if (q != r) {
          double probability = Math.exp(cosine(z, d, r, q) / temperature) / sum;
          double slope = scale * (probability - (q == other ? 1 : 0)) / temperature / 2;
          addCosine(dZ, z, d, r, q, slope);
          addCosine(dZ, z, d, q, r, slope);
        }
      }
    }
    return dZ;
  }

  /** ∂cos/∂z_r = z_q/(‖z_r‖‖z_q‖) − cos·z_r/‖z_r‖². */
  private static void addCosine(Expected dZ, double[] z, int d, int r, int q, double slope) {
    double squares = 0;
    double others = 0;
    for (int f = 0; f < d; f++) {
      squares += z[r * d + f] * z[r * d + f];
      others += z[q * d + f] * z[q * d + f];
    }
    double cosine = cosine(z, d, r, q);
    for (int f = 0; f < d; f++) {
      dZ.add(r * d + f, slope * z[q * d + f] / Math.sqrt(squares * others));
      dZ.add(r * d + f, -slope * cosine * z[r * d + f] / squares);
    }
  }

  private static double normal(double x, double mean, double lv) {
    return Math.exp(-(x - mean) * (x - mean) / (2 * Math.exp(lv)))
        / Math.sqrt(2 * Math.PI * Math.exp(lv));
  }

  /** From the densities themselves, not their logarithms: for few latents. */
  static Expected totalCorrelation(int n, int d, double[] h, double[] xi, KlWeights w) {
    Expected penalty = new Expected(n, n * d + FORMULA);
    for (int i = 0; i < n; i++) {
      double aggregate = 0;
      double own = 1;
      double prior = 1;
      double product = 1;
      for (int l = 0; l < d; l++) {
        own *= normal(xi[i * d + l], h[i * 2 * d + l], h[i * 2 * d + d + l]);
        prior *= normal(xi[i * d + l], 0, 0);
        double marginal = 0;
        for (int j = 0; j < n; j++) {
          marginal += normal(xi[i * d + l], h[j * 2 * d + l], h[j * 2 * d + d + l]);
        }
        product *= marginal;
      }
      for (int j = 0; j < n; j++) {
        double density = 1;
        for (int l = 0; l < d; l++) {
          density *= normal(xi[i * d + l], h[j * 2 * d + l], h[j * 2 * d + d + l]);
        }
        aggregate += density;
      }
      penalty.begin(i, 0);
      penalty.add(i, w.mutualInformation() * Math.log(own / aggregate));
      penalty.add(i, w.totalCorrelation() * Math.log(aggregate / product));
      penalty.add(i, w.dimensionWise() * Math.log(product / prior));
    }
    return penalty;
  }

  /** The chain rule on the densities: ∂ln q = ∂q/q, one pair of samples after the other. */
  static Expected totalCorrelationBackward(
      int n, int d, double[] h, double[] xi, KlWeights w, double scale, double[] before) {
    Expected dH = new Expected(2 * n * d, n * d + FORMULA);
    for (int at = 0; at < before.length; at++) {
      dH.begin(at, before[at]);
    }
    for (int i = 0; i < n; i++) {
      double[] joint = new double[n];
      double[][] each = new double[n][d];
      double[] marginal = new double[d];
      double aggregate = 0;
      for (int j = 0; j < n; j++) {
        joint[j] = 1;
        for (int l = 0; l < d; l++) {
          each[j][l] = normal(xi[i * d + l], h[j * 2 * d + l], h[j * 2 * d + d + l]);
          joint[j] *= each[j][l];
          marginal[l] += each[j][l];
        }
        aggregate += joint[j];
      }
      for (int l = 0; l < d; l++) {
        int own = i * 2 * d + l;
        double half = (xi[i * d + l] - h[own]) / 2; // ∂ξ/∂lv
        addBoth(dH, own, scale * w.dimensionWise() * xi[i * d + l], half, d);
        for (int j = 0; j < n; j++) {
          double dLog =
              (i == j ? w.mutualInformation() : 0)
                  + (w.totalCorrelation() - w.mutualInformation()) * joint[j] / aggregate
                  + (w.dimensionWise() - w.totalCorrelation()) * each[j][l] / marginal[l];
          int mu = j * 2 * d + l;
          double variance = Math.exp(h[mu + d]);
          double r = xi[i * d + l] - h[mu];
          addBoth(dH, own, -scale * dLog * r / variance, half, d);
          dH.add(mu, scale * dLog * r / variance);
          dH.add(mu + d, scale * dLog * r * r / variance / 2);
          dH.add(mu + d, -scale * dLog / 2);
        }
      }
    }
    return dH;
  }

  private static void addBoth(Expected dH, int mu, double dXi, double half, int d) {
    dH.add(mu, dXi);
    dH.add(mu + d, dXi * half);
  }

  static Expected klPenalty(int n, double[] kl, double weight, double capacity) {
    Expected penalty = new Expected(n, FORMULA);
    for (int i = 0; i < n; i++) {
      double c = Double.isNaN(capacity) ? 0 : capacity;
      double value = Double.isNaN(capacity) ? kl[i] : Math.abs(kl[i] - c);
      penalty.set(i, weight * value, Math.abs(weight) * (Math.abs(kl[i]) + c));
    }
    return penalty;
  }

  static Expected klCoefficient(int n, double[] kl, double weight, double capacity, double scale) {
    Expected coefficient = new Expected(n, FORMULA);
    for (int i = 0; i < n; i++) {
      double sign = 1;
      if (!Double.isNaN(capacity)) {
        sign = kl[i] > capacity ? 1 : kl[i] < capacity ? -1 : 0;
      }
      coefficient.set(i, scale * weight * sign, Math.abs(scale * weight));
    }
    return coefficient;
  }

  /** {parameters, velocity}. */
  static Expected[] sgd(
      double[] p,
      double[] gradient,
      double[] velocity,
      double lr,
      double momentum,
      boolean nesterov,
      double weightDecay) {
    Expected newP = new Expected(p.length, FORMULA);
    Expected newV = new Expected(p.length, FORMULA);
    for (int i = 0; i < p.length; i++) {
      double g = gradient[i] + weightDecay * p[i];
      double size = Math.abs(gradient[i]) + Math.abs(weightDecay * p[i]);
      double v = momentum * velocity[i] + g;
      double vSize = Math.abs(momentum * velocity[i]) + size;
      double direction = momentum == 0 ? g : nesterov ? g + momentum * v : v;
      newV.set(i, v, vSize);
      newP.set(i, p[i] - lr * direction, Math.abs(p[i]) + lr * (size + vSize));
    }
    return new Expected[] {newP, newV};
  }

  /** {parameters, mean, variance}. */
  static Expected[] adam(
      long step,
      double[] p,
      double[] gradient,
      double[] mean,
      double[] variance,
      double lr,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay) {
    Expected newP = new Expected(p.length, FORMULA);
    Expected newM = new Expected(p.length, FORMULA);
    Expected newV = new Expected(p.length, FORMULA);
    double power1 = 1;
    double power2 = 1;
    for (long t = 0; t < step; t++) {
      power1 *= beta1;
      power2 *= beta2;
    }
    for (int i = 0; i < p.length; i++) {
      double g = gradient[i] + weightDecay * p[i];
      double gSize = Math.abs(gradient[i]) + Math.abs(weightDecay * p[i]);
      double m = beta1 * mean[i] + (1 - beta1) * g;
      double v = beta2 * variance[i] + (1 - beta2) * g * g;
      double mHat = m / (1 - power1);
      double vHat = v / (1 - power2);
      double change = lr * mHat / (Math.sqrt(vHat) + epsilon);
      newM.set(i, m, Math.abs(beta1 * mean[i]) + gSize);
      newV.set(i, v, variance[i] + gSize * gSize);
      newP.set(i, p[i] - change, Math.abs(p[i]) + Math.abs(change) + lr);
    }
    return new Expected[] {newP, newM, newV};
  }

  /** One sample's gradient of a linear layer: weight [out,in] row-major, then bias [out]. */
  static double[] gradient(
      int i, int rank, int in, int out, double[] a, double[] delta, boolean weight, boolean bias) {
    double[] g = new double[(weight ? in * out : 0) + (bias ? out : 0)];
    for (int r = i * rank; r < (i + 1) * rank; r++) {
      for (int o = 0; o < out; o++) {
        for (int q = 0; weight && q < in; q++) {
          g[o * in + q] += delta[r * out + o] * a[r * in + q];
        }
        if (bias) {
          g[(weight ? in * out : 0) + o] += delta[r * out + o];
        }
      }
    }
    return g;
  }

  private static double[] absolute(double[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = Math.abs(values[i]);
    }
    return result;
  }

  static Expected materialize(
      int n,
      int rank,
      int in,
      int out,
      double[] a,
      double[] delta,
      boolean weight,
      boolean bias,
      double[] before,
      int ld) {
    Expected rows = new Expected(before, rank);
    for (int i = 0; i < n; i++) {
      double[] g = gradient(i, rank, in, out, a, delta, weight, bias);
      double[] size = gradient(i, rank, in, out, absolute(a), absolute(delta), weight, bias);
      for (int c = 0; c < g.length; c++) {
        rows.set(i * ld + c, g[c], size[c]);
      }
    }
    return rows;
  }

  /** Gradients made whole, then their inner product. */
  static Expected ghostProducts(
      int t,
      int rankT,
      int n,
      int rankN,
      int in,
      int out,
      double[] aT,
      double[] deltaT,
      double[] aN,
      double[] deltaN,
      boolean weight,
      boolean bias,
      double coefficient,
      double[] before,
      int ld) {
    Expected scores = new Expected(before, rankT * rankN * (in + out + 2));
    for (int i = 0; i < t; i++) {
      double[] g = gradient(i, rankT, in, out, aT, deltaT, weight, bias);
      double[] gSize = gradient(i, rankT, in, out, absolute(aT), absolute(deltaT), weight, bias);
      for (int j = 0; j < n; j++) {
        double[] other = gradient(j, rankN, in, out, aN, deltaN, weight, bias);
        double[] otherSize =
            gradient(j, rankN, in, out, absolute(aN), absolute(deltaN), weight, bias);
        int at = i * ld + j;
        scores.begin(at, before[at]);
        for (int c = 0; c < g.length; c++) {
          scores.value[at] += coefficient * g[c] * other[c];
          scores.magnitude[at] += Math.abs(coefficient) * gSize[c] * otherSize[c];
        }
      }
    }
    return scores;
  }

  static Expected rowDots(
      int n, int columns, double[] x, double[] y, int ld, double coefficient, double[] before) {
    Expected products = new Expected(n, columns + 2);
    for (int i = 0; i < n; i++) {
      products.begin(i, before[i]);
      for (int c = 0; c < columns; c++) {
        products.add(i, coefficient * x[i * ld + c] * y[i * ld + c]);
      }
    }
    return products;
  }

  /** The noise contract of NUMERICS.md section 2 with long arithmetic. */
  static Expected normals(long key, int stream, int[] samples, int n, int draws, int size) {
    Expected out = new Expected(n * draws * size, 1);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < draws; j++) {
        for (int l = 0; l < size; l++) {
          long[] x = philox(key, l / 4, j, samples[i], stream);
          int pair = l % 4 / 2 * 2;
          double u0 = (float) x[pair] * (float) 0x1p-32 + (float) 0x1p-33;
          double u1 = (float) x[pair + 1] * (float) 0x1p-32 + (float) 0x1p-33;
          double radius = Math.sqrt(-2 * Math.log(u0));
          double angle = 2 * Math.PI * u1;
          double normal = radius * (l % 2 == 0 ? Math.cos(angle) : Math.sin(angle));
          out.set((i * draws + j) * size + l, normal, 0);
        }
      }
    }
    return out;
  }

  /** x where the contract's uniform number is above p. */
  static Expected mask(long key, int stream, int[] samples, int n, int size, double p, double[] x) {
    Expected out = new Expected(n * size, 1);
    for (int i = 0; i < n; i++) {
      for (int l = 0; l < size; l++) {
        long word = philox(key, l / 4, 0, samples[i], stream)[l % 4];
        float u = (float) word * (float) 0x1p-32 + (float) 0x1p-33;
        out.set(i * size + l, u > p ? x[i * size + l] : 0, 0);
      }
    }
    return out;
  }

  private static long[] philox(long key, long... counter) {
    long mask = 0xffffffffL;
    long k0 = key & mask;
    long k1 = key >>> 32;
    long[] c = {counter[0] & mask, counter[1] & mask, counter[2] & mask, counter[3] & mask};
    for (int round = 0; round < 10; round++) {
      long p0 = c[0] * 0xD2511F53L;
      long p1 = c[2] * 0xCD9E8D57L;
      c = new long[] {(p1 >>> 32) ^ c[1] ^ k0, p1 & mask, (p0 >>> 32) ^ c[3] ^ k1, p0 & mask};
      k0 = (k0 + 0x9E3779B9L) & mask;
      k1 = (k1 + 0xBB67AE85L) & mask;
    }
    return c;
  }
}
