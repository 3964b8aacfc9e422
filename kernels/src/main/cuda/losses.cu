// Losses: one value per row, summed in double in a fixed order, and the gradient in the same pass. One block per row.
//
// dOutput may be null: then no gradient is written.
#include "common.cuh"

// latentrace.backend.Reconstruction, by its numbers in Codes.java
enum ReconstructionKind { BERNOULLI, GAUSSIAN, MSE, L1 };

// values [rows] = Σ_f loss(output [rows,features], target [rows/draws,features]); dOutput = scale·∂values/∂output.
// Values and dOutput are overwritten.
// Cost: 12 B, 35 FLOP per element.
extern "C" __global__ void reconstruction(int kind, int rows, int draws, int features,
                                          const float* __restrict__ output,
                                          const float* __restrict__ target,
                                          float* __restrict__ values, float scale,
                                          float* __restrict__ dOutput) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* o = output + r * features;
    const float* x = target + r / draws * features;
    double sum = 0.0;
    for (int f = threadIdx.x; f < features; f += SUM_THREADS) {
      float value;
      float slope;
      if (kind == BERNOULLI) {
        value = fmaxf(o[f], 0.0f) - o[f] * x[f] + log1pf(expf(-fabsf(o[f])));
        slope = sigmoid(o[f]) - x[f];
      } else if (kind == GAUSSIAN) {
        const float s = sigmoid(o[f]);
        value = (s - x[f]) * (s - x[f]);
        slope = 2.0f * (s - x[f]) * s * (1.0f - s);
      } else {
        const float error = o[f] - x[f];
        value = kind == MSE ? error * error : fabsf(error);
        slope = kind == MSE ? 2.0f * error : error > 0.0f ? 1.0f : error < 0.0f ? -1.0f : error;
      }
      sum += value;
      if (dOutput != nullptr) {
        dOutput[r * features + f] = scale * slope;
      }
    }
    const double total = blockSum(sum, shared);
    if (threadIdx.x == 0) {
      values[r] = (float)total;
    }
  }
}

// values [rows] = ln Σ_c e^output − output at the label; dOutput [rows,classes] = scale·(softmax − onehot); labels
// [rows] are class numbers as reals. Values and dOutput are overwritten.
// Cost: 8 B, 25 FLOP per logit.
extern "C" __global__ void cross_entropy(int rows, int classes, const float* __restrict__ output,
                                         const float* __restrict__ labels,
                                         float* __restrict__ values, float scale,
                                         float* __restrict__ dOutput) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* o = output + r * classes;
    double greatest = -1.7976931348623157e308;
    for (int c = threadIdx.x; c < classes; c += SUM_THREADS) {
      greatest = fmax(greatest, (double)o[c]);
    }
    const double shift = blockMax(greatest, shared);
    double sum = 0.0;
    for (int c = threadIdx.x; c < classes; c += SUM_THREADS) {
      sum += exp(o[c] - shift);
    }
    const double logSum = shift + log(blockSum(sum, shared));
    const int label = (int)labels[r];
    if (threadIdx.x == 0) {
      values[r] = (float)(logSum - o[label]);
    }
    if (dOutput != nullptr) {
      for (int c = threadIdx.x; c < classes; c += SUM_THREADS) {
        dOutput[r * classes + c] = (float)(scale * (exp(o[c] - logSum) - (c == label ? 1.0 : 0.0)));
      }
    }
  }
}
