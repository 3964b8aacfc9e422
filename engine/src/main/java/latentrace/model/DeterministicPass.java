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
  private final Corruption corruption;
  private Buffer corrupted;
  private double lossScale;

  DeterministicPass(Model model, int capacity, int draws) {
    super(model, capacity, draws);
    if (draws != 1) {
      throw new IllegalArgumentException(
          "%s has no noise: draws must be 1, was %d".formatted(model.spec().model(), draws));
    }
    first = model.parts().get(0);
    second = model.parts().get(1);
    Pretext pretext = model.spec().pretext();
    try {
      firstTape = newTape(first, capacity, false);
      secondTape = newTape(second, capacity, true);
      values = allocate(capacity);
      corruption =
          pretext != null && pretext.task().corrupts()
              ? closing(
                  new Corruption(backend(), pretext, capacity, model.spec().sampleSize()),
                  Corruption::close)
              : null;
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
    tapes = List.of(firstTape, secondTape);
  }

  /** Fills values [count] and, unless null, the gradient at the output times {@code scale}. */
  abstract void loss(
      Objective objective, Buffer output, Buffer lossValues, double scale, Buffer dOutput);

  /**
   * Fills target [count,outputs] with R·p, see {@link Pass#gaussNewton}.
   *
   * @param output [count,outputs], read
   * @param probe [count,outputs], read
   */
  abstract void lossCurvature(
      Objective objective, double[] output, double[] probe, double[] target);

  @Override
  public int curvatureDirections() {
    return second.outputSize();
  }

  @Override
  public void gaussNewton(Objective objective, double... probe) {
    double[] output = new double[count() * second.outputSize()];
    double[] target = new double[output.length];
    secondTape.output(second.layers().size() - 1).download(0, output, 0, output.length);
    lossCurvature(objective, output, probe, target);
    secondTape.outputGradient().upload(target, 0, 0, target.length);
    backward(Wanted.FACTORS);
  }

  private void backward(Wanted wanted) {
    backward(second, secondTape, true, wanted);
    firstTape.outputGradient().copyFrom(secondTape.inputGradient());
    backward(first, firstTape, false, wanted);
  }

  @Override
  public Buffer noise() {
    return null;
  }

  /** The next run reads x corrupted, and is compared with x. */
  @Override
  void corrupt(long seed, long step, int[] places) {
    if (corruption != null) {
      corrupted = corruption.apply(seed, step, places, count(), input());
    }
  }

  @Override
  public void run(Objective objective, Estimator estimator, double weight, Wanted wanted) {
    if (estimator != Estimator.PATHWISE) {
      throw new IllegalArgumentException(
          "the score-function estimator needs a model with latent noise");
    }
    Backend backend = backend();
    lossScale = objective.lossScale();
    Buffer read = corrupted != null ? corrupted : input();
    Buffer code = first.forward(backend, firstTape, count(), read);
    corrupted = null;
    Buffer output = second.forward(backend, secondTape, count(), code);
    boolean backward = wanted != Wanted.LOSSES;
    loss(
        objective,
        output,
        values,
        lossScale * weight,
        backward ? secondTape.outputGradient() : null);
    if (backward) {
      backward(wanted);
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
}
