package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.LossOps;
import latentrace.backend.Reconstruction;

/** losses.cu. */
final class CudaLosses extends LossOps {
  private final CudaBackend backend;
  private final Launcher launcher;

  CudaLosses(CudaBackend backend) {
    super(backend);
    this.backend = backend;
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
  protected void doContrastive(
      int pairs,
      int features,
      double temperature,
      Buffer z,
      Buffer values,
      double scale,
      Buffer dZ) {
    int rows = 2 * pairs;
    int size = Math.multiplyExact(rows, features);
    try (CudaBuffer units = backend.scratch(size);
        CudaBuffer norms = backend.scratch(rows);
        CudaBuffer slopes = backend.scratch((long) rows * rows);
        CudaBuffer each = backend.scratch(rows)) {
      launcher.rows("unit_rows", rows, rows, features, z, units, norms);
      backend
          .dense()
          .gemm(
              false,
              true,
              rows,
              rows,
              features,
              1 / temperature,
              units,
              features,
              units,
              features,
              0,
              slopes,
              rows);
      launcher.rows("contrastive_rows", rows, rows, slopes, each);
      launcher.elements("contrastive_values", pairs, pairs, each, values);
      if (dZ != null) {
        double factor = 0.5 * scale / temperature;
        for (boolean transposed : new boolean[] {false, true}) {
          backend
              .dense()
              .gemm(
                  transposed,
                  false,
                  rows,
                  features,
                  rows,
                  factor,
                  slopes,
                  rows,
                  units,
                  features,
                  transposed ? 1 : 0,
                  dZ,
                  features);
        }
        launcher.rows("unit_rows_backward", rows, rows, features, units, norms, dZ);
      }
    }
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
