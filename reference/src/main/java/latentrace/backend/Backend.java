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

  /** The provider's name, e.g. {@code ejml}. */
  String name();

  /** One line for people: what computes, with how many threads, in what precision. */
  String description();

  /** Precision of buffers and arithmetic. */
  Precision precision();

  /**
   * A new buffer of zeros.
   *
   * @param length number of elements, ≥ 0
   * @throws BackendException if there is no memory for it: asked, free, total
   */
  Buffer allocate(long length);

  /** Matrix products and linear layers. */
  DenseOps dense();

  /** Element-wise activations. */
  ActivationOps activations();

  /** Per-sample losses with their gradients. */
  LossOps losses();

  /** The Gaussian bottleneck of a VAE. */
  LatentOps latents();

  /** Parameter updates. */
  OptimizerOps optimizers();

  /** Noise by the contract of {@link Philox}. */
  RandomOps random();

  /** Convolutions and transposed convolutions. */
  ConvOps convolutions();

  /** Pooling and upsampling. */
  PoolOps pooling();

  /** Batch and layer normalisation. */
  NormOps norms();

  /** Inner products of per-sample gradients. */
  GradientOps gradients();

  /** Gives everything back; buffers still open must not be used any more. */
  @Override
  void close();
}
