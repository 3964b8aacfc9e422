package latentrace.kernels.cuda;

import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;

/** The numbers by which kernels know what Java has enumerations for. */
final class Codes {
  private Codes() {}

  /** ActivationKind in activations.cu. */
  static int of(Activation activation) {
    return switch (activation) {
      case IDENTITY -> 0;
      case RELU -> 1;
      case LEAKY_RELU -> 2;
      case TANH -> 3;
      case SIGMOID -> 4;
      case SOFTPLUS -> 5;
    };
  }

  /** ReconstructionKind in losses.cu. */
  static int of(Reconstruction kind) {
    return switch (kind) {
      case BERNOULLI -> 0;
      case GAUSSIAN -> 1;
      case MSE -> 2;
    };
  }
}
