package latentrace.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.data.NpyMatrix;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn;

/**
 * Scores [T,N] of all training samples for all test samples, summed over all checkpoints.
 *
 * @param model checkpoints
 * @param train N samples
 * @param test T samples
 * @param scoring how
 * @param engine backend and arithmetic
 */
record ScoreStage(ModelStage model, Dataset train, Dataset test, Scoring scoring, String engine)
    implements Stage<NpyMatrix> {
  private static final String FILE = "scores.npy";

  @Override
  public String kind() {
    return "scores";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "score %,d samples of %s for %d of %s, d = %d"
        .formatted(train.count(), train.name(), test.count(), test.name(), model.spec().latent());
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", StageStore.key(model));
    identity.put("train", ModelFile.DataReference.of(train));
    identity.put("test", ModelFile.DataReference.of(test));
    identity.put("scoring", scoring.identity());
    identity.put("engine", engine);
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    List<Checkpoint> checkpoints = lab.get(model);
    VaeTracIn tracIn =
        new VaeTracIn(
            lab.backend(),
            model.spec(),
            checkpoints,
            scoring.weights(model, checkpoints),
            scoring.settings(model.spec()),
            lab.listener());
    try (PartialRun partial = PartialRun.in(folder.resolve("partial"), identity(), false);
        VaeTracIn.Result result = tracIn.keeping(partial).scores(train, test)) {
      result.scores().write(folder.resolve(FILE));
      partial.remove();
    }
  }

  @Override
  public NpyMatrix read(Path folder) {
    Path file = folder.resolve(FILE);
    NpyMatrix scores = NpyMatrix.open(file);
    if (scores.rows() != test.count() || scores.columns() != train.count()) {
      throw new InputException(
          "%s: scores [%d, %d], expected [%d, %d]: tests, training samples"
              .formatted(file, scores.rows(), scores.columns(), test.count(), train.count()));
    }
    return scores;
  }
}
