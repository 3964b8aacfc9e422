// The Gaussian bottleneck of a VAE: h [n,2d] = [mu | lv] per sample, lv = ln sigma². The m draws of a sample stand
// together: row i·m + j is draw j of sample i.
//
// These arrays are small (n·m·d numbers), so sums and exponentials are in double. One thread writes one number.
#include "common.cuh"

// xi [n·m,d] = mu + e^(lv/2)·epsilon
// Cost: 8 B, 13 FLOP per latent of a draw.
extern "C" __global__ void reparameterize_forward(int n, int m, int d, const float* __restrict__ h,
                                                  const float* __restrict__ epsilon,
                                                  float* __restrict__ xi) {
  GRID_STRIDE(at, (long long)n * m * d) {
    const long long i = at / ((long long)m * d);
    const float* mu = h + i * 2 * d + at % d;
    xi[at] = (float)(mu[0] + exp(0.5 * mu[d]) * epsilon[at]);
  }
}

// dMu = Σ_j dXi, dLv = Σ_j dXi·epsilon·½e^(lv/2); dH [n,2d] overwritten
// Cost: 8 B, 3 FLOP per latent of a draw.
extern "C" __global__ void reparameterize_backward(int n, int m, int d, const float* __restrict__ h,
                                                   const float* __restrict__ epsilon,
                                                   const float* __restrict__ dXi,
                                                   float* __restrict__ dH) {
  GRID_STRIDE(at, (long long)n * d) {
    const long long i = at / d;
    const long long l = at % d;
    double dMu = 0.0;
    double dLv = 0.0;
    for (int j = 0; j < m; j++) {
      const long long row = (i * m + j) * d + l;
      dMu += dXi[row];
      dLv += (double)dXi[row] * epsilon[row];
    }
    const long long mu = i * 2 * d + l;
    dH[mu] = (float)dMu;
    dH[mu + d] = (float)(dLv * 0.5 * exp(0.5 * h[mu + d]));
  }
}

// The score function's factors (Kong & Chaudhuri 2021, eq. 9): signals [n·m] = scale·(beta·(ln Q(xi|x) − ln P(xi)) +
// rec), overwritten
// Cost: 8 B, 6 FLOP per latent of a draw.
extern "C" __global__ void score_function_signals(int n, int m, int d, const float* __restrict__ h,
                                                  const float* __restrict__ epsilon,
                                                  const float* __restrict__ xi,
                                                  const float* __restrict__ rec, double beta,
                                                  double scale, double* __restrict__ signals) {
  GRID_STRIDE(row, (long long)n * m) {
    const float* lv = h + row / m * 2 * d + d;
    double logRatio = 0.0;
    for (int l = 0; l < d; l++) {
      const double e = epsilon[row * d + l];
      const double x = xi[row * d + l];
      logRatio += 0.5 * (x * x - e * e - lv[l]);
    }
    signals[row] = scale * (beta * logRatio + rec[row]);
  }
}

// dMu = Σ_j signal·epsilon/sigma, dLv = Σ_j signal·½(epsilon² − 1); dH [n,2d] overwritten
// Cost: 4 B, 5 FLOP per latent of a draw.
extern "C" __global__ void score_function_backward(int n, int m, int d, const float* __restrict__ h,
                                                   const float* __restrict__ epsilon,
                                                   const double* __restrict__ signals,
                                                   float* __restrict__ dH) {
  GRID_STRIDE(at, (long long)n * d) {
    const long long i = at / d;
    const long long l = at % d;
    const long long mu = i * 2 * d + l;
    double dMu = 0.0;
    double dLv = 0.0;
    for (int j = 0; j < m; j++) {
      const double e = epsilon[(i * m + j) * d + l];
      const double signal = signals[i * m + j];
      dMu += signal * e;
      dLv += signal * 0.5 * (e * e - 1.0);
    }
    dH[mu] = (float)(dMu * exp(-0.5 * h[mu + d]));
    dH[mu + d] = (float)dLv;
  }
}

// kl [n] = ½ Σ_l (mu² + e^lv − 1 − lv), overwritten; one block per sample
// Cost: 8 B, 15 FLOP per latent.
extern "C" __global__ void kl_forward(int n, int d, const float* __restrict__ h,
                                      float* __restrict__ kl) {
  __shared__ double shared[SUM_THREADS];
  for (long long i = blockIdx.x; i < n; i += gridDim.x) {
    const float* mu = h + i * 2 * d;
    double sum = 0.0;
    for (int l = threadIdx.x; l < d; l += SUM_THREADS) {
      const double mean = mu[l];
      const double lv = mu[d + l];
      sum += mean * mean + expm1(lv) - lv;
    }
    const double total = blockSum(sum, shared);
    if (threadIdx.x == 0) {
      kl[i] = (float)(0.5 * total);
    }
  }
}

// dMu += c·mu, dLv += c·½(e^lv − 1), with c = coefficient [n]; dH [n,2d] accumulated
// Cost: 24 B, 16 FLOP per latent.
extern "C" __global__ void kl_backward(int n, int d, const float* __restrict__ h,
                                       const float* __restrict__ coefficient,
                                       float* __restrict__ dH) {
  GRID_STRIDE(at, (long long)n * d) {
    const long long mu = at / d * 2 * d + at % d;
    const double c = coefficient[at / d];
    dH[mu] = (float)(dH[mu] + c * h[mu]);
    dH[mu + d] = (float)(dH[mu + d] + c * 0.5 * expm1((double)h[mu + d]));
  }
}

// penalty [n] = weight·kl and coefficient [n] = scale·weight; with a capacity (Burgess et al. 2018) weight·|kl −
// capacity| and scale·weight·sign(kl − capacity); both overwritten
// Cost: 12 B, 5 FLOP per sample.
extern "C" __global__ void kl_penalty(int n, const float* kl, double weight, int hasCapacity,
                                      double capacity, double scale, float* penalty,
                                      float* coefficient) {
  GRID_STRIDE(i, n) {
    const double excess = hasCapacity ? kl[i] - capacity : kl[i];
    const double sign = !hasCapacity || excess > 0.0 ? 1.0 : excess < 0.0 ? -1.0 : 0.0;
    penalty[i] = (float)(weight * sign * excess);
    coefficient[i] = (float)(scale * weight * sign);
  }
}
