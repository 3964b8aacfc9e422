package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.KlWeights;
import latentrace.backend.LatentOps;

final class EjmlLatents extends LatentOps {
  EjmlLatents(Backend owner) {
    super(owner);
  }

  @Override
  protected void doReparameterize(int n, int m, int d, Buffer h, Buffer epsilon, Buffer xi) {
    EjmlBuffer head = (EjmlBuffer) h;
    EjmlBuffer noise = (EjmlBuffer) epsilon;
    EjmlBuffer latent = (EjmlBuffer) xi;
    for (int i = 0; i < n; i++) {
      int mu = head.offset + i * 2 * d;
      for (int l = 0; l < d; l++) {
        double mean = head.data[mu + l];
        double sigma = Math.exp(0.5 * head.data[mu + d + l]);
        for (int j = 0; j < m; j++) {
          int at = (i * m + j) * d + l;
          latent.data[latent.offset + at] = mean + sigma * noise.data[noise.offset + at];
        }
      }
    }
  }

  @Override
  protected void doReparameterizeBackward(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer dXi, Buffer dH) {
    EjmlBuffer head = (EjmlBuffer) h;
    EjmlBuffer noise = (EjmlBuffer) epsilon;
    EjmlBuffer upstream = (EjmlBuffer) dXi;
    EjmlBuffer to = (EjmlBuffer) dH;
    for (int i = 0; i < n; i++) {
      int mu = i * 2 * d;
      for (int l = 0; l < d; l++) {
        double halfSigma = 0.5 * Math.exp(0.5 * head.data[head.offset + mu + d + l]);
        double dMu = 0;
        double dLv = 0;
        for (int j = 0; j < m; j++) {
          int at = (i * m + j) * d + l;
          double g = upstream.data[upstream.offset + at];
          dMu += g;
          dLv += g * noise.data[noise.offset + at] * halfSigma;
        }
        to.data[to.offset + mu + l] = dMu;
        to.data[to.offset + mu + d + l] = dLv;
      }
    }
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
    EjmlBuffer head = (EjmlBuffer) h;
    EjmlBuffer noise = (EjmlBuffer) epsilon;
    EjmlBuffer latent = (EjmlBuffer) xi;
    EjmlBuffer loss = (EjmlBuffer) rec;
    EjmlBuffer to = (EjmlBuffer) dH;
    dH.slice(0, 2L * n * d).fill(0);
    for (int i = 0; i < n; i++) {
      int mu = i * 2 * d;
      for (int j = 0; j < m; j++) {
        int row = (i * m + j) * d;
        double logRatio = 0;
        for (int l = 0; l < d; l++) {
          double e = noise.data[noise.offset + row + l];
          double x = latent.data[latent.offset + row + l];
          logRatio += 0.5 * (x * x - e * e - head.data[head.offset + mu + d + l]);
        }
        double signal = scale * (beta * logRatio + loss.data[loss.offset + i * m + j]);
        for (int l = 0; l < d; l++) {
          double e = noise.data[noise.offset + row + l];
          double sigma = Math.exp(0.5 * head.data[head.offset + mu + d + l]);
          to.data[to.offset + mu + l] += signal * e / sigma;
          to.data[to.offset + mu + d + l] += signal * 0.5 * (e * e - 1);
        }
      }
    }
  }

  @Override
  protected void doKl(int n, int d, Buffer h, Buffer kl) {
    EjmlBuffer head = (EjmlBuffer) h;
    EjmlBuffer to = (EjmlBuffer) kl;
    for (int i = 0; i < n; i++) {
      int mu = head.offset + i * 2 * d;
      double sum = 0;
      for (int l = 0; l < d; l++) {
        double mean = head.data[mu + l];
        double lv = head.data[mu + d + l];
        sum += mean * mean + Math.expm1(lv) - lv;
      }
      to.data[to.offset + i] = 0.5 * sum;
    }
  }

  @Override
  protected void doKlBackward(int n, int d, Buffer h, Buffer coefficient, Buffer dH) {
    EjmlBuffer head = (EjmlBuffer) h;
    EjmlBuffer factor = (EjmlBuffer) coefficient;
    EjmlBuffer to = (EjmlBuffer) dH;
    for (int i = 0; i < n; i++) {
      int mu = i * 2 * d;
      double c = factor.data[factor.offset + i];
      for (int l = 0; l < d; l++) {
        to.data[to.offset + mu + l] += c * head.data[head.offset + mu + l];
        to.data[to.offset + mu + d + l] +=
            c * 0.5 * Math.expm1(head.data[head.offset + mu + d + l]);
      }
    }
  }

  @Override
  protected void doTotalCorrelation(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, Buffer penalty) {
    new EjmlTotalCorrelation(n, d, (EjmlBuffer) h, (EjmlBuffer) xi)
        .penalty(weights, (EjmlBuffer) penalty);
  }

  @Override
  protected void doTotalCorrelationBackward(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, double scale, Buffer dH) {
    new EjmlTotalCorrelation(n, d, (EjmlBuffer) h, (EjmlBuffer) xi)
        .backward(weights, scale, (EjmlBuffer) dH);
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
    EjmlBuffer from = (EjmlBuffer) kl;
    EjmlBuffer value = (EjmlBuffer) penalty;
    EjmlBuffer factor = (EjmlBuffer) coefficient;
    for (int i = 0; i < n; i++) {
      double excess = from.data[from.offset + i] - (Double.isNaN(capacity) ? 0 : capacity);
      double sign = Double.isNaN(capacity) ? 1 : Math.signum(excess);
      value.data[value.offset + i] = weight * sign * excess;
      factor.data[factor.offset + i] = scale * weight * sign;
    }
  }
}
