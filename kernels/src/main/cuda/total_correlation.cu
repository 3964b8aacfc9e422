// The KL term decomposed by minibatch-weighted sampling (Chen et al. 2018, section 4.1), one draw per sample: with
// s_ijl = ln N(xi_il; mu_jl, e^lv_jl), A_i = ln Σ_j e^(Σ_l s_ijl) and P_il = ln Σ_j e^s_ijl,
//   penalty_i = alpha·(Σ_l s_iil − A_i) + beta·(A_i − Σ_l P_il) + gamma·Σ_l (P_il − ln N(xi_il; 0, 1)).
// h [n,2d] = [mu | lv] per sample, xi [n,d]. All in double: weights are exponentials of differences of sums.
#include "common.cuh"

constexpr double LN_2_PI = 1.8378770664093454836;

static __device__ inline double logDensity(double r, double lv) {
  return -0.5 * (LN_2_PI + lv + r * r * exp(-lv));
}

// Σ_l s_ijl
static __device__ inline double jointLogDensity(int d, const float* xi, const float* mu) {
  double sum = 0.0;
  for (int l = 0; l < d; l++) {
    sum += logDensity((double)xi[l] - mu[l], mu[d + l]);
  }
  return sum;
}

// densities [n,d+1] = P_i0, ..., P_i(d-1), A_i, overwritten; one block per number
// Cost: 30 B, 60 FLOP per latent of a pair of samples.
extern "C" __global__ void tc_densities(int n, int d, const float* __restrict__ h,
                                        const float* __restrict__ xi,
                                        double* __restrict__ densities) {
  __shared__ double shared[SUM_THREADS];
  for (long long at = blockIdx.x; at < (long long)n * (d + 1); at += gridDim.x) {
    const long long i = at / (d + 1);
    const int l = (int)(at % (d + 1));
    double greatest = -1.7976931348623157e308;
    for (long long j = threadIdx.x; j < n; j += SUM_THREADS) {
      const float* mu = h + j * 2 * d;
      const double value = l == d ? jointLogDensity(d, xi + i * d, mu)
                                : logDensity((double)xi[i * d + l] - mu[l], mu[d + l]);
      greatest = fmax(greatest, value);
    }
    const double shift = blockMax(greatest, shared);
    double sum = 0.0;
    for (long long j = threadIdx.x; j < n; j += SUM_THREADS) {
      const float* mu = h + j * 2 * d;
      const double value = l == d ? jointLogDensity(d, xi + i * d, mu)
                                : logDensity((double)xi[i * d + l] - mu[l], mu[d + l]);
      sum += exp(value - shift);
    }
    const double total = blockSum(sum, shared);
    if (threadIdx.x == 0) {
      densities[at] = shift + log(total);
    }
  }
}

// penalty [n], overwritten
// Cost: 20 B, 40 FLOP per latent.
extern "C" __global__ void tc_penalty(int n, int d, const float* __restrict__ h,
                                      const float* __restrict__ xi,
                                      const double* __restrict__ densities, double alpha,
                                      double beta, double gamma, float* __restrict__ penalty) {
  GRID_STRIDE(i, n) {
    const double* marginals = densities + i * (d + 1);
    double product = 0.0;
    double prior = 0.0;
    for (int l = 0; l < d; l++) {
      product += marginals[l];
      prior += logDensity(xi[i * d + l], 0.0);
    }
    const double joint = marginals[d];
    const double own = jointLogDensity(d, xi + i * d, h + i * 2 * d);
    penalty[i] =
        (float)(alpha * (own - joint) + beta * (joint - product) + gamma * (product - prior));
  }
}

// joints [n,n] = e^(Σ_l s_ijl − A_i), overwritten
// Cost: 12 B, 30 FLOP per latent of a pair of samples.
extern "C" __global__ void tc_joints(int n, int d, const float* __restrict__ h,
                                     const float* __restrict__ xi,
                                     const double* __restrict__ densities,
                                     double* __restrict__ joints) {
  GRID_STRIDE(at, (long long)n * n) {
    const long long i = at / n;
    const long long j = at % n;
    const double log = jointLogDensity(d, xi + i * d, h + j * 2 * d);
    joints[at] = exp(log - densities[i * (d + 1) + d]);
  }
}

// dH [n,2d] accumulated: the gradient at mu and lv, through xi too; one block per latent of a sample
// Cost: 60 B, 80 FLOP per latent of a pair of samples.
extern "C" __global__ void tc_backward(int n, int d, const float* __restrict__ h,
                                       const float* __restrict__ xi,
                                       const double* __restrict__ densities,
                                       const double* __restrict__ joints, double alpha, double beta,
                                       double gamma, double scale, float* __restrict__ dH) {
  __shared__ double shared[SUM_THREADS];
  for (long long at = blockIdx.x; at < (long long)n * d; at += gridDim.x) {
    const long long k = at / d;
    const int l = (int)(at % d);
    const double mu = h[k * 2 * d + l];
    const double lv = h[k * 2 * d + d + l];
    const double precision = exp(-lv);
    const double x = xi[at];
    double atXi = 0.0;
    double atMu = 0.0;
    double atLv = 0.0;
    for (long long j = threadIdx.x; j < n; j += SUM_THREADS) {
      const double own = j == k ? alpha : 0.0;
      // its draw under the others
      const double lvJ = h[j * 2 * d + d + l];
      const double rJ = x - h[j * 2 * d + l];
      const double out = own + (beta - alpha) * joints[k * n + j] +
                         (gamma - beta) * exp(logDensity(rJ, lvJ) - densities[k * (d + 1) + l]);
      atXi -= out * rJ * exp(-lvJ);
      // the others' draws under it
      const double r = xi[j * d + l] - mu;
      const double in = own + (beta - alpha) * joints[j * n + k] +
                        (gamma - beta) * exp(logDensity(r, lv) - densities[j * (d + 1) + l]);
      atMu += in * r * precision;
      atLv += in * 0.5 * (r * r * precision - 1.0);
    }
    const double dXi = gamma * x + blockSum(atXi, shared);
    const double dMu = dXi + blockSum(atMu, shared);
    const double dLv = dXi * 0.5 * (x - mu) + blockSum(atLv, shared);
    if (threadIdx.x == 0) {
      dH[k * 2 * d + l] = (float)(dH[k * 2 * d + l] + scale * dMu);
      dH[k * 2 * d + d + l] = (float)(dH[k * 2 * d + d + l] + scale * dLv);
    }
  }
}
