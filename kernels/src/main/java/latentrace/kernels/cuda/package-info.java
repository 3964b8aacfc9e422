/**
 * The GPU backend: hand-written kernels (src/main/cuda) and cuBLAS through JCuda's driver API,
 * single precision.
 *
 * <p>Design notes.
 *
 * <ul>
 *   <li>Everything of one backend is ordered by one stream: memory can be handed to its next user
 *       the moment its last operation is queued, and only downloads wait.
 *   <li>Kernels ship as source and are compiled by NVRTC for the device found; the result is kept
 *       on disk. The signatures that arguments are checked against are read from that source.
 *   <li>No floating-point atomics: the same arguments give the same bits.
 *   <li>Whether there is a driver is asked of the file system before JCuda is touched: a machine
 *       without one pays a few milliseconds and unpacks no library.
 * </ul>
 */
package latentrace.kernels.cuda;
