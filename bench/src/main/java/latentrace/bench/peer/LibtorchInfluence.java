package latentrace.bench.peer;

import latentrace.backend.Philox;
import latentrace.workload.Workload;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link latentrace.workload.InfluenceWorkload} by libtorch: one forward and backward pass of all
 * draws per sample gives its gradient; a group of them meets all tests' in one matrix product.
 */
@SuppressWarnings("try") // scopes and guards act by being open
public final class LibtorchInfluence implements Workload {
  /** The peer's name. */
  public static final String NAME = "libtorch-batched";

  private static final int GROUP = 16;

  private final LibtorchMlpVae vae;
  private final Tensor train;
  private final Tensor test;
  private final int samples;
  private final int tests;
  private final int draws;
  private final Tensor testRows;
  private final Tensor groupRows;

  /** The noise [draws,d] of a sample. */
  @FunctionalInterface
  private interface Noise {
    Tensor of(int sample);
  }

  /**
   * Makes the model.
   *
   * @param tests T; 0 for self-influence
   * @throws latentrace.backend.BackendException if the native library is not there
   */
  public LibtorchInfluence(int latent, int samples, int tests, int draws, int threads) {
    this.samples = samples;
    this.tests = tests;
    this.draws = draws;
    this.vae = new LibtorchMlpVae(latent, threads);
    this.train = LibtorchMlpVae.images("training noise", samples, 0);
    this.test = tests == 0 ? null : LibtorchMlpVae.images("test noise", tests, 1);
    this.testRows = torch.zeros(tests, vae.parameterCount());
    this.groupRows = torch.zeros(GROUP, vae.parameterCount());
  }

  @Override
  public void run() {
    Noise fresh = sample -> vae.freshNoise(draws);
    compute(fresh, fresh).close();
  }

  /** Scores [N,T], or self-influence [N]. */
  private Tensor compute(Noise trainNoise, Noise testNoise) {
    for (int i = 0; i < tests; i++) {
      writeGradient(test, i, testNoise, testRows, i);
    }
    Tensor result = tests == 0 ? torch.zeros(samples) : torch.zeros(samples, tests);
    for (int from = 0; from < samples; from += GROUP) {
      int count = Math.min(GROUP, samples - from);
      for (int i = 0; i < count; i++) {
        writeGradient(train, from + i, trainNoise, groupRows, i);
      }
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor rows = groupRows.narrow(0, 0, count);
        Tensor part = tests == 0 ? rows.square().sum(1) : rows.mm(testRows.t());
        result.narrow(0, from, count).copy_(part);
      }
    }
    return result;
  }

  private void writeGradient(Tensor images, int sample, Noise noise, Tensor rows, int row) {
    try (PointerScope scope = new PointerScope()) {
      LibtorchMlpVae.flatten(
          vae.gradients(images.narrow(0, sample, 1), noise.of(sample)), rows.select(0, row));
    }
  }

  @Override
  public double amount() {
    return samples;
  }

  /** Scores [T,N] or self-influence [N] with the noise of the contract. */
  @Override
  public double[] outcome() {
    try (PointerScope scope = new PointerScope()) {
      Tensor trainNoise =
          vae.contractNoise(0, Philox.stream(Philox.ROLE_TRAIN_SIDE, 0), samples, draws);
      Tensor testNoise =
          tests == 0
              ? null
              : vae.contractNoise(0, Philox.stream(Philox.ROLE_TEST_SIDE, 0), tests, draws);
      Tensor result =
          compute(
              sample -> trainNoise.narrow(0, (long) sample * draws, draws),
              sample -> testNoise.narrow(0, (long) sample * draws, draws));
      return Tensors.toDoubles(tests == 0 ? result : result.t());
    }
  }

  @Override
  public void close() {
    for (Tensor tensor : new Tensor[] {train, testRows, groupRows}) {
      tensor.close();
    }
    if (test != null) {
      test.close();
    }
    vae.close();
  }
}
