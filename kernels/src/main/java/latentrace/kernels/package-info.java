/** Home of the fast backends: SIMD (Java Vector API) and CUDA (JCuda). */
package latentrace.kernels;
