package latentrace.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn;

/**
 * Self-influence and loss of every sample at the last checkpoint, as in section 5.2.
 *
 * @param model checkpoints
 * @param data N samples
 * @param scoring how
 * @param engine backend and arithmetic
 */
record SelfStage(ModelStage model, Dataset data, Scoring scoring, String engine)
    implements Stage<SelfStage.Values> {
  private static final String SELF = "self.npy";
  private static final String LOSSES = "losses.npy";

  /**
   * What is left.
   *
   * @param self [N]
   * @param losses [N]
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Values(float[] self, float[] losses) {}

  @Override
  public String kind() {
    return "self";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "self-influence of %,d samples of %s, d = %d"
        .formatted(data.count(), data.name(), model.spec().latent());
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", StageStore.key(model));
    identity.put("data", ModelFile.DataReference.of(data));
    identity.put("scoring", scoring.identity());
    identity.put("engine", engine);
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    List<Checkpoint> last = ModelStage.last(lab.get(model));
    VaeTracIn tracIn =
        new VaeTracIn(
            lab.backend(),
            model.spec(),
            last,
            scoring.weights(model, last),
            scoring.settings(model.spec()),
            lab.listener());
    try (PartialRun partial = PartialRun.in(folder.resolve("partial"), identity(), false);
        VaeTracIn.Result result = tracIn.keeping(partial).selfInfluence(data)) {
      Npy.write(folder.resolve(SELF), NpyArray.ofFloats(result.selfInfluence(), data.count()));
      Npy.write(folder.resolve(LOSSES), NpyArray.ofFloats(result.losses(), data.count()));
      partial.remove();
    }
  }

  @Override
  public Values read(Path folder) {
    return new Values(
        Npy.read(folder.resolve(SELF)).toFloats(), Npy.read(folder.resolve(LOSSES)).toFloats());
  }
}
