package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.OptimizerOps;

/** optimizers.cu. */
final class CudaOptimizers extends OptimizerOps {
  private final Launcher launcher;

  CudaOptimizers(CudaBackend backend) {
    super(backend);
    this.launcher = backend.launcher();
  }

  @Override
  protected void doSgd(
      long length,
      Buffer parameters,
      Buffer gradients,
      Buffer velocity,
      double lr,
      double momentum,
      boolean nesterov,
      double weightDecay) {
    launcher.elements(
        "sgd",
        length,
        length,
        parameters,
        gradients,
        momentum == 0 ? null : velocity,
        (float) lr,
        (float) momentum,
        nesterov ? 1 : 0,
        (float) weightDecay);
  }

  @Override
  protected void doAdam(
      long length,
      long step,
      Buffer parameters,
      Buffer gradients,
      Buffer mean,
      Buffer variance,
      double lr,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay) {
    launcher.elements(
        "adam",
        length,
        length,
        parameters,
        gradients,
        mean,
        variance,
        (float) (lr / (1 - Math.pow(beta1, (double) step))),
        (float) Math.sqrt(1 - Math.pow(beta2, (double) step)),
        (float) beta1,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) epsilon,
        (float) weightDecay);
  }
}
