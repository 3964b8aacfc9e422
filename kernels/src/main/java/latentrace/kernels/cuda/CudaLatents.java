package latentrace.kernels.cuda;

import latentrace.backend.Buffer;
import latentrace.backend.KlWeights;
import latentrace.backend.LatentOps;

/** latents.cu. */
final class CudaLatents extends LatentOps {
  private final CudaBackend backend;
  private final Launcher launcher;

  CudaLatents(CudaBackend backend) {
    super(backend);
    this.backend = backend;
    this.launcher = backend.launcher();
  }

  @Override
  protected void doReparameterize(int n, int m, int d, Buffer h, Buffer epsilon, Buffer xi) {
    launcher.elements("reparameterize_forward", (long) n * m * d, n, m, d, h, epsilon, xi);
  }

  @Override
  protected void doReparameterizeBackward(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer dXi, Buffer dH) {
    launcher.elements("reparameterize_backward", (long) n * d, n, m, d, h, epsilon, dXi, dH);
  }

  @Override
  protected void doScoreFunctionBackward(
      int n,
      int m,
      int d,
      Buffer h,
      Buffer epsilon,
      Buffer xi,
      Buffer rec,
      double beta,
      double scale,
      Buffer dH) {
    try (DeviceMemory.Block signals = backend.memory().allocate((long) n * m * Double.BYTES)) {
      launcher.elements(
          "score_function_signals",
          (long) n * m,
          n,
          m,
          d,
          h,
          epsilon,
          xi,
          rec,
          beta,
          scale,
          signals);
      launcher.elements("score_function_backward", (long) n * d, n, m, d, h, epsilon, signals, dH);
    }
  }

  @Override
  protected void doKl(int n, int d, Buffer h, Buffer kl) {
    launcher.rows("kl_forward", n, n, d, h, kl);
  }

  @Override
  protected void doKlBackward(int n, int d, Buffer h, Buffer coefficient, Buffer dH) {
    launcher.elements("kl_backward", (long) n * d, n, d, h, coefficient, dH);
  }

  @Override
  protected void doTotalCorrelation(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, Buffer penalty) {
    try (DeviceMemory.Block densities = densities(n, d, h, xi)) {
      launcher.elements(
          "tc_penalty",
          n,
          n,
          d,
          h,
          xi,
          densities,
          weights.mutualInformation(),
          weights.totalCorrelation(),
          weights.dimensionWise(),
          penalty);
    }
  }

  @Override
  protected void doTotalCorrelationBackward(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, double scale, Buffer dH) {
    long pairs = (long) n * n;
    try (DeviceMemory.Block densities = densities(n, d, h, xi);
        DeviceMemory.Block joints = backend.memory().allocate(pairs * Double.BYTES)) {
      launcher.elements("tc_joints", pairs, n, d, h, xi, densities, joints);
      launcher.rows(
          "tc_backward",
          (long) n * d,
          n,
          d,
          h,
          xi,
          densities,
          joints,
          weights.mutualInformation(),
          weights.totalCorrelation(),
          weights.dimensionWise(),
          scale,
          dH);
    }
  }

  /** Logarithms of the batch's marginal and joint densities at each draw [n,d+1]. */
  private DeviceMemory.Block densities(int n, int d, Buffer h, Buffer xi) {
    long length = (long) n * (d + 1);
    DeviceMemory.Block densities = backend.memory().allocate(length * Double.BYTES);
    try {
      launcher.rows("tc_densities", length, n, d, h, xi, densities);
      return densities;
    } catch (RuntimeException e) {
      densities.close();
      throw e;
    }
  }

  @Override
  protected void doKlPenalty(
      int n,
      Buffer kl,
      double weight,
      double capacity,
      double scale,
      Buffer penalty,
      Buffer coefficient) {
    int hasCapacity = Double.isNaN(capacity) ? 0 : 1;
    launcher.elements(
        "kl_penalty", n, n, kl, weight, hasCapacity, capacity, scale, penalty, coefficient);
  }
}
