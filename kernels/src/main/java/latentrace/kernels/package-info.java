/**
 * Home of the fast backends: SIMD (Java Vector API) and CUDA (JCuda). Empty so far: every model
 * runs on {@code latentrace.reference.EjmlBackend}.
 */
package latentrace.kernels;
