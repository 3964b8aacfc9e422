package latentrace.bench;

import latentrace.backend.Backend;
import latentrace.bench.peer.LibtorchTrainStep;
import latentrace.workload.TrainStepWorkload;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.Param;

/** Training steps of the papers' β-VAEs with batches of 64; amounts are samples. */
public class TrainStepBenchmark extends WorkloadBenchmark {
  private static final int BATCH = 64;
  private static final int COMPARED = 8;

  /** d of the MLP, or the convolutional model's. */
  @Param({"64", "128", "conv-64"})
  public String model;

  /** For JMH. */
  public TrainStepBenchmark() {}

  @Override
  Workload onBackend(Backend on) {
    return new TrainStepWorkload(on, Models.of(model), BATCH);
  }

  /**
   * Of the convolutional model fewer samples: among its four million activations of a batch one is
   * near enough to 0 that the weights' rounding to single precision tips it, which moves the
   * gradients of every float backend by the same 1.4e-4.
   */
  @Override
  Workload compared(Backend on) {
    return model.startsWith(Models.CONV)
        ? new TrainStepWorkload(on, Models.of(model), COMPARED)
        : onBackend(on);
  }

  @Override
  Workload byPeer(String name, int peerThreads) {
    return name.equals(LibtorchTrainStep.NAME)
        ? new LibtorchTrainStep(Integer.parseInt(model), BATCH, peerThreads)
        : null;
  }
}
