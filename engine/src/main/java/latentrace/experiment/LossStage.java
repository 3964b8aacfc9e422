package latentrace.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import latentrace.backend.Philox;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.influence.VaeTracIn;
import latentrace.model.Model;
import latentrace.model.Objective;

/**
 * The loss of every sample at the last checkpoint, in the published code's unit whatever the model
 * was trained with: (SSE/C + β·KL)/12288, C the image's channels, over m draws.
 *
 * @param model checkpoints
 * @param data N samples
 * @param draws m
 * @param seed of the draws
 * @param engine backend and arithmetic
 */
record LossStage(ModelStage model, Dataset data, int draws, long seed, String engine)
    implements Stage<double[]> {
  private static final String FILE = "losses.npy";

  @Override
  public String kind() {
    return "losses";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "losses of %,d samples of %s".formatted(data.count(), data.name());
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", StageStore.key(model));
    identity.put("data", ModelFile.DataReference.of(data));
    identity.put("draws", draws);
    identity.put("seed", seed);
    identity.put("engine", engine);
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    VaeTracIn.Attribution loss = Scoring.published(model.spec());
    Objective objective =
        new Objective(loss.reconstruction(), loss.beta(), Double.NaN, loss.lossScale());
    try (Model built = Model.create(lab.backend(), model.spec());
        Losses losses = new Losses(built, objective, draws, seed, Philox.ROLE_TEST_SIDE)) {
      ModelStage.last(lab.get(model)).get(0).load(built);
      double[] values = losses.of(data);
      Npy.write(folder.resolve(FILE), NpyArray.ofDoubles(values, values.length));
    }
  }

  @Override
  public double[] read(Path folder) {
    return Npy.read(folder.resolve(FILE)).toDoubles();
  }
}
