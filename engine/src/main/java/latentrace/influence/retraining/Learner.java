package latentrace.influence.retraining;

import java.util.Map;
import latentrace.data.Dataset;
import latentrace.model.Model;

/** A learning algorithm A: a function of the data, with one seed, order and initialisation. */
public interface Learner {
  /**
   * Sets a model's parameters to A(X∖S).
   *
   * @param model new; its parameters are zeros
   * @param data X
   * @param omitted S, positions in X
   */
  void learn(Model model, Dataset data, int... omitted);

  /** Training iterations that the loss looked at is that of. */
  long iterations();

  /** All that A depends on, for provenance; what JSON can hold. */
  Map<String, Object> describe();
}
