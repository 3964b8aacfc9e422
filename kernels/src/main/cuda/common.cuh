// Shared by the kernels: the grid-stride loop and sums over a block.
//
// Determinism: no kernel adds floating-point numbers atomically. A sum is taken by one thread, or by one block in
// the fixed order below, so that the same arguments give the same bits whatever the device schedules first.
#pragma once

// Threads of a block that sums: Launcher.SUM_THREADS.
constexpr int SUM_THREADS = 128;

// for i = 0 .. n-1, spread over all threads of the grid
#define GRID_STRIDE(i, n)                                                       \
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < (n); \
       i += (long long)gridDim.x * blockDim.x)

// The sum of every thread's value, returned to all of them; shared holds SUM_THREADS numbers.
static __device__ inline double blockSum(double value, double* shared) {
  const int t = threadIdx.x;
  __syncthreads();  // the result of the sum before may still be being read
  shared[t] = value;
  __syncthreads();
  for (int half = SUM_THREADS / 2; half > 0; half >>= 1) {
    if (t < half) {
      shared[t] += shared[t + half];
    }
    __syncthreads();
  }
  return shared[0];
}

// The greatest of every thread's value, returned to all of them; shared holds SUM_THREADS numbers.
static __device__ inline double blockMax(double value, double* shared) {
  const int t = threadIdx.x;
  __syncthreads();
  shared[t] = value;
  __syncthreads();
  for (int half = SUM_THREADS / 2; half > 0; half >>= 1) {
    if (t < half) {
      shared[t] = fmax(shared[t], shared[t + half]);
    }
    __syncthreads();
  }
  return shared[0];
}

// 1 / (1 + e^-x) without overflow.
static __device__ inline float sigmoid(float x) {
  const float e = expf(-fabsf(x));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}
