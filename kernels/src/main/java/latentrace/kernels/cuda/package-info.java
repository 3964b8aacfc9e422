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
 *   <li>No floating-point atomics: the same arguments give the same bits.
 *   <li>Whether there is a driver is asked of the file system before JCuda is touched: a machine
 *       without one pays a few milliseconds and unpacks no library.
 * </ul>
 */
package latentrace.kernels.cuda;
