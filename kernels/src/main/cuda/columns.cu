// sums [columns] = alpha * column sums of x [rows,columns] + beta * sums, the bias gradient of a linear layer, in two stages: a thread
// sums one column over rowsPerChunk rows in double, then one thread adds a column's partial sums in their order.
//
// Coalesced: neighbouring threads read neighbouring columns.
#include "common.cuh"

// partial [chunks,columns], overwritten
// Cost: 4 B, 1 FLOP per element of x.
extern "C" __global__ void column_sums_partial(int rows, int columns, int rowsPerChunk,
                                               const float* __restrict__ x,
                                               double* __restrict__ partial) {
  const long long chunks = (rows + (long long)rowsPerChunk - 1) / rowsPerChunk;
  GRID_STRIDE(i, chunks * columns) {
    const long long first = i / columns * rowsPerChunk;
    const long long end = min(first + rowsPerChunk, (long long)rows);
    double sum = 0.0;
    for (long long r = first; r < end; r++) {
      sum += x[r * columns + i % columns];
    }
    partial[i] = sum;
  }
}

// sums [columns] = alpha * partial sums + beta * sums; a beta of 0 overwrites
// Cost: 8 B, 1 FLOP per partial sum.
extern "C" __global__ void column_sums_total(int chunks, int columns, float alpha,
                                             const double* __restrict__ partial, float beta,
                                             float* __restrict__ sums) {
  GRID_STRIDE(c, columns) {
    double sum = 0.0;
    for (long long k = 0; k < chunks; k++) {
      sum += partial[k * columns + c];
    }
    sums[c] = (float)(beta == 0.0f ? alpha * sum : alpha * sum + (double)beta * sums[c]);
  }
}
