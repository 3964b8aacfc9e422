// Inner products of per-sample gradients (NUMERICS §3.1): what cuBLAS leaves to do around its products.
//
// Sums are in double. Scores and products are accumulated, each by one thread.
#include "common.cuh"

// rows[i·ld + offset + c] = Σ_r delta[(i·rank + r), c]: the bias part of sample i's gradient, overwritten
// Cost: 4 B, 1 FLOP per element of delta.
extern "C" __global__ void bias_gradient_rows(int n, int rank, int out,
                                              const float* __restrict__ delta,
                                              float* __restrict__ rows, long long offset,
                                              long long ld) {
  GRID_STRIDE(at, (long long)n * out) {
    const long long i = at / out;
    const long long c = at % out;
    double sum = 0.0;
    for (int r = 0; r < rank; r++) {
      sum += delta[(i * rank + r) * out + c];
    }
    rows[i * ld + offset + c] = (float)sum;
  }
}

// scores[t·ld + i] += coefficient · Σ_{r,s} (inputGram + bias)·deltaGram over the [rankT,rankN] block of the pair
// (t,i) in the Gram tiles [tests·rankT, samples·rankN]; inputGram is null if the weight's gradient does not count.
// A thread sums down a column, so that neighbours read neighbours; a block has the columns of SUM_THREADS/rankN
// samples at a time, one sample's if rankN is larger.
// Cost: 8 B, 3 FLOP per element of a Gram tile.
extern "C" __global__ void ghost_reduce(int tests, int rankT, int samples, int rankN,
                                        const float* __restrict__ inputGram,
                                        const float* __restrict__ deltaGram, float bias,
                                        double coefficient, float* __restrict__ scores,
                                        long long ld) {
  __shared__ double shared[SUM_THREADS];
  const long long columns = (long long)samples * rankN;
  const int lanes = rankN < SUM_THREADS ? rankN : SUM_THREADS;
  const int group = SUM_THREADS / lanes;
  const int groups = (samples + group - 1) / group;
  const int member = threadIdx.x / lanes;
  const int lane = threadIdx.x % lanes;
  for (long long at = blockIdx.x; at < (long long)tests * groups; at += gridDim.x) {
    const long long t = at / groups;
    const long long i = at % groups * group + member;
    const bool counts = member < group && i < samples;
    double sum = 0.0;
    if (counts) {
      for (int r = 0; r < rankT; r++) {
        const long long row = (t * rankT + r) * columns + i * rankN;
        for (int s = lane; s < rankN; s += lanes) {
          const double input = inputGram == nullptr ? 0.0 : (double)inputGram[row + s];
          sum += (input + bias) * deltaGram[row + s];
        }
      }
    }
    __syncthreads();  // the sums before may still be being read
    shared[threadIdx.x] = sum;
    __syncthreads();
    if (counts && lane == 0) {
      double total = 0.0;
      for (int l = 0; l < lanes; l++) {
        total += shared[threadIdx.x + l];
      }
      scores[t * ld + i] = (float)(scores[t * ld + i] + coefficient * total);
    }
  }
}

// products[i] += coefficient · Σ (inputGram + bias)·deltaGram over sample i's own Gram matrices [n,size]; one block
// per sample
// Cost: 8 B, 3 FLOP per element of a Gram matrix.
extern "C" __global__ void ghost_diagonal(int n, int size, const float* __restrict__ inputGram,
                                          const float* __restrict__ deltaGram, float bias,
                                          double coefficient, float* __restrict__ products) {
  __shared__ double shared[SUM_THREADS];
  for (long long i = blockIdx.x; i < n; i += gridDim.x) {
    double sum = 0.0;
    for (long long e = threadIdx.x; e < size; e += SUM_THREADS) {
      const double input = inputGram == nullptr ? 0.0 : (double)inputGram[i * size + e];
      sum += (input + bias) * deltaGram[i * size + e];
    }
    const double total = blockSum(sum, shared);
    if (threadIdx.x == 0) {
      products[i] = (float)(products[i] + coefficient * total);
    }
  }
}

// products[i] += coefficient · ⟨rows0[i,:], rows1[i,:]⟩, rows ld apart; one block per row.
// Cost: 8 B, 2 FLOP per element of a row.
extern "C" __global__ void row_dots(int n, int columns, const float* rows0, const float* rows1,
                                    long long ld, double coefficient,
                                    float* __restrict__ products) {
  __shared__ double shared[SUM_THREADS];
  for (long long i = blockIdx.x; i < n; i += gridDim.x) {
    double sum = 0.0;
    for (long long c = threadIdx.x; c < columns; c += SUM_THREADS) {
      sum += (double)rows0[i * ld + c] * rows1[i * ld + c];
    }
    const double total = blockSum(sum, shared);
    if (threadIdx.x == 0) {
      products[i] = (float)(products[i] + coefficient * total);
    }
  }
}
