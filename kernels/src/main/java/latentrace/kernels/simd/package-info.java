/**
 * The CPU backend on the Java Vector API, single precision, one code path for JDK 17 to 25.
 *
 * <p>Design notes. Products in GFLOP/s of one core of the 2-core build machine (EPYC with AVX-512,
 * on which OpenBLAS gives 90 to 120), medians of interleaved runs; they move by a third with what
 * else runs there. Tables: bench/README.md.
 *
 * <ul>
 *   <li>Results must be the same bits interpreted and compiled, for every batch, tile and thread
 *       count. So {@code reduceLanes} and {@code lanewise(EXP)} are not used: they promise no order
 *       and no bits; and an element of a product is the same chain of operations in every path.
 *   <li>A loop over vectors calls the Vector API only, none of our methods. The JIT inlines the
 *       former without limit and the latter until a method has some 8000 bytecodes, about 40 vector
 *       operations; a vector handed to a call that is not inlined becomes an object. The Bernoulli
 *       loss in one loop with helper methods: 3 to 6 ns an element and 30 MB a tile; as array
 *       functions one after the other through L1: 0.7 ns, nothing allocated, on both JDKs.
 *   <li>Masks for tails: out-of-line on JDK 17, and twice the code in the loop's method. Tails are
 *       scalar, or padded in a worker's scratch memory.
 *   <li>6 × 2-vector tile: 190 to 205 of a peak of about 230. The same loop with its stores in a
 *       method that the JIT left out-of-line: 30, because the accumulators were boxed. 8 × 2 for
 *       AVX-512, which divides a batch of 64: no faster anywhere. AVX2: see {@link MicroKernel}, 60
 *       to 85 instead of 23 to 50.
 *   <li>Both operands packed, with a barrier between packing and computing: 64 × 1024 × 784 NT 110
 *       to 126, 1024 × 1024 × 784 NT 101 to 120. The left operand read where it lies and each
 *       worker filling its own panel of the right one: 131 to 165 and 140 to 150; the rest the same
 *       or better, and half the code.
 *   <li>A·Bᵀ with fewer rows than columns by computing the transposed product: what is copied and
 *       transposed then is the small operand. Its tiles are stored across, once per 1024 values of
 *       k; once per 256: 131 instead of 165. The small operand is packed once for all threads: 195
 *       to 205 instead of 165, as each piece of rows packed it again.
 *   <li>A·Bᵀ by dot products in place: 130 for 64 × 1024 × 784, and 1024 × 1024 × 784 no faster
 *       (105), because nothing is reused from L1: dropped, though it is better for very few rows
 *       (one row: 32 against 6; Gram matrices of 16 × 16: 138 against 45, some 4 % of
 *       self-influence).
 *   <li>KL, reparameterisation and their gradients in one operation: dropped. With exponentials on
 *       vectors of doubles the four of them are 2 % of a training step (0.1 % of a score), so the
 *       contract keeps them apart. Activation gradients while packing: nothing is packed on the
 *       left any more, and the separate pass is 1.5 % of a step. Plain SGD inside the product that
 *       gives a weight's gradient (its alpha is −lr, its target the weight): a third of a step's
 *       memory traffic less, 4.4 ms became 3.9, 7.3 became 5.7 when neighbours on the machine left
 *       less of the memory. The input gradient's product and this one block by block, so that a
 *       weight is read once: 5 to 15 % slower, more pieces cost more than L2 saves.
 *   <li>Convolutions: copied once by phases of the stride with zeros around ({@code Planes}), every
 *       operand of a convolution is a contiguous run, whatever its stride: panels are filled by
 *       whole vectors, and the gradient at the weight broadcasts from the planes where they lie. Of
 *       a forward pass from 32 × 32 × 32 to 32 channels on one core the products take two thirds,
 *       at 110 to 130; the planes most of the rest. Deinterleaving their rows by {@code rearrange}
 *       and {@code blend}: twice as slow as two scalar loads and stores. Three output channels by
 *       the micro-kernel: half-empty tiles, and panels used once; so a kernel of three rows reads
 *       the runs themselves. A step of the papers' conv-vae (batch 64, two threads): 38 to 40 ms
 *       where PyTorch takes 77. Left to do: activations backwards while planes are filled, and
 *       influence's draws in tiles that stay in L3. Up to 18 rows read the runs where they lie, and
 *       one to three rows over do so in half a tile: integrated gradients of the small MNIST
 *       encoder (8 to 32 channels) 1,340 to 1,420 images/s.
 *   <li>Wᵀy multiplied positions of each phase that lie outside the image, and rows had zeros on
 *       both sides: 16 of 30 columns of an image of 8 × 8 meant something. Without those rows, and
 *       with the zeros that the next row begins with: 16 of 20; the conv-vae decoder's first three
 *       layers of stride 2 took 0.41, 0.65 and 1.18 ms for 16 draws, and take 0.30, 0.53 and 1.06
 *       (Zen 4).
 *   <li>Normals: 12.5 ns each one block at a time, 2.7 on vectors; the same bits as the reference's
 *       but for about one in a million.
 * </ul>
 */
package latentrace.kernels.simd;
