// Normals and masks by the noise contract (NUMERICS §2): Philox4x32-10 with counter (⌊l/4⌋, draw, sample index, stream), then
// Box–Muller in double from the float uniforms. The words are those of latentrace.backend.Philox bit for bit.
#include "common.cuh"

static __device__ inline void philoxBlock(unsigned k0, unsigned k1, unsigned* x) {
  for (int round = 0; round < 10; round++) {
    const unsigned long long p0 = 0xD2511F53ull * x[0];
    const unsigned long long p1 = 0xCD9E8D57ull * x[2];
    x[0] = (unsigned)(p1 >> 32) ^ x[1] ^ k0;
    x[1] = (unsigned)p1;
    x[2] = (unsigned)(p0 >> 32) ^ x[3] ^ k1;
    x[3] = (unsigned)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

// u = fl32(x)·2⁻³² + 2⁻³³; the product is exact, so that a fused multiply-add changes nothing
static __device__ inline float uniform(unsigned x) {
  return (float)x * 2.3283064365386963e-10f + 1.1641532182693481e-10f;
}

// out [n·draws,size], overwritten; samples [n]; one thread per Philox block
// Cost: 4 B, 45 FLOP per normal.
extern "C" __global__ void normals(long long key, int stream, const int* __restrict__ samples, int n,
                                   int draws, int size, float* __restrict__ out) {
  const long long blocks = (size + 3LL) / 4;
  GRID_STRIDE(at, (long long)n * draws * blocks) {
    const long long row = at / blocks;
    const long long block = at % blocks;
    unsigned x[4] = {(unsigned)block, (unsigned)(row % draws), (unsigned)samples[row / draws],
                     (unsigned)stream};
    philoxBlock((unsigned)key, (unsigned)((unsigned long long)key >> 32), x);
    for (int p = 0; p < 4; p += 2) {
      const double radius = sqrt(-2.0 * log((double)uniform(x[p])));
      const double turns = 2.0 * uniform(x[p + 1]);
      const long long l = block * 4 + p;
      if (l < size) {
        out[row * size + l] = (float)(radius * cospi(turns));
      }
      if (l + 1 < size) {
        out[row * size + l + 1] = (float)(radius * sinpi(turns));
      }
    }
  }
}

// y [n,size] = x where the contract's uniform number is above p, else 0; x may be y, so that neither is __restrict__;
// one thread per Philox block
// Cost: 8 B, 25 FLOP per element.
extern "C" __global__ void mask(long long key, int stream, const int* __restrict__ samples, int n,
                                int size, double p, const float* x, float* y) {
  const long long blocks = (size + 3LL) / 4;
  GRID_STRIDE(at, (long long)n * blocks) {
    const long long row = at / blocks;
    const long long block = at % blocks;
    unsigned words[4] = {(unsigned)block, 0u, (unsigned)samples[row], (unsigned)stream};
    philoxBlock((unsigned)key, (unsigned)((unsigned long long)key >> 32), words);
    for (int k = 0; k < 4 && block * 4 + k < size; k++) {
      const long long i = row * size + block * 4 + k;
      y[i] = uniform(words[k]) > p ? x[i] : 0.0f;
    }
  }
}
