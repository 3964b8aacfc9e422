package latentrace.bench.peer;

import latentrace.backend.Philox;
import latentrace.workload.Workload;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** {@link latentrace.workload.TrainStepWorkload} by libtorch: autograd and SGD in place. */
@SuppressWarnings("try") // scopes and guards act by being open
public final class LibtorchTrainStep implements Workload {
  /** The peer's name. */
  public static final String NAME = "libtorch";

  private static final float LEARNING_RATE = 1e-9f;

  private final LibtorchMlpVae vae;
  private final Tensor images;
  private final int batch;
  private final double[] outcome;

  /**
   * Makes the model.
   *
   * @throws latentrace.backend.BackendException if the native library is not there
   */
  public LibtorchTrainStep(int latent, int batch, int threads) {
    this.batch = batch;
    this.vae = new LibtorchMlpVae(latent, threads);
    this.images = LibtorchMlpVae.images("noise", batch, 0);
    try (PointerScope scope = new PointerScope();
        Tensor row = torch.zeros(vae.parameterCount())) {
      Tensor noise =
          vae.contractNoise(
              Philox.trainingKey(0, 1), Philox.stream(Philox.ROLE_TRAINING, 0), batch, 1);
      LibtorchMlpVae.flatten(vae.gradients(images, noise), row);
      outcome = Tensors.toDoubles(row);
    }
  }

  @Override
  public void run() {
    try (PointerScope scope = new PointerScope()) {
      TensorVector gradients = vae.gradients(images, vae.freshNoise(batch));
      try (NoGradGuard guard = new NoGradGuard()) {
        Scalar rate = new Scalar(LEARNING_RATE);
        Tensor[] parameters = vae.parameters();
        for (int i = 0; i < parameters.length; i++) {
          parameters[i].sub_(gradients.get(i), rate);
        }
      }
    }
  }

  @Override
  public double amount() {
    return batch;
  }

  /** The parameters' gradients of the model as it was made, with the noise of the contract. */
  @Override
  public double[] outcome() {
    return outcome;
  }

  @Override
  public void close() {
    images.close();
    vae.close();
  }
}
