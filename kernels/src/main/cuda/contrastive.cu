// NT-Xent (Chen et al. 2020): rows of cosine similarities, of which each has to find the other row of its pair. Rows 2i
// and 2i + 1 are pair i. The similarities, and the gradient at the unit rows, are products by cuBLAS in between.
// Overwritten unless said; sums in double, in a fixed order; one block per row.
#include "common.cuh"

// units [rows,features] = z/‖z‖, norms [rows] = ‖z‖, at least 1e-12
// Cost: 12 B, 4 FLOP per element.
extern "C" __global__ void unit_rows(int rows, int features, const float* __restrict__ z,
                                     float* __restrict__ units, float* __restrict__ norms) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    double squares = 0.0;
    for (int f = threadIdx.x; f < features; f += SUM_THREADS) {
      squares += (double)z[r * features + f] * z[r * features + f];
    }
    const double norm = fmax(sqrt(blockSum(squares, shared)), 1e-12);
    for (int f = threadIdx.x; f < features; f += SUM_THREADS) {
      units[r * features + f] = (float)(z[r * features + f] / norm);
    }
    if (threadIdx.x == 0) {
      norms[r] = (float)norm;
    }
  }
}

// similarities [rows,rows] become softmax − onehot over the other rows, 0 on the diagonal; each [rows] = ln Σ e^s − s at
// the other row of the pair
// Cost: 16 B, 45 FLOP per similarity.
extern "C" __global__ void contrastive_rows(int rows, float* similarities, float* each) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    float* s = similarities + r * rows;
    const long long other = r ^ 1;
    double greatest = -1.7976931348623157e308;
    for (long long q = threadIdx.x; q < rows; q += SUM_THREADS) {
      greatest = q == r ? greatest : fmax(greatest, (double)s[q]);
    }
    const double shift = blockMax(greatest, shared);
    double sum = 0.0;
    for (long long q = threadIdx.x; q < rows; q += SUM_THREADS) {
      sum += q == r ? 0.0 : exp(s[q] - shift);
    }
    const double logSum = shift + log(blockSum(sum, shared));
    const double own = s[other];
    __syncthreads();  // everybody has read it
    if (threadIdx.x == 0) {
      each[r] = (float)(logSum - own);
    }
    for (long long q = threadIdx.x; q < rows; q += SUM_THREADS) {
      s[q] = q == r ? 0.0f : (float)(exp(s[q] - logSum) - (q == other ? 1.0 : 0.0));
    }
  }
}

// values [pairs] = the mean of a pair's two rows
// Cost: 12 B, 2 FLOP per pair.
extern "C" __global__ void contrastive_values(int pairs, const float* __restrict__ each,
                                              float* __restrict__ values) {
  GRID_STRIDE(i, pairs) { values[i] = 0.5f * (each[2 * i] + each[2 * i + 1]); }
}

// dZ [rows,features] = (dZ − u·⟨u, dZ⟩)/‖z‖, in place, from the gradient at u
// Cost: 20 B, 5 FLOP per element.
extern "C" __global__ void unit_rows_backward(int rows, int features,
                                              const float* __restrict__ units,
                                              const float* __restrict__ norms, float* dZ) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* u = units + r * features;
    float* d = dZ + r * features;
    double product = 0.0;
    for (int f = threadIdx.x; f < features; f += SUM_THREADS) {
      product += (double)u[f] * d[f];
    }
    const double along = blockSum(product, shared);
    for (int f = threadIdx.x; f < features; f += SUM_THREADS) {
      d[f] = (float)((d[f] - along * u[f]) / norms[r]);
    }
  }
}
