// The engine of the simulated device, and what libcublas.so.12 asks of libcuda.so.1.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

#include "simcuda.h"

#define SIM_API extern "C" __attribute__((visibility("default")))

// What the simulated device's PTX begins with.
#define SIMCUDA_PTX "// simulated PTX: "

namespace simcuda {
enum { SUCCESS = 0, ILLEGAL_ADDRESS = 700, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719 };

// Runs every block of a grid to its end, one after another. Returns a CUresult; what went wrong is printed.
int runGrid(const Kernel* kernel, Index grid, Index block, const SharedMemory* shared, void** arguments);

// Says what lies at an address, for messages.
std::string describeAddress(const void* address);

// A path in the folder for temporary files.
inline std::string temporary(const char* name) {
  const char* folder = getenv("TMPDIR");
  return std::string(folder && *folder ? folder : "/tmp") + "/" + name;
}

void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
}  // namespace simcuda

// Queues work on a stream (or runs it at once, if streams are not deferred).
SIM_API int simcuda_submit(void* stream, std::function<int()> work);
// Whether [p, p + bytes) lies in one device allocation.
SIM_API bool simcuda_valid(const void* p, size_t bytes);
// The result that a test wants this call to give instead, or 0.
SIM_API int simcuda_injected(const char* call);
// Counts handles that must be gone when the context goes.
SIM_API void simcuda_count(const char* what, int change);
