// sums [columns] = alpha * column sums of x [rows,columns] + beta * sums, the bias gradient of a linear layer. A block takes
// neighbouring columns: a thread sums every so-manieth row of one in double, then one thread adds these in their order.
// More rows than a block takes are summed in two stages.
//
// Coalesced: neighbouring threads read neighbouring columns. A block has TILE_THREADS (conv.cu) threads.
#include "common.cuh"

constexpr int COLUMN_THREADS = 256;

// The sum of a column over rows first .. end-1, in the threads that come first; shared holds COLUMN_THREADS numbers.
template <int WIDTH, typename T>
static __device__ inline double columnSum(long long first, long long end, int columns,
                                          long long column, const T* x, double* shared) {
  const int lane = threadIdx.x / WIDTH;
  double sum = 0.0;
  if (column < columns) {
    for (long long r = first + lane; r < end; r += COLUMN_THREADS / WIDTH) {
      sum += x[r * columns + column];
    }
  }
  __syncthreads();  // the sums of the column before may still be being read
  shared[threadIdx.x] = sum;
  __syncthreads();
  if (lane == 0) {
    for (int other = 1; other < COLUMN_THREADS / WIDTH; other++) {
      sum += shared[other * WIDTH + threadIdx.x];
    }
  }
  return sum;
}

static __device__ inline float scaled(float alpha, double sum, float beta, float before) {
  return (float)(beta == 0.0f ? alpha * sum : alpha * sum + (double)beta * before);
}

// All rows at once; a beta of 0 overwrites
// Cost: 4 B, 1 FLOP per element of x.
extern "C" __global__ void column_sums(int rows, int columns, float alpha,
                                       const float* __restrict__ x, float beta,
                                       float* __restrict__ sums) {
  __shared__ double shared[COLUMN_THREADS];
  for (long long first = blockIdx.x * 32LL; first < columns; first += gridDim.x * 32LL) {
    const long long column = first + threadIdx.x % 32;
    const double sum = columnSum<32>(0, rows, columns, column, x, shared);
    if (threadIdx.x < 32 && column < columns) {
      sums[column] = scaled(alpha, sum, beta, sums[column]);
    }
  }
}

// partial [chunks,columns], overwritten: the sums of each rowsPerChunk rows
// Cost: 4 B, 1 FLOP per element of x.
extern "C" __global__ void column_sums_partial(int rows, int columns, int rowsPerChunk,
                                               const float* __restrict__ x,
                                               double* __restrict__ partial) {
  __shared__ double shared[COLUMN_THREADS];
  const long long chunks = (rows + (long long)rowsPerChunk - 1) / rowsPerChunk;
  const long long groups = (columns + 31) / 32;
  for (long long b = blockIdx.x; b < chunks * groups; b += gridDim.x) {
    const long long from = b / groups * rowsPerChunk;
    const long long column = b % groups * 32 + threadIdx.x % 32;
    const double sum = columnSum<32>(from, min(from + rowsPerChunk, (long long)rows), columns,
                                     column, x, shared);
    if (threadIdx.x < 32 && column < columns) {
      partial[b / groups * columns + column] = sum;
    }
  }
}

// sums [columns] = alpha * partial sums [chunks,columns] + beta * sums; a beta of 0 overwrites
// Cost: 8 B, 1 FLOP per partial sum.
extern "C" __global__ void column_sums_total(int chunks, int columns, float alpha,
                                             const double* __restrict__ partial, float beta,
                                             float* __restrict__ sums) {
  __shared__ double shared[COLUMN_THREADS];
  for (long long first = blockIdx.x * 8LL; first < columns; first += gridDim.x * 8LL) {
    const long long column = first + threadIdx.x % 8;
    const double sum = columnSum<8>(0, chunks, columns, column, partial, shared);
    if (threadIdx.x < 8 && column < columns) {
      sums[column] = scaled(alpha, sum, beta, sums[column]);
    }
  }
}
