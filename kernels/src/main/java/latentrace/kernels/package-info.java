/** Home of the fast backends: SIMD (Java Vector API) and CUDA (JCuda, to come). */
package latentrace.kernels;
