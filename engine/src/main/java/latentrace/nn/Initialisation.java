package latentrace.nn;

import latentrace.backend.PhiloxRandom;

/** How parameters begin. */
public enum Initialisation {
  /** Weights N(0, 2/fanIn), biases 0: He et al. 2015, as 1Konny's Beta-VAE and VAE-TracIn do. */
  KAIMING_NORMAL {
    @Override
    double sample(Parameter parameter, PhiloxRandom random) {
      return parameter.isBias() ? 0 : Math.sqrt(2.0 / parameter.fanIn()) * random.nextGaussian();
    }
  },
  /** Weights and biases U(−1/√fanIn, 1/√fanIn): what PyTorch's {@code nn.Linear} does. */
  PYTORCH_DEFAULT {
    @Override
    double sample(Parameter parameter, PhiloxRandom random) {
      double bound = 1 / Math.sqrt(parameter.fanIn());
      return random.nextDouble(-bound, bound);
    }
  };

  abstract double sample(Parameter parameter, PhiloxRandom random);
}
