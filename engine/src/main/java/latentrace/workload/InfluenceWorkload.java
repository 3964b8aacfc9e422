package latentrace.workload;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.ParameterSelection;
import latentrace.influence.VaeTracIn;
import latentrace.model.Model;
import latentrace.model.ModelSpec;

/**
 * A whole run of VAE-TracIn, whose checkpoints' files are read in every run: scores of N training
 * samples for T tests, or their self-influence. The amount is (training sample, checkpoint) pairs.
 */
public final class InfluenceWorkload implements Workload {
  private final Path folder;
  private final VaeTracIn tracIn;
  private final Dataset train;
  private final Dataset test;
  private final int checkpoints;
  private final long parameters;
  private double[] outcome;

  /** The same of all parameters. */
  public InfluenceWorkload(
      Backend backend, ModelSpec spec, int samples, int tests, int draws, int checkpoints) {
    this(backend, spec, samples, tests, draws, checkpoints, ParameterSelection.ALL);
  }

  /**
   * Writes the checkpoints, which are all alike, into a temporary folder.
   *
   * @param spec see {@link PaperModels}
   * @param samples N
   * @param tests T; 0 for self-influence
   * @param draws m
   * @param checkpoints C
   * @param selection whose gradients count
   */
  public InfluenceWorkload(
      Backend backend,
      ModelSpec spec,
      int samples,
      int tests,
      int draws,
      int checkpoints,
      ParameterSelection selection) {
    this.checkpoints = checkpoints;
    train = PaperModels.images(spec, "training noise", samples, 0);
    test = tests == 0 ? null : PaperModels.images(spec, "test noise", tests, 1);
    try {
      folder = Files.createTempDirectory("latentrace-workload");
    } catch (IOException e) {
      throw new UncheckedIOException("temporary folder: " + e.getMessage(), e);
    }
    try (Model model = PaperModels.model(backend, spec)) {
      parameters = model.parameters().count();
      for (int iteration = 1; iteration <= checkpoints; iteration++) {
        Checkpoint.save(model, folder, iteration);
      }
      tracIn =
          new VaeTracIn(
              backend,
              model.spec(),
              Checkpoint.list(folder),
              CheckpointWeights.uniform(checkpoints),
              VaeTracIn.Settings.defaults(0).withDraws(draws).withParameters(selection),
              Listener.SILENT);
    }
  }

  @Override
  public void run() {
    try (VaeTracIn.Result result =
        test == null ? tracIn.selfInfluence(train) : tracIn.scores(train, test)) {
      outcome =
          test == null
              ? Workload.flat(result.selfInfluence())
              : Workload.flat(result.scores().toFloats());
    }
  }

  @Override
  public double amount() {
    return (double) train.count() * checkpoints;
  }

  /** |θ|. */
  public long parameters() {
    return parameters;
  }

  @Override
  public double[] outcome() {
    return outcome;
  }

  @Override
  public void close() {
    try {
      for (Checkpoint checkpoint : Checkpoint.list(folder)) {
        Files.delete(checkpoint.file());
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": " + e.getMessage(), e);
    }
  }
}
