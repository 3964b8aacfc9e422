// libcurand.so.10 of the simulated device: normals that are a function of seed and position, as cuRAND's are, but not
// cuRAND's own. A target that does not lie in one device allocation is refused.
#include <cmath>
#include <cstdint>

#include "engine.h"

namespace {
enum Status {
  SUCCESS = 0,
  NOT_INITIALIZED = 101,
  TYPE_ERROR = 103,
  OUT_OF_RANGE = 104,
  LENGTH_NOT_MULTIPLE = 105,
  LAUNCH_FAILURE = 201
};
constexpr int PHILOX4_32_10 = 161;
constexpr uint32_t MAGIC = 0x43524e44;

struct Generator {
  uint32_t magic;
  void* stream;
  uint64_t seed;
  uint64_t offset;
};

// A number in (0,1) for a position of a seed's sequence: splitmix64's finaliser, twice.
double uniform(uint64_t seed, uint64_t position) {
  uint64_t x = seed * 0x9E3779B97F4A7C15u + position;
  for (int round = 0; round < 2; round++) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    x ^= x >> 31;
  }
  return ((double)(x >> 11) + 0.5) / 9007199254740992.0;
}

bool valid(const Generator* g) { return g != nullptr && g->magic == MAGIC; }
}  // namespace

#define ENTER() \
  if (int wanted = simcuda_injected(__func__)) return wanted

SIM_API int curandCreateGenerator(Generator** g, int type) {
  ENTER();
  if (type != PHILOX4_32_10) {
    return TYPE_ERROR;
  }
  simcuda_count("cuRAND generators", 1);
  *g = new Generator{MAGIC, nullptr, 0, 0};
  return SUCCESS;
}

SIM_API int curandDestroyGenerator(Generator* g) {
  ENTER();
  if (!valid(g)) {
    return NOT_INITIALIZED;
  }
  simcuda_count("cuRAND generators", -1);
  g->magic = 0;
  delete g;
  return SUCCESS;
}

SIM_API int curandSetStream(Generator* g, void* stream) {
  ENTER();
  if (!valid(g)) {
    return NOT_INITIALIZED;
  }
  g->stream = stream;
  return SUCCESS;
}

SIM_API int curandSetPseudoRandomGeneratorSeed(Generator* g, unsigned long long seed) {
  ENTER();
  if (!valid(g)) {
    return NOT_INITIALIZED;
  }
  g->seed = seed;
  return SUCCESS;
}

SIM_API int curandSetGeneratorOffset(Generator* g, unsigned long long offset) {
  ENTER();
  if (!valid(g)) {
    return NOT_INITIALIZED;
  }
  g->offset = offset;
  return SUCCESS;
}

SIM_API int curandGenerateNormal(Generator* g, float* out, size_t n, float mean, float deviation) {
  ENTER();
  if (!valid(g)) {
    return NOT_INITIALIZED;
  }
  if (n % 2 != 0) {
    return LENGTH_NOT_MULTIPLE;
  }
  if (!simcuda_valid(out, n * sizeof *out)) {
    simcuda::say("%zu normals leave their allocation", n);
    return OUT_OF_RANGE;
  }
  uint64_t seed = g->seed;
  uint64_t first = g->offset;
  g->offset += n;
  int result = simcuda_submit(g->stream, [=] {
    for (size_t i = 0; i < n; i += 2) {
      double radius = deviation * std::sqrt(-2 * std::log(uniform(seed, first + i)));
      double angle = 2 * M_PI * uniform(seed, first + i + 1);
      out[i] = (float)(mean + radius * std::cos(angle));
      out[i + 1] = (float)(mean + radius * std::sin(angle));
    }
    return 0;
  });
  return result == 0 ? SUCCESS : LAUNCH_FAILURE;
}
