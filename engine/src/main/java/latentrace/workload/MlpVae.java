package latentrace.workload;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.PhiloxRandom;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.nn.Initialisation;

/**
 * The model of the paper's MNIST experiments, and random images for it: what the workloads and the
 * programs timed beside them have in common.
 */
public final class MlpVae {
  private static final int SIDE = 28;

  private MlpVae() {}

  /** β = 4, hidden widths 8d, 4d, 2d: 3.02 million parameters for d = 128. */
  static ModelSpec spec(int latent) {
    return ModelSpec.mlpVae(List.of(1, SIDE, SIDE), latent, 4, Reconstruction.BERNOULLI);
  }

  /** The model with the same random weights every time, to the backend's precision. */
  public static Model model(Backend backend, int latent) {
    Model model = Model.create(backend, spec(latent));
    model.parameters().initialise(Initialisation.KAIMING_NORMAL, 1);
    return model;
  }

  /** Noise images of 28 x 28, the same ones for the same substream. */
  public static Dataset images(String name, int count, int substream) {
    PhiloxRandom random = new PhiloxRandom(2, 0, substream);
    float[] values = new float[count * SIDE * SIDE];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(0, 1);
    }
    return Dataset.ofFloats(name, new int[] {1, SIDE, SIDE}, values, null);
  }
}
