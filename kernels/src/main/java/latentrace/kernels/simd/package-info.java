/** The CPU backend on the Java Vector API. */
package latentrace.kernels.simd;
