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
 * The models of the papers' experiments, and random images for them: what the workloads and the
 * programs timed beside them have in common.
 */
public final class PaperModels {
  private static final int SIDE = 28;

  private PaperModels() {}

  /** The MNIST model: β = 4, hidden widths 8d, 4d, 2d; 3.02 million parameters for d = 128. */
  public static ModelSpec mlp(int latent) {
    return ModelSpec.mlpVae(List.of(1, SIDE, SIDE), latent, 4, Reconstruction.BERNOULLI);
  }

  /** The CIFAR model on [3,64,64]: β = 2; 0.81 million parameters for d = 64. */
  public static ModelSpec conv(int latent) {
    return ModelSpec.convVae(3, latent, 2, Reconstruction.GAUSSIAN);
  }

  /**
   * The second paper's denoising auto-encoder of MNIST: 43,428 parameters to d = 4, as many back.
   */
  public static ModelSpec denoising(int latent) {
    return ModelSpec.denoising(ModelSpec.DENOISING_MNIST, latent);
  }

  /** A model with the same random weights every time, to the backend's precision. */
  public static Model model(Backend backend, ModelSpec spec) {
    Model model = Model.create(backend, spec);
    model.parameters().initialise(Initialisation.KAIMING_NORMAL, 1);
    return model;
  }

  /** Noise images for a model, the same ones for the same substream. */
  public static Dataset images(ModelSpec spec, String name, int count, int substream) {
    PhiloxRandom random = new PhiloxRandom(2, 0, substream);
    float[] values = new float[Math.multiplyExact(count, spec.sampleSize())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(0, 1);
    }
    int[] shape = spec.sampleShape().stream().mapToInt(extent -> extent).toArray();
    return Dataset.ofFloats(name, shape, values, null);
  }
}
