/**
 * The CPU backend on the Java Vector API, single precision, one code path for JDK 17 to 25.
 *
 * <p>Design notes. Figures are GFLOP/s of one core of the 2-core build machine (EPYC with AVX-512),
 * medians of one quiet run, and move by a third with what else runs there.
 *
 * <ul>
 *   <li>Results must be the same bits interpreted and compiled, for every batch, tile and thread
 *       count. So the way a product takes depends on k and the transposes only, and {@code
 *       reduceLanes} and {@code lanewise(EXP)} are not used: they promise no order and no bits.
 *   <li>6 × 2-vector tile on packed panels: 1152³ NN 115 on JDK 25 and 124 on JDK 17, A·Bᵀ 177 and
 *       156 on a quieter machine. The same loop with its stores in a method that the JIT left
 *       out-of-line: 30 on both, because the twelve accumulators were boxed.
 *   <li>A·Bᵀ by dot products in place, lanes summed in registers by rearrangement: 78 (1152³) on
 *       JDK 25 and 19 on JDK 17, where the tree was not inlined; from memory in a method of its
 *       own: 104 and 92.
 *   <li>Dot products for small k were dropped for packing: k = 128, 4096 × 256: 59 against 180; k =
 *       256, 128 × 60000: 77 against 152. From k = 512 they stay, for products of few rows: 8 ×
 *       1024 × 784: 129 against 38; 1 × 1024 × 784: 32 against 5.
 *   <li>Masked tails in products were never tried: the last, incomplete vector of each row is
 *       copied beside zeros once. Element-wise tails are masked; JDK 17 runs those out-of-line.
 * </ul>
 */
package latentrace.kernels.simd;
