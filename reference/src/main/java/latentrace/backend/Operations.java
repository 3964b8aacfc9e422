package latentrace.backend;

/**
 * The operations of a backend, by kind.
 *
 * @param dense matrix products and linear layers
 * @param activations element-wise activations
 * @param losses per-sample losses with their gradients
 * @param latents the Gaussian bottleneck of a VAE
 * @param optimizers parameter updates
 * @param random noise by the contract of {@link Philox}
 * @param convolutions convolutions and transposed convolutions
 * @param pooling pooling and upsampling
 * @param norms batch and layer normalisation
 * @param recurrent steps of recurrent layers
 * @param gradients inner products of per-sample gradients
 */
public record Operations(
    DenseOps dense,
    ActivationOps activations,
    LossOps losses,
    LatentOps latents,
    OptimizerOps optimizers,
    RandomOps random,
    ConvOps convolutions,
    PoolOps pooling,
    NormOps norms,
    RecurrentOps recurrent,
    GradientOps gradients) {}
