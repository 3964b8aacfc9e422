package latentrace.train;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.checkpoint.TrainingSpec;
import latentrace.model.Estimator;
import latentrace.model.Objective;
import latentrace.model.Pass;
import latentrace.nn.Parameters;

/** SGD or Adam over a model's flat parameter vector, with its state. */
public final class Optimizer implements AutoCloseable {
  private final Backend backend;
  private final Parameters parameters;
  private final TrainingSpec spec;
  private final List<Buffer> state;

  /** State zero, as before the first step. */
  public Optimizer(Backend backend, Parameters parameters, TrainingSpec spec) {
    this.backend = backend;
    this.parameters = parameters;
    this.spec = spec;
    long count = parameters.count();
    if (isAdam()) {
      Buffer mean = backend.allocate(count);
      try {
        state = List.of(mean, backend.allocate(count));
      } catch (RuntimeException | Error e) {
        mean.close();
        throw e;
      }
    } else {
      state = spec.momentum() != 0 ? List.of(backend.allocate(count)) : List.of();
    }
  }

  private boolean isAdam() {
    return spec.optimizer().equals(TrainingSpec.ADAM);
  }

  /**
   * Forward and backward of the samples loaded, and one step on weight·Σ_i ℓ_i; {@code step} counts
   * from 1. Plain SGD goes without gradients in memory: 33 MB of 81 in a step of 3 million
   * parameters.
   */
  public void step(Pass pass, Objective objective, double weight, long step, double lr) {
    if (isAdam() || spec.momentum() != 0) {
      pass.run(objective, Estimator.PATHWISE, weight, Pass.Wanted.GRADIENTS);
      step(step, lr);
    } else {
      pass.descend(objective, weight, lr, spec.weightDecay());
    }
  }

  /** One step with the gradients as they are; {@code step} counts from 1. */
  public void step(long step, double lr) {
    long count = parameters.count();
    if (isAdam()) {
      backend
          .optimizers()
          .adam(
              count,
              step,
              parameters.values(),
              parameters.gradients(),
              state.get(0),
              state.get(1),
              lr,
              spec.beta1(),
              spec.beta2(),
              spec.epsilon(),
              spec.weightDecay());
    } else {
      backend
          .optimizers()
          .sgd(
              count,
              parameters.values(),
              parameters.gradients(),
              state.isEmpty() ? null : state.get(0),
              lr,
              spec.momentum(),
              spec.nesterov(),
              spec.weightDecay());
    }
  }

  /** What it remembers between steps: nothing, the velocity, or Adam's two moments. */
  public List<Buffer> state() {
    return state;
  }

  @Override
  public void close() {
    state.forEach(Buffer::close);
  }
}
