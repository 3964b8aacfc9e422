// Element-wise activations y = f(x), with or without a bias before them, and dX = dY·f'(x), f' taken from y.
// Outputs are overwritten and may be the input.
#include "activation.cuh"
#include "common.cuh"

static __device__ inline float slope(int kind, float y) {
  switch (kind) {
    case RELU:
      return y > 0.0f ? 1.0f : 0.0f;
    case LEAKY_RELU:
      return y > 0.0f ? 1.0f : LEAKY_SLOPE;
    case TANH:
      return 1.0f - y * y;
    case SIGMOID:
      return y * (1.0f - y);
    case SOFTPLUS:
      return -expm1f(-y);
    default:
      return 1.0f;
  }
}

// y [n] = f(x [n])
// Cost: 8 B, 20 FLOP per element.
extern "C" __global__ void activation_forward(int kind, long long n, const float* x, float* y) {
  GRID_STRIDE(i, n) { y[i] = activate(kind, x[i]); }
}

// y [n] = f(a [n] + b [n])
// Cost: 12 B, 21 FLOP per element.
extern "C" __global__ void activation_add(int kind, long long n, const float* a, const float* b,
                                          float* y) {
  GRID_STRIDE(i, n) { y[i] = activate(kind, a[i] + b[i]); }
}

// y [rows,columns] = f(y + bias [columns]), in place: the end of a linear layer. One block per row, which spares every
// element a division.
// Cost: 8 B, 21 FLOP per element.
extern "C" __global__ void bias_activation_forward(int kind, int rows, int columns,
                                                   const float* __restrict__ bias, float* y) {
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    float* row = y + r * columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
      row[c] = activate(kind, row[c] + bias[c]);
    }
  }
}

// dX [n] = dY [n] · f'(x), from y [n] = f(x)
// Cost: 12 B, 12 FLOP per element.
extern "C" __global__ void activation_backward(int kind, long long n, const float* y,
                                               const float* dY, float* dX) {
  GRID_STRIDE(i, n) { dX[i] = dY[i] * slope(kind, y[i]); }
}
