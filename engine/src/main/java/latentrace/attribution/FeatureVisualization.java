package latentrace.attribution;

import java.util.Arrays;
import java.util.Objects;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.InputException;

/**
 * The input that a unit of a representation responds to most (Olah, Mordvintsev, Schubert 2017,
 * "Feature Visualization"): gradient ascent on x = σ(θ) by Adam (Kingma &amp; Ba 2015), with a
 * smoothed, turned and moved copy of x before the model at every step, so that what is found is not
 * one that only exact pixels excite.
 */
public final class FeatureVisualization {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  /** Standard deviation of θ at first: x is gray, almost. */
  private static final double START = 0.1;

  private final Settings settings;

  /**
   * How to climb.
   *
   * @param steps of Adam
   * @param learningRate of θ
   * @param jitter most pixels that a copy is moved by, either way
   * @param rotation most degrees that it is turned by, either way
   * @param blur standard deviation of its smoothing, in pixels
   * @param seed of the start and the copies
   */
  public record Settings(
      int steps, double learningRate, double jitter, double rotation, double blur, long seed) {
    /** Checks the ranges. */
    public Settings {
      if (steps < 1 || !(learningRate > 0) || !(jitter >= 0 && rotation >= 0 && blur >= 0)) {
        throw new IllegalArgumentException(
            "visualization: %d steps of %s, jitter %s, rotation %s, blur %s: steps must be positive,"
                    .formatted(steps, learningRate, jitter, rotation, blur)
                + " the others not negative");
      }
    }

    /** 256 steps of 0.05; two pixels, ten degrees, half a pixel. */
    public static Settings defaults(long seed) {
      return new Settings(256, 0.05, 2, 10, 0.5, seed);
    }
  }

  /** Prepares climbs. */
  public FeatureVisualization(Settings settings) {
    this.settings = settings;
  }

  /**
   * The input found, in (0,1), smoothed as the copies were.
   *
   * @param sampleShape [C,H,W], of f's inputs
   * @param unit of f, in 0..H-1
   * @param sign 1 for the input that the unit is highest at, −1 for the lowest
   * @return [D]
   * @throws InputException if the inputs are no images
   */
  public float[] of(Representation f, int[] sampleShape, int unit, int sign) {
    if (sampleShape.length != 3) {
      throw new InputException(
          "a visualization needs images [C,H,W], the inputs are " + Arrays.toString(sampleShape));
    }
    int d = f.inputSize();
    ImageWarp warp = new ImageWarp(sampleShape[0], sampleShape[1], sampleShape[2], settings.blur());
    PhiloxRandom random = new PhiloxRandom(settings.seed(), Philox.ROLE_EXPLANATION, unit);
    double[] theta = new double[d];
    for (int e = 0; e < d; e++) {
      theta[e] = START * random.nextGaussian();
    }
    float[] weights = new float[f.size()];
    weights[Objects.checkIndex(unit, f.size())] = sign;
    float[] values = new float[f.size()];
    float[] x = new float[d];
    float[] copy = new float[d];
    float[] dCopy = new float[d];
    float[] dX = new float[d];
    double[] mean = new double[d];
    double[] square = new double[d];
    for (int step = 1; step <= settings.steps(); step++) {
      sigmoid(theta, x);
      warp.set(
          Math.toRadians(settings.rotation()) * random.nextDouble(-1, 1),
          settings.jitter() * random.nextDouble(-1, 1),
          settings.jitter() * random.nextDouble(-1, 1));
      warp.forward(x, copy);
      f.forward(copy, 1, values);
      f.gradient(weights, dCopy);
      warp.backward(dCopy, dX);
      double first = 1 - Math.pow(BETA1, step);
      double second = 1 - Math.pow(BETA2, step);
      for (int e = 0; e < d; e++) {
        double g = (double) dX[e] * x[e] * (1 - x[e]);
        mean[e] = BETA1 * mean[e] + (1 - BETA1) * g;
        square[e] = BETA2 * square[e] + (1 - BETA2) * g * g;
        theta[e] +=
            settings.learningRate() * (mean[e] / first) / (Math.sqrt(square[e] / second) + EPSILON);
      }
    }
    sigmoid(theta, x);
    warp.set(0, 0, 0);
    warp.forward(x, copy);
    return copy;
  }

  private static void sigmoid(double[] theta, float[] x) {
    for (int e = 0; e < x.length; e++) {
      x[e] = (float) (1 / (1 + Math.exp(-theta[e])));
    }
  }
}
