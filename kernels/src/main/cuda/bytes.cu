// Images as they are stored: unsigned bytes to floats, value = byte / 255, the nearest float, as the CPU has it.
#include "common.cuh"

// values [n], overwritten
// Cost: 5 B, 10 FLOP per element.
extern "C" __global__ void unit_interval(long long n, const unsigned char* __restrict__ bytes,
                                         float* __restrict__ values) {
  GRID_STRIDE(i, n) { values[i] = (float)bytes[i] / 255.0f; }
}
