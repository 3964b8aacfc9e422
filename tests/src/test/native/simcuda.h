// What a kernel sees when g++ compiles it for the simulated device: the part of CUDA C++ that this project's kernels
// use. The other half, which runs them, is engine.cpp in libcuda.so.1.
#pragma once
#include <cmath>
#include <type_traits>
#include <utility>

namespace simcuda {
struct Index {
  unsigned x, y, z;
};

// One CUDA thread: the built-in variables.
struct Thread {
  Index threadIdx, blockIdx, blockDim, gridDim;
};

// One kernel, exported as simkernel_<name>.
struct Kernel {
  const char* name;
  void (*invoke)(void** arguments);
  int arguments;
  const unsigned* sizes;
};

// Where a module's __shared__ variables lie.
struct SharedMemory {
  char* begin;
  char* end;
};
}  // namespace simcuda

extern "C" {
extern simcuda::Thread* simcuda_thread;
void simcuda_sync(int line);
}

// ---- qualifiers and built-in variables; one block runs at a time, so a block's memory may be static
#define __global__ __attribute__((visibility("default")))
#define __device__
#define __shared__ static
#define threadIdx (simcuda_thread->threadIdx)
#define blockIdx (simcuda_thread->blockIdx)
#define blockDim (simcuda_thread->blockDim)
#define gridDim (simcuda_thread->gridDim)
#define __syncthreads() simcuda_sync(__LINE__)

// ---- functions that a host's library lacks
static inline double sinpi(double x) { return sin(M_PI * x); }
static inline double cospi(double x) { return cos(M_PI * x); }
static inline long long min(long long a, long long b) { return b < a ? b : a; }

// ---- registration
namespace simcuda {
template <auto Function>
struct Call;

template <class... A, void (*Function)(A...)>
struct Call<Function> {
  static constexpr int count = sizeof...(A);
  static constexpr unsigned sizes[sizeof...(A) + 1] = {(unsigned)sizeof(A)..., 0};
  template <size_t... I>
  static void unpack(void** arguments, std::index_sequence<I...>) {
    Function(*static_cast<std::remove_cv_t<A>*>(arguments[I])...);
  }
  static void invoke(void** arguments) { unpack(arguments, std::index_sequence_for<A...>{}); }
};
}  // namespace simcuda

#define SIM_EXPORT extern "C" __attribute__((visibility("default"), used))
#define SIM_KERNEL(k)                                                                       \
  SIM_EXPORT const simcuda::Kernel simkernel_##k = {#k, &simcuda::Call<&k>::invoke,         \
                                                    simcuda::Call<&k>::count,               \
                                                    simcuda::Call<&k>::sizes};
