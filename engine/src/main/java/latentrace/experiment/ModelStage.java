package latentrace.experiment;

import java.nio.file.Path;
import java.util.List;
import latentrace.checkpoint.Checkpoint;
import latentrace.model.ModelSpec;

/** A stage that leaves a model's checkpoints, by rising iteration. */
sealed interface ModelStage extends Stage<List<Checkpoint>> permits TrainStage, ImportStage {
  /** What the model is. */
  ModelSpec spec();

  /** lr·batch·Δiteration/N of each checkpoint: what the published code weighs them by. */
  double[] sgdWeights(List<Checkpoint> checkpoints);

  @Override
  default List<Checkpoint> read(Path folder) {
    return Checkpoint.list(folder);
  }

  /** The last of the checkpoints. */
  static List<Checkpoint> last(List<Checkpoint> checkpoints) {
    return List.of(checkpoints.get(checkpoints.size() - 1));
  }
}
