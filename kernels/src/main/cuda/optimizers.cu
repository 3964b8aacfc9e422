// Parameter updates in place, one launch for the flat vector of all parameters.
#include "common.cuh"

// g = gradient + weightDecay·p; v = momentum·v + g; p −= lr·(g + momentum·v) with Nesterov, lr·v with momentum, lr·g
// without; velocity is null when momentum is 0
// Cost: 20 B, 6 FLOP per parameter.
extern "C" __global__ void sgd(long long n, float* __restrict__ parameters,
                               const float* __restrict__ gradients, float* __restrict__ velocity,
                               float lr, float momentum, int nesterov, float weightDecay) {
  GRID_STRIDE(i, n) {
    float step = gradients[i] + weightDecay * parameters[i];
    if (velocity != nullptr) {
      const float speed = momentum * velocity[i] + step;
      velocity[i] = speed;
      step = nesterov ? step + momentum * speed : speed;
    }
    parameters[i] -= lr * step;
  }
}

// g = gradient + weightDecay·p; mean = beta1·mean + (1−beta1)·g; variance = beta2·variance + (1−beta2)·g²; p −=
// stepSize·mean / (√variance/rootCorrection + epsilon), stepSize = lr/(1−beta1^t), rootCorrection = √(1−beta2^t)
// Cost: 28 B, 15 FLOP per parameter.
extern "C" __global__ void adam(long long n, float* __restrict__ parameters,
                                const float* __restrict__ gradients, float* __restrict__ mean,
                                float* __restrict__ variance, float stepSize, float rootCorrection,
                                float beta1, float oneMinusBeta1, float beta2, float oneMinusBeta2,
                                float epsilon, float weightDecay) {
  GRID_STRIDE(i, n) {
    const float slope = gradients[i] + weightDecay * parameters[i];
    const float first = beta1 * mean[i] + oneMinusBeta1 * slope;
    const float second = beta2 * variance[i] + oneMinusBeta2 * slope * slope;
    mean[i] = first;
    variance[i] = second;
    parameters[i] -= stepSize * first / (sqrtf(second) / rootCorrection + epsilon);
  }
}
