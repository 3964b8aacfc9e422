package latentrace.kernels.cuda;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider.ProductMath;
import latentrace.backend.Cleanup;

/**
 * Row-major single-precision products on the backend's stream. cuBLAS is column-major: it is asked
 * for Cᵀ = op(B)ᵀ·op(A)ᵀ, whose arguments are the same arrays. No atomics, which is cuBLAS'
 * default; no reduced precision unless TF32 is asked for.
 */
final class Cublas implements AutoCloseable {
  private static final int LEAST_TF32 = 80;

  private final Context context;
  private final cublasHandle handle = new cublasHandle();

  /** α and β, which a call reads before it returns. */
  private final HostMemory scalars;

  private final Pointer factor;
  private final Pointer before;
  private final Cleanup cleanup = new Cleanup();

  /**
   * Makes the handle.
   *
   * @throws BackendException if the device cannot compute so
   */
  Cublas(Context context, ProductMath math) {
    this.context = context;
    boolean tf32 = math == ProductMath.TF32;
    if (tf32 && context.device.capability() < LEAST_TF32) {
      throw new BackendException(
          "cuda: tf32 products need compute capability 8.0, %s has %s"
              .formatted(context.device.name(), context.device.capabilityText()));
    }
    context.enter();
    try {
      scalars = cleanup.add(new HostMemory(2 * Float.BYTES), HostMemory::close);
      factor = scalars.at(0);
      before = scalars.at(Float.BYTES);
      Status.cublas(JCublas2.cublasCreate(handle), "cublasCreate");
      cleanup.add(() -> JCublas2.cublasDestroy(handle));
      Status.cublas(
          JCublas2.cublasSetStream(handle, new cudaStream_t(context.stream)), "cublasSetStream");
      Status.cublas(
          JCublas2.cublasSetMathMode(
              handle,
              tf32 ? cublasMath.CUBLAS_TF32_TENSOR_OP_MATH : cublasMath.CUBLAS_DEFAULT_MATH),
          "cublasSetMathMode");
    } catch (RuntimeException e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /** As {@link latentrace.backend.DenseOps#gemmStridedBatched}. */
  void gemm(
      boolean transA,
      boolean transB,
      int m,
      int n,
      int k,
      double alpha,
      CUdeviceptr a,
      int lda,
      long strideA,
      CUdeviceptr b,
      int ldb,
      long strideB,
      double beta,
      CUdeviceptr c,
      int ldc,
      long strideC,
      int batch) {
    context.enter();
    scalars.bytes.putFloat(0, (float) alpha).putFloat(Float.BYTES, (float) beta);
    int opA = operation(transA);
    int opB = operation(transB);
    if (batch == 1) {
      Status.cublas(
          JCublas2.cublasSgemm(handle, opB, opA, n, m, k, factor, b, ldb, a, lda, before, c, ldc),
          "cublasSgemm m=%d n=%d k=%d".formatted(m, n, k));
    } else {
      Status.cublas(
          JCublas2.cublasSgemmStridedBatched(
              handle, opB, opA, n, m, k, factor, b, ldb, strideB, a, lda, strideA, before, c, ldc,
              strideC, batch),
          "cublasSgemmStridedBatched m=%d n=%d k=%d batch=%d".formatted(m, n, k, batch));
    }
  }

  private static int operation(boolean transposed) {
    return transposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
