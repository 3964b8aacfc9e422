package latentrace.backend;

/**
 * A handle on the operation families of one device. Buffers and operations belong to the backend
 * that made them. A backend is used by one thread at a time; it may use more threads inside.
 * Results do not depend on how many.
 */
public interface Backend extends AutoCloseable {
  /** Precision of buffers and arithmetic. */
  enum Precision {
    /** IEEE single. */
    FLOAT32,
    /** IEEE double. */
    FLOAT64
  }

  /**
   * Where the time of some work went on a device of the backend's own.
   *
   * @param seconds from the first operation's start to the last one's end
   * @param transferSeconds of copies between the host and the device; those to it run beside
   *     operations
   */
  record DeviceTime(double seconds, double transferSeconds) {
    /** Nothing: the CPU's time is the caller's. */
    public static final DeviceTime NONE = new DeviceTime(0, 0);
  }

  /** The provider's name, e.g. {@code ejml}. */
  String name();

  /** One line for people: what computes, with how many threads, in what precision. */
  String description();

  /** Precision of buffers and arithmetic. */
  Precision precision();

  /** What matrix products are computed in, for provenance: fp64, fp32 or tf32. */
  default String math() {
    return precision() == Precision.FLOAT64 ? "fp64" : "fp32";
  }

  /**
   * Bytes that a computation may plan to take with {@link #allocate}: what a GPU has left; half of
   * what the Java heap has left, where data and results live too.
   */
  default long memoryBudget() {
    Runtime runtime = Runtime.getRuntime();
    return (runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory()) / 2;
  }

  /** Bytes that a buffer of so many elements takes of that. */
  default long memoryOf(long length) {
    return length * (precision() == Precision.FLOAT64 ? Double.BYTES : Float.BYTES);
  }

  /**
   * Whether data reach its memory over a bus, so that what is used again is worth keeping there.
   */
  default boolean behindBus() {
    return false;
  }

  /** Samples that are worth working on at a time, if they fit. */
  default int samplesAtATime() {
    return 64;
  }

  /**
   * A new buffer of zeros.
   *
   * @param length number of elements, ≥ 0
   * @throws BackendException if there is no memory for it: asked, free, total
   */
  Buffer allocate(long length);

  /** Does some work of this backend's to its end, and says where a device's time went. */
  default DeviceTime timed(Runnable work) {
    work.run();
    return DeviceTime.NONE;
  }

  /** Everything that it can do. */
  Operations operations();

  /** Matrix products and linear layers. */
  default DenseOps dense() {
    return operations().dense();
  }

  /** Element-wise activations. */
  default ActivationOps activations() {
    return operations().activations();
  }

  /** Per-sample losses with their gradients. */
  default LossOps losses() {
    return operations().losses();
  }

  /** The Gaussian bottleneck of a VAE. */
  default LatentOps latents() {
    return operations().latents();
  }

  /** Parameter updates. */
  default OptimizerOps optimizers() {
    return operations().optimizers();
  }

  /** Noise by the contract of {@link Philox}. */
  default RandomOps random() {
    return operations().random();
  }

  /** Convolutions and transposed convolutions. */
  default ConvOps convolutions() {
    return operations().convolutions();
  }

  /** Pooling and upsampling. */
  default PoolOps pooling() {
    return operations().pooling();
  }

  /** Batch and layer normalisation. */
  default NormOps norms() {
    return operations().norms();
  }

  /** Steps of recurrent layers. */
  default RecurrentOps recurrent() {
    return operations().recurrent();
  }

  /** Inner products of per-sample gradients. */
  default GradientOps gradients() {
    return operations().gradients();
  }

  /** Gives everything back; buffers still open must not be used any more. */
  @Override
  void close();
}
