package latentrace.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.influence.CheckpointWeights;
import latentrace.model.ModelSpec;
import latentrace.train.Trainer;

/**
 * A model trained.
 *
 * @param spec what it is
 * @param training how it is trained
 * @param data on what
 * @param engine backend and arithmetic: other bytes on another
 */
record TrainStage(ModelSpec spec, TrainingSpec training, Dataset data, String engine)
    implements ModelStage {
  @Override
  public String kind() {
    return "train";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public String title() {
    return "train %s, d = %d, β = %s, on %s"
        .formatted(spec.model(), spec.latent(), spec.beta(), data.name());
  }

  @Override
  public Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", spec);
    identity.put("training", training);
    identity.put("data", ModelFile.DataReference.of(data));
    identity.put("engine", engine);
    return identity;
  }

  @Override
  public void make(Path folder, Lab lab) {
    try (Trainer trainer =
        new Trainer(lab.backend(), spec, training, data, null, folder, lab.listener())) {
      trainer.resume();
      trainer.discardState();
    }
  }

  @Override
  public double[] sgdWeights(List<Checkpoint> checkpoints) {
    return CheckpointWeights.sgd(checkpoints, training, data.count());
  }
}
