package latentrace.model;

import java.util.Arrays;
import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.Augmentation;
import latentrace.data.Dataset;
import latentrace.nn.Sequential;
import latentrace.nn.Tape;

/**
 * SimCLR (Chen, Kornblith, Norouzi &amp; Hinton 2020): encoder x → code, projector code → z, and
 * the loss NT-Xent on the z of two random views of every sample of a batch. Views are by the noise
 * contract: view v of the sample in place i has the sequence 2i + v of {@link
 * Philox#ROLE_AUGMENTATION} under the step's key.
 *
 * <p>A sample has no loss of its own, and a run is of views: {@link Pass#trainingNoise} before it.
 * The encoder alone is what explanations need.
 */
public final class SimClr extends Model {
  /** Of the similarities, as in Label-Free-XAI. */
  private static final double TEMPERATURE = 0.5;

  private static final int VIEWS = 2;

  private final Sequential encoder;
  private final Sequential projector;

  /** Parameters all zero. */
  SimClr(Backend backend, ModelSpec spec, Sequential encoder, Sequential projector) {
    super(backend, spec, encoder, projector);
    this.encoder = encoder;
    this.projector = projector;
  }

  @Override
  public int noiseSize() {
    return 0;
  }

  @Override
  public Pass newPass(int capacity, int draws) {
    if (draws != 1) {
      throw new IllegalArgumentException(
          "%s has no noise: draws must be 1, was %d".formatted(spec().model(), draws));
    }
    return new ViewsPass(capacity);
  }

  private final class ViewsPass extends Pass {
    private final int size = spec().sampleSize();
    private final Augmentation augmentation;
    private final Tape encoderTape;
    private final Tape projectorTape;
    private final List<Tape> tapes;
    private final Buffer views;
    private final Buffer values;
    private final float[] images;
    private final float[] augmented;
    private boolean hasViews;
    private double lossScale;

    ViewsPass(int capacity) {
      super(SimClr.this, capacity, VIEWS);
      int rows = Math.multiplyExact(VIEWS, capacity);
      List<Integer> shape = spec().sampleShape();
      augmentation = new Augmentation(shape.get(0), shape.get(1), shape.get(2));
      try {
        encoderTape = newTape(encoder, rows, false);
        projectorTape = newTape(projector, rows, true);
        tapes = List.of(encoderTape, projectorTape);
        views = allocate((long) rows * size);
        values = allocate(capacity);
      } catch (RuntimeException | Error e) {
        closeAfter(e);
        throw e;
      }
      images = new float[Math.multiplyExact(capacity, size)];
      augmented = new float[Math.multiplyExact(rows, size)];
    }

    @Override
    void staged(Dataset data, int[] positions, int from, int number) {
      for (int i = 0; i < number; i++) {
        data.copySample(positions[from + i], images, i * size);
      }
    }

    /** The views of the next run. */
    @Override
    void corrupt(long seed, long step, int[] places) {
      long key = Philox.trainingKey(seed, step);
      for (int i = 0; i < count(); i++) {
        for (int v = 0; v < VIEWS; v++) {
          PhiloxRandom random =
              new PhiloxRandom(key, Philox.ROLE_AUGMENTATION, (long) VIEWS * places[i] + v);
          augmentation.view(images, i * size, random, augmented, (i * VIEWS + v) * size);
        }
      }
      views.upload(augmented, 0, 0, count() * VIEWS * size);
      hasViews = true;
    }

    @Override
    public Buffer noise() {
      return null;
    }

    @Override
    public void run(Objective objective, Estimator estimator, double weight, Wanted wanted) {
      if (wanted == Wanted.FACTORS || estimator != Estimator.PATHWISE) {
        throw new IllegalArgumentException(
            "NT-Xent is a loss of the batch: a sample has no gradient of its own");
      }
      if (!hasViews) {
        throw new IllegalStateException("a simclr's run needs views: no training noise was set");
      }
      Backend backend = backend();
      int rows = VIEWS * count();
      lossScale = objective.lossScale();
      Buffer code = encoder.forward(backend, encoderTape, rows, views);
      Buffer z = projector.forward(backend, projectorTape, rows, code);
      backend
          .losses()
          .contrastive(
              count(),
              projector.outputSize(),
              TEMPERATURE,
              z,
              values,
              lossScale * weight,
              wanted == Wanted.LOSSES ? null : projectorTape.outputGradient());
      if (wanted != Wanted.LOSSES) {
        backward(projector, projectorTape, true, wanted);
        encoderTape.outputGradient().copyFrom(projectorTape.inputGradient());
        backward(encoder, encoderTape, false, wanted);
      }
    }

    @Override
    public int curvatureDirections() {
      throw noCurvature();
    }

    @Override
    public void gaussNewton(Objective objective, double... probe) {
      throw noCurvature();
    }

    private UnsupportedOperationException noCurvature() {
      return new UnsupportedOperationException("NT-Xent has no curvature per sample");
    }

    @Override
    public void losses(double[] target) {
      reconstructions(target);
      for (int i = 0; i < count(); i++) {
        target[i] *= lossScale;
      }
    }

    /** NT-Xent of each sample's pair. */
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

    /** Of the views: two rows per sample. */
    @Override
    public Buffer code() {
      return encoderTape.output(encoder.layers().size() - 1);
    }
  }
}
