package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.LossOps;
import latentrace.backend.Reconstruction;

/** losses.cu. */
final class CudaLosses extends LossOps {
  private final Launcher launcher;

  CudaLosses(CudaBackend backend) {
    super(backend);
    this.launcher = backend.launcher();
  }

  @Override
  protected void doReconstruction(
      Reconstruction kind,
      int rows,
      int draws,
      int features,
      Buffer output,
      Buffer target,
      Buffer values,
      double scale,
      Buffer dOutput) {
    launcher.rows(
        "reconstruction",
        rows,
        Codes.of(kind),
        rows,
        draws,
        features,
        output,
        target,
        values,
        (float) scale,
        dOutput);
  }

  @Override
  protected void doCrossEntropy(
      int rows,
      int classes,
      Buffer output,
      Buffer labels,
      Buffer values,
      double scale,
      Buffer dOutput) {
    launcher.rows(
        "cross_entropy", rows, rows, classes, output, labels, values, (float) scale, dOutput);
  }
}
