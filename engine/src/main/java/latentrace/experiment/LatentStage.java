package latentrace.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import latentrace.backend.Buffer;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.Npy;
import latentrace.data.NpyMatrix;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.Pass;
import latentrace.model.Positions;

/**
 * The latent mean μ (of an auto-encoder: the code) of every sample at the last checkpoint, [N,d].
 *
 * @param model checkpoints
 * @param data N samples
 * @param engine backend and arithmetic
 */
record LatentStage(ModelStage model, Dataset data, String engine) implements Stage<NpyMatrix> {
  private static final String FILE = "latents.npy";
  private static final int TOGETHER = 64;

  @Override
  public String kind() {
    return "latents";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "latent means of %,d samples of %s".formatted(data.count(), data.name());
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", StageStore.key(model));
    identity.put("data", ModelFile.DataReference.of(data));
    identity.put("engine", engine);
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    Checkpoint checkpoint = ModelStage.last(lab.get(model)).get(0);
    int d = model.spec().latent();
    int width = model.spec().isVae() ? 2 * d : d; // a VAE's encoder gives [μ | log σ²]
    float[] codes = new float[TOGETHER * width];
    try (Model built = Model.create(lab.backend(), model.spec());
        Pass pass = built.newPass(Math.min(TOGETHER, data.count()), 1)) {
      checkpoint.load(built);
      Npy.writeFloats(
          folder.resolve(FILE),
          new long[] {data.count(), d},
          (i, row) -> {
            int at = (int) (i % pass.capacity());
            if (at == 0) {
              encode(pass, (int) i, width, codes);
            }
            System.arraycopy(codes, at * width, row, 0, d);
          });
    }
  }

  private void encode(Pass pass, int from, int width, float[] codes) {
    int count = Math.min(pass.capacity(), data.count() - from);
    pass.load(data, Positions.upTo(data.count()), from, count);
    if (pass.noise() != null) {
      pass.noise().fill(0);
    }
    pass.run(model.spec().objectiveAt(0), Estimator.PATHWISE, 1, Pass.Wanted.LOSSES);
    Buffer code = pass.code();
    code.download(0, codes, 0, count * width);
  }

  @Override
  public NpyMatrix read(Path folder) {
    return NpyMatrix.open(folder.resolve(FILE));
  }
}
