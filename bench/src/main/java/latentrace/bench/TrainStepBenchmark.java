package latentrace.bench;

import latentrace.backend.Backend;
import latentrace.bench.peer.LibtorchTrainStep;
import latentrace.workload.TrainStepWorkload;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.Param;

/** Training steps of the MLP β-VAE with batches of 64; amounts are samples. */
public class TrainStepBenchmark extends WorkloadBenchmark {
  private static final int BATCH = 64;

  /** d. */
  @Param({"64", "128"})
  public int latent;

  /** For JMH. */
  public TrainStepBenchmark() {}

  @Override
  Workload onBackend(Backend on) {
    return new TrainStepWorkload(on, latent, BATCH);
  }

  @Override
  Workload byPeer(String name, int peerThreads) {
    return name.equals(LibtorchTrainStep.NAME)
        ? new LibtorchTrainStep(latent, BATCH, peerThreads)
        : null;
  }
}
