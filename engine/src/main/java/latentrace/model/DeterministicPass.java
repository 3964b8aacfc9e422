package latentrace.model;

import java.util.Arrays;
import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.nn.Sequential;
import latentrace.nn.Tape;

/** A pass of a model without noise: two parts in a row and a loss at the end. */
abstract class DeterministicPass extends Pass {
  private final Sequential first;
  private final Sequential second;
  private final Tape firstTape;
  private final Tape secondTape;
  private final List<Tape> tapes;
  private final Buffer values;
  private double lossScale;

  DeterministicPass(Model model, int capacity, int draws) {
    super(model, capacity, draws);
    if (draws != 1) {
      throw new IllegalArgumentException(
          "%s has no noise: draws must be 1, was %d".formatted(model.spec().model(), draws));
    }
    first = model.parts().get(0);
    second = model.parts().get(1);
    firstTape = new Tape(model.backend(), first, capacity, false);
    secondTape = new Tape(model.backend(), second, capacity, true);
    tapes = List.of(firstTape, secondTape);
    values = model.backend().allocate(capacity);
  }

  /** Fills values [count] and, unless null, the gradient at the output times {@code scale}. */
  abstract void loss(
      Objective objective, Buffer output, Buffer lossValues, double scale, Buffer dOutput);

  @Override
  public Buffer noise() {
    return null;
  }

  @Override
  public void run(Objective objective, Estimator estimator, double weight, Wanted wanted) {
    if (estimator != Estimator.PATHWISE) {
      throw new IllegalArgumentException(
          "the score-function estimator needs a model with latent noise");
    }
    Backend backend = backend();
    lossScale = objective.lossScale();
    Buffer code = first.forward(backend, firstTape, count(), input());
    Buffer output = second.forward(backend, secondTape, count(), code);
    boolean backward = wanted != Wanted.LOSSES;
    loss(
        objective,
        output,
        values,
        lossScale * weight,
        backward ? secondTape.outputGradient() : null);
    if (backward) {
      backward(second, secondTape, true, wanted);
      firstTape.outputGradient().copyFrom(secondTape.inputGradient());
      backward(first, firstTape, false, wanted);
    }
  }

  @Override
  public void losses(double[] target) {
    values.download(0, target, 0, count());
    for (int i = 0; i < count(); i++) {
      target[i] *= lossScale;
    }
  }

  @Override
  public void reconstructions(double[] target) {
    values.download(0, target, 0, count());
  }

  @Override
  public void kls(double[] target) {
    Arrays.fill(target, 0, count(), 0);
  }

  @Override
  public List<Tape> tapes() {
    return tapes;
  }

  @Override
  public Buffer code() {
    return firstTape.output(first.layers().size() - 1);
  }

  @Override
  public void close() {
    super.close();
    firstTape.close();
    secondTape.close();
    values.close();
  }
}
