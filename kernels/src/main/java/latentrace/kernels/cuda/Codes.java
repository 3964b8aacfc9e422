package latentrace.kernels.cuda;

import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.backend.Upsampling;

/** The numbers by which kernels know what Java has enumerations for. */
final class Codes {
  private Codes() {}

  /** ActivationKind in activation.cuh. */
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
      case L1 -> 3;
    };
  }

  /** UpsamplingKind in pooling.cu. */
  static int of(Upsampling mode) {
    return switch (mode) {
      case NEAREST -> 0;
      case BILINEAR -> 1;
    };
  }
}
