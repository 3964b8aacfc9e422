// f(x), which also ends a convolution.
#pragma once

#include "common.cuh"

// latentrace.backend.Activation, by its numbers in Codes.java
enum ActivationKind { IDENTITY, RELU, LEAKY_RELU, TANH, SIGMOID, SOFTPLUS };

constexpr float LEAKY_SLOPE = 0.01f;

static __device__ inline float activate(int kind, float x) {
  switch (kind) {
    case RELU:
      return x <= 0.0f ? 0.0f : x;
    case LEAKY_RELU:
      return x > 0.0f ? x : LEAKY_SLOPE * x;
    case TANH:
      return tanhf(x);
    case SIGMOID:
      return sigmoid(x);
    case SOFTPLUS:
      return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x)));
    default:
      return x;
  }
}
