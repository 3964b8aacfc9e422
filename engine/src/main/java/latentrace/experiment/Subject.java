package latentrace.experiment;

import java.util.List;
import latentrace.data.Dataset;

/**
 * A model with the data that it is examined on.
 *
 * @param label for people, e.g. MNIST, d = 64
 * @param model checkpoints
 * @param train N samples it was trained on
 * @param test T samples it was not
 * @param sanityTests how many training samples are traced back to themselves
 * @param foreign how many samples at the end of {@code train} do not belong to the data
 * @param scoring how
 * @param engine backend and arithmetic
 * @param notes what stands in for what
 */
record Subject(
    String label,
    ModelStage model,
    Dataset train,
    Dataset test,
    int sanityTests,
    int foreign,
    Scoring scoring,
    String engine,
    List<String> notes) {
  int latent() {
    return model.spec().latent();
  }

  /** Of the test samples. */
  ScoreStage scores() {
    return new ScoreStage(model, train, test, scoring, engine);
  }

  /** Of the first training samples, by all training samples. */
  ScoreStage sanityScores() {
    return new ScoreStage(
        model, train, train.range(0, Math.min(sanityTests, train.count())), scoring, engine);
  }

  /** Of other samples. */
  ScoreStage scoresOf(Dataset samples) {
    return new ScoreStage(model, train, samples, scoring, engine);
  }

  SelfStage self() {
    return new SelfStage(model, train, scoring, engine);
  }

  LatentStage trainLatents() {
    return new LatentStage(model, train, engine);
  }

  LatentStage testLatents() {
    return new LatentStage(model, test, engine);
  }

  /** True where a training sample does not belong to the data. */
  boolean[] intruders() {
    boolean[] intruders = new boolean[train.count()];
    java.util.Arrays.fill(intruders, train.count() - foreign, train.count(), true);
    return intruders;
  }
}
