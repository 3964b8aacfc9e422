package latentrace.model;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.nn.Sequential;

/** A plain auto-encoder: encoder x → code, decoder code → output, ℓ = reconstruction. */
public final class AutoEncoder extends Model {
  /** Linear layers over the spec's widths, parameters all zero. */
  public AutoEncoder(Backend backend, ModelSpec spec) {
    this(
        backend,
        spec,
        mlp("encoder", spec.activation(), Activation.IDENTITY, encoderWidths(spec, spec.latent())),
        mlp("decoder", spec.activation(), spec.outputActivation(), decoderWidths(spec)));
  }

  AutoEncoder(Backend backend, ModelSpec spec, Sequential encoder, Sequential decoder) {
    super(backend, spec, encoder, decoder);
  }

  @Override
  public int noiseSize() {
    return 0;
  }

  @Override
  public Pass newPass(int capacity, int draws) {
    return new DeterministicPass(this, capacity, draws) {
      @Override
      void loss(Objective objective, Buffer output, Buffer values, double scale, Buffer dOutput) {
        backend()
            .losses()
            .reconstruction(
                objective.reconstruction(),
                count(),
                1,
                spec().sampleSize(),
                output,
                input(),
                values,
                scale,
                dOutput);
      }

      @Override
      void lossCurvature(Objective objective, double[] output, double[] probe, double[] target) {
        LossCurvature.reconstruction(
            objective.reconstruction(),
            objective.lossScale(),
            output,
            probe,
            0,
            target,
            0,
            output.length);
      }
    };
  }
}
