package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.RecurrentOps;

/** recurrent.cu. */
final class CudaRecurrent extends RecurrentOps {
  private final Launcher launcher;

  CudaRecurrent(CudaBackend backend) {
    super(backend);
    this.launcher = backend.launcher();
  }

  @Override
  protected void doLstmCellForward(
      int rows,
      int hidden,
      Buffer gates,
      int ldGates,
      Buffer bias,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer h,
      int ldH,
      Buffer next,
      int ldNext) {
    launcher.elements(
        "lstm_cell_forward",
        (long) rows * hidden,
        rows,
        hidden,
        gates,
        (long) ldGates,
        bias,
        previous,
        cell,
        (long) ldCell,
        h,
        (long) ldH,
        next,
        (long) ldNext);
  }

  @Override
  protected void doLstmCellBackward(
      int rows,
      int hidden,
      Buffer gates,
      Buffer delta,
      int ldGates,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer dH,
      int ldDH,
      Buffer dC) {
    launcher.elements(
        "lstm_cell_backward",
        (long) rows * hidden,
        rows,
        hidden,
        gates,
        delta,
        (long) ldGates,
        previous,
        cell,
        (long) ldCell,
        dH,
        (long) ldDH,
        dC);
  }
}
