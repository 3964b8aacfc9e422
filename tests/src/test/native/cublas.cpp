// libcublas.so.12 of the simulated device: column-major products in single precision, or, in the TF32 mode, of factors
// rounded as tensor cores round them: to ten bits after the point, halves away from zero. An operand that does not lie in
// one device allocation is refused.
#include <cstdint>
#include <cstring>

#include "engine.h"

namespace {
enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };
constexpr uint32_t MAGIC = 0x43424c53;

struct Handle {
  uint32_t magic;
  void* stream;
  bool tf32;
};

float rounded(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits = (bits + 0x1000u) & ~0x1fffu;
  memcpy(&x, &bits, sizeof bits);
  return x;
}

struct Matrix {
  const float* at;
  int ld;
  long long stride;
  bool transposed;

  float get(int batch, int row, int column) const {
    return at[batch * stride + (transposed ? column + (long long)row * ld : row + (long long)column * ld)];
  }

  bool valid(int rows, int columns, int batch) const {
    int height = transposed ? columns : rows;
    int width = transposed ? rows : columns;
    return ld >= height &&
           simcuda_valid(at, sizeof(float) * (stride * (batch - 1) + (long long)ld * (width - 1) + height));
  }
};

int product(Handle* h, int m, int n, int k, float alpha, Matrix a, Matrix b, float beta, Matrix c, int batch) {
  if (h == nullptr || h->magic != MAGIC) {
    return NOT_INITIALIZED;
  }
  if (m <= 0 || n <= 0 || k <= 0 || batch <= 0) {
    return INVALID_VALUE;
  }
  if (!a.valid(m, k, batch) || !b.valid(k, n, batch) || !c.valid(m, n, batch)) {
    simcuda::say("an operand of a product %d x %d x %d, batch %d, leaves its allocation", m, n, k, batch);
    return INVALID_VALUE;
  }
  bool tf32 = h->tf32;
  int result = simcuda_submit(h->stream, [=] {
    float* to = const_cast<float*>(c.at);
    for (int p = 0; p < batch; p++) {
      for (int j = 0; j < n; j++) {
        for (int i = 0; i < m; i++) {
          float sum = 0;
          for (int q = 0; q < k; q++) {
            sum += tf32 ? rounded(a.get(p, i, q)) * rounded(b.get(p, q, j)) : a.get(p, i, q) * b.get(p, q, j);
          }
          float& target = to[p * c.stride + i + (long long)j * c.ld];
          target = alpha * sum + (beta == 0 ? 0 : beta * target);
        }
      }
    }
    return 0;
  });
  return result == 0 ? SUCCESS : EXECUTION_FAILED;
}
}  // namespace

#define ENTER() \
  if (int wanted = simcuda_injected(__func__)) return wanted

SIM_API int cublasCreate_v2(Handle** h) {
  ENTER();
  simcuda_count("cuBLAS handles", 1);
  *h = new Handle{MAGIC, nullptr, false};
  return SUCCESS;
}

SIM_API int cublasDestroy_v2(Handle* h) {
  ENTER();
  if (h == nullptr || h->magic != MAGIC) {
    return NOT_INITIALIZED;
  }
  simcuda_count("cuBLAS handles", -1);
  h->magic = 0;
  delete h;
  return SUCCESS;
}

SIM_API int cublasSetStream_v2(Handle* h, void* stream) {
  ENTER();
  h->stream = stream;
  return SUCCESS;
}

SIM_API int cublasSetMathMode(Handle* h, int mode) {
  ENTER();
  constexpr int DEFAULT = 0;
  constexpr int TF32 = 3;
  h->tf32 = mode == TF32;
  return mode == DEFAULT || mode == TF32 ? SUCCESS : INVALID_VALUE;
}

SIM_API int cublasSgemm_v2(Handle* h, int ta, int tb, int m, int n, int k, const float* alpha, const float* a, int lda,
                           const float* b, int ldb, const float* beta, float* c, int ldc) {
  ENTER();
  return product(h, m, n, k, *alpha, {a, lda, 0, ta != 0}, {b, ldb, 0, tb != 0}, *beta, {c, ldc, 0, false}, 1);
}

SIM_API int cublasSgemmStridedBatched(Handle* h, int ta, int tb, int m, int n, int k, const float* alpha,
                                      const float* a, int lda, long long strideA, const float* b, int ldb,
                                      long long strideB, const float* beta, float* c, int ldc, long long strideC,
                                      int batch) {
  ENTER();
  return product(h, m, n, k, *alpha, {a, lda, strideA, ta != 0}, {b, ldb, strideB, tb != 0}, *beta,
                 {c, ldc, strideC, false}, batch);
}
