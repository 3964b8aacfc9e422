package latentrace.influence.retraining;

import java.util.BitSet;
import java.util.Map;
import java.util.stream.IntStream;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.train.Trainer;
import latentrace.train.TrainingSteps;

/** Training as {@link Trainer} does it, with one seed and one initialisation. */
public final class TrainingLearner implements Learner {
  /** What the order of the others becomes when samples are left out. */
  public enum Order {
    /**
     * The same batches with the same noise, in which what is left out has the weight 0: a run
     * differs from the whole one by the missing terms only. See {@link TrainingSteps}.
     */
    IN_PLACE,
    /**
     * The order that the seed gives to the smaller data set, as if nothing else had ever been
     * there: batches and noise differ from the first iteration on.
     */
    ANEW
  }

  private final TrainingSpec spec;
  private final Order order;

  /**
   * Training by a spec.
   *
   * @throws InputException if it stops early, or its noise is not the contract's
   */
  public TrainingLearner(TrainingSpec spec, Order order) {
    if (spec.patience() > 0) {
      throw new InputException(
          "retraining: the model was trained with early stopping, after which runs end at different"
              + " iterations; train it without --patience");
    }
    if (!spec.noise().equals(TrainingSpec.CONTRACT)) {
      throw new InputException(
          "retraining: the model was trained with noise of %s; train it with --training-noise contract"
              .formatted(spec.noise()));
    }
    this.spec = spec;
    this.order = order;
  }

  @Override
  public void learn(Model model, Dataset data, int... omitted) {
    model.parameters().initialise(spec.initialisation(), spec.seed());
    Dataset trained = order == Order.IN_PLACE ? data : without(data, omitted);
    int[] left = order == Order.IN_PLACE ? omitted : new int[0];
    Trainer.checkInputs(model.spec(), spec, trained, null);
    try (TrainingSteps steps = new TrainingSteps(model, spec, trained, left)) {
      for (long t = 1; t <= spec.iterations(); t++) {
        steps.step(t, t < spec.iterations());
      }
    }
  }

  /** X∖S. */
  static Dataset without(Dataset data, int... omitted) {
    BitSet out = new BitSet();
    for (int position : omitted) {
      out.set(position);
    }
    return data.select(IntStream.range(0, data.count()).filter(i -> !out.get(i)).toArray());
  }

  @Override
  public long iterations() {
    return spec.iterations();
  }

  @Override
  public Map<String, Object> describe() {
    return Map.of("training", spec, "order", order.name());
  }
}
