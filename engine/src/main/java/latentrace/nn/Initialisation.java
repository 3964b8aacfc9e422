package latentrace.nn;

import latentrace.backend.PhiloxRandom;

/**
 * How parameters begin. The weights of transposed convolutions begin as PyTorch's in every scheme
 * (the papers' code passes them by), those of normalisation as 1, their biases as 0.
 */
public enum Initialisation {
  /** Weights N(0, 2/fanIn), biases 0: He et al. 2015, as 1Konny's Beta-VAE and VAE-TracIn do. */
  KAIMING_NORMAL {
    @Override
    double byScheme(Parameter parameter, PhiloxRandom random) {
      return parameter.isBias() ? 0 : Math.sqrt(2.0 / parameter.fanIn()) * random.nextGaussian();
    }
  },
  /** Weights and biases U(−1/√fanIn, 1/√fanIn): what PyTorch's {@code nn.Linear} does. */
  PYTORCH_DEFAULT {
    @Override
    double byScheme(Parameter parameter, PhiloxRandom random) {
      return uniform(parameter, random);
    }
  };

  private static double uniform(Parameter parameter, PhiloxRandom random) {
    double bound = 1 / Math.sqrt(parameter.fanIn());
    return random.nextDouble(-bound, bound);
  }

  abstract double byScheme(Parameter parameter, PhiloxRandom random);

  double sample(Parameter parameter, PhiloxRandom random) {
    return switch (parameter.start()) {
      case SCHEME -> byScheme(parameter, random);
      case PYTORCH_DEFAULT -> uniform(parameter, random);
      case ONES -> 1;
      case ZEROS -> 0;
    };
  }
}
