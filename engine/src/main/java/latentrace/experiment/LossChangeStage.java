package latentrace.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import latentrace.Listener;
import latentrace.backend.Philox;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.Npy;
import latentrace.data.NpyMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.train.Batches;

/**
 * For steps θ_t → θ_{t+1} of a training, and every test sample z: what VAE-TracIn says the batch of
 * the step takes from the loss of z, lr/B Σ_x ⟨ḡ(x;θ_t), ḡ(z;θ_t)⟩, and what it took, ℓ(z;θ_t) −
 * ℓ(z;θ_{t+1}), with the same draws on both sides (Kong &amp; Chaudhuri 2021, Table 7; Pruthi et
 * al. 2020, appendix G). Result [2·steps, T]: predicted and true, in turn.
 *
 * @param training with a checkpoint after every iteration
 * @param test T samples
 * @param scoring how
 * @param first the first step is from iteration {@code first} to the next, at least 1
 * @param count steps
 * @param engine backend and arithmetic
 */
record LossChangeStage(
    TrainStage training, Dataset test, Scoring scoring, int first, int count, String engine)
    implements Stage<NpyMatrix> {
  private static final String FILE = "changes.npy";

  @Override
  public String kind() {
    return "changes";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "loss changes of %s from iteration %d on, %d steps"
        .formatted(training.data().name(), first, count);
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", StageStore.key(training));
    identity.put("test", ModelFile.DataReference.of(test));
    identity.put("scoring", scoring.identity());
    identity.put("first", first);
    identity.put("count", count);
    identity.put("engine", engine);
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    List<Checkpoint> checkpoints = lab.get(training);
    ModelSpec spec = training.spec();
    lab.listener().started("loss changes", count, 0);
    try (Model model = Model.create(lab.backend(), spec);
        Losses losses =
            new Losses(
                model,
                spec.objectiveAt(0),
                scoring.draws(),
                scoring.seed(),
                Philox.ROLE_TEST_SIDE)) {
      checkpoints.get(first - 1).load(model);
      double[][] before = {losses.of(test)};
      Npy.writeFloats(
          folder.resolve(FILE),
          new long[] {2L * count, test.count()},
          (row, target) -> {
            int step = (int) (row / 2);
            if (row % 2 == 0) {
              predict(lab, checkpoints.get(first - 1 + step), target);
            } else {
              checkpoints.get(first + step).load(model);
              double[] after = losses.of(test);
              for (int z = 0; z < target.length; z++) {
                target[z] = (float) (before[0][z] - after[z]);
              }
              before[0] = after;
              lab.listener().progressed(step + 1L);
            }
          });
    } finally {
      lab.listener().finished();
    }
  }

  /** Sums over the batch that the step after the checkpoint trains on. */
  private void predict(Lab lab, Checkpoint checkpoint, float[] target) {
    int[] batch =
        new Batches(training.training(), training.data().count())
            .positions(checkpoint.iteration() + 1);
    double weight = training.training().learningRate() / batch.length;
    VaeTracIn tracIn =
        new VaeTracIn(
            lab.backend(),
            training.spec(),
            List.of(checkpoint),
            new double[] {weight},
            VaeTracIn.Settings.defaults(scoring.seed()).withDraws(scoring.draws()),
            Listener.SILENT);
    try (VaeTracIn.Result result = tracIn.scores(training.data().select(batch), test)) {
      float[] scores = new float[batch.length];
      for (int z = 0; z < target.length; z++) {
        result.scores().row(z, scores);
        float[] row = scores;
        target[z] = (float) IntStream.range(0, row.length).mapToDouble(i -> row[i]).sum();
      }
    }
  }

  @Override
  public NpyMatrix read(Path folder) {
    return NpyMatrix.open(folder.resolve(FILE));
  }
}
