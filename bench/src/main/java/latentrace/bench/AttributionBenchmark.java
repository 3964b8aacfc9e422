package latentrace.bench;

import latentrace.backend.Backend;
import latentrace.workload.AttributionWorkload;
import latentrace.workload.PaperModels;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.Param;

/**
 * Label-free integrated gradients in 50 steps, of the second paper's denoising auto-encoder of
 * MNIST, d = 4; amounts are images.
 */
public class AttributionBenchmark extends WorkloadBenchmark {
  private static final int LATENT = 4;
  private static final int STEPS = 50;
  private static final int SMALL = 8;

  /** N. */
  @Param({"64", "1000"})
  public int samples;

  /** For JMH. */
  public AttributionBenchmark() {}

  @Override
  Workload onBackend(Backend on) {
    return new AttributionWorkload(on, PaperModels.denoising(LATENT), samples, STEPS);
  }

  @Override
  Workload compared(Backend on) {
    return new AttributionWorkload(on, PaperModels.denoising(LATENT), SMALL, STEPS);
  }
}
