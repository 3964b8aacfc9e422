package latentrace.kernels.cuda;

import latentrace.backend.Activation;
import latentrace.backend.ActivationOps;
import latentrace.backend.Buffer;

/** activations.cu. */
final class CudaActivations extends ActivationOps {
  private final Launcher launcher;

  CudaActivations(CudaBackend backend) {
    super(backend);
    this.launcher = backend.launcher();
  }

  @Override
  protected void doForward(Activation activation, long length, Buffer x, Buffer y) {
    launcher.elements("activation_forward", length, Codes.of(activation), length, x, y);
  }

  @Override
  protected void doAdd(Activation activation, long length, Buffer a, Buffer b, Buffer y) {
    launcher.elements("activation_add", length, Codes.of(activation), length, a, b, y);
  }

  @Override
  protected void doBackward(Activation activation, long length, Buffer y, Buffer dY, Buffer dX) {
    launcher.elements("activation_backward", length, Codes.of(activation), length, y, dY, dX);
  }
}
