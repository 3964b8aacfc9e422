package latentrace.bench;

import latentrace.backend.Backend;
import latentrace.bench.peer.LibtorchInfluence;
import latentrace.influence.ParameterSelection;
import latentrace.model.ModelSpec;
import latentrace.workload.InfluenceWorkload;
import latentrace.workload.PaperModels;
import latentrace.workload.Workload;

/**
 * Whole runs of VAE-TracIn, m = 16; amounts are (training sample, checkpoint) pairs. Compared with
 * the reference in a small instance.
 */
public abstract class InfluenceBenchmark extends WorkloadBenchmark {
  private static final int LATENT = 128;
  private static final int SMALL_LATENT = 4;
  private static final int SMALL = 8;
  private static final int DRAWS = 16;

  /** For JMH. */
  protected InfluenceBenchmark() {}

  /** The model, of the benchmark's own size or a small one. */
  ModelSpec model(boolean small) {
    return PaperModels.mlp(small ? SMALL_LATENT : LATENT);
  }

  /** N. */
  abstract int samples();

  /** T, or 0 for self-influence. */
  abstract int tests();

  /** C. */
  int checkpoints() {
    return 1;
  }

  /** Whose gradients count. */
  ParameterSelection parameters() {
    return ParameterSelection.ALL;
  }

  private Workload workload(Backend on, boolean small, int n, int t) {
    return new InfluenceWorkload(on, model(small), n, t, DRAWS, checkpoints(), parameters());
  }

  @Override
  final Workload onBackend(Backend on) {
    return workload(on, false, samples(), tests());
  }

  @Override
  final Workload compared(Backend on) {
    return workload(on, true, SMALL, Math.min(SMALL, tests()));
  }

  @Override
  final Workload byPeer(String name, int peerThreads) {
    return name.equals(LibtorchInfluence.NAME)
        ? new LibtorchInfluence(LATENT, samples(), tests(), DRAWS, peerThreads)
        : null;
  }

  @Override
  final Workload comparedByPeer(String name, int peerThreads) {
    return new LibtorchInfluence(SMALL_LATENT, SMALL, Math.min(SMALL, tests()), DRAWS, peerThreads);
  }
}
