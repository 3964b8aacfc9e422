/**
 * The GPU backend: hand-written kernels (src/main/cuda) and cuBLAS through JCuda's driver API,
 * single precision.
 *
 * <p>Design notes.
 *
 * <ul>
 *   <li>Everything of one backend that computes is ordered by one stream: memory can be handed to
 *       its next user the moment its last operation is queued, and only downloads wait. Uploads
 *       cross the bus on a second stream to a place of their own and are moved from there by the
 *       first: one copy more inside the device, nothing for the caller to order.
 *   <li>After a failed copy both streams are waited for: a sweep over every call showed a later run
 *       reading a page-locked piece that a copy without its event still wrote to.
 *   <li>Kernels ship as source and are compiled by NVRTC for the device found; the result is kept
 *       on disk. The signatures that arguments are checked against are read from that source.
 *   <li>Convolutions are implicit matrix products of our own, not cuBLAS on unfolded images:
 *       nothing of KH·KW times an image is written or read, and bias and activation end the
 *       product. The adjoint gathers, one phase of the strides to a tile, so that nothing is added
 *       atomically.
 *   <li>A gradient at a weight is summed in groups of images whose number depends on the shape
 *       alone, and rows of single samples need no memory beside themselves.
 *   <li>No floating-point atomics: the same arguments give the same bits.
 *   <li>Whether there is a driver is asked of the file system before JCuda is touched: a machine
 *       without one pays a few milliseconds and unpacks no library.
 * </ul>
 */
package latentrace.kernels.cuda;
