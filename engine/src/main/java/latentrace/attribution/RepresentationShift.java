package latentrace.attribution;

import latentrace.data.Dataset;

/**
 * How far a representation moves when the features that were found important are masked (Crabbé
 * &amp; van der Schaar 2022, section 4.1: the more, the better they were found).
 */
public final class RepresentationShift {
  /** How the move from f(x) to f of the masked input is measured. */
  public enum Distance {
    /** ‖·‖², as in the published code. */
    SQUARED_L2,
    /** ‖·‖, as in the text. */
    L2
  }

  private final FeatureMask mask;
  private final Distance distance;

  /** Prepares shifts by a mask. */
  public RepresentationShift(FeatureMask mask, Distance distance) {
    this.mask = mask;
    this.distance = distance;
  }

  /**
   * The shift of each sample.
   *
   * @param attributions [N][D]
   * @param fraction of the pixels that are masked, the most important first; in [0,1]
   * @return [N]
   */
  public double[] of(Representation f, Dataset data, float[][] attributions, double fraction) {
    int d = f.inputSize();
    double[] shifts = new double[data.count()];
    float[] x = new float[f.capacity() * d];
    float[] before = new float[f.capacity() * f.size()];
    float[] after = new float[f.capacity() * f.size()];
    for (int from = 0; from < shifts.length; from += f.capacity()) {
      int count = Math.min(f.capacity(), shifts.length - from);
      for (int i = 0; i < count; i++) {
        data.copySample(from + i, x, i * d);
      }
      f.forward(x, count, before);
      for (int i = 0; i < count; i++) {
        mask.apply(attributions[from + i], fraction, x, i * d);
      }
      f.forward(x, count, after);
      for (int i = 0; i < count; i++) {
        double sum = 0;
        for (int l = 0; l < f.size(); l++) {
          double move = (double) after[i * f.size() + l] - before[i * f.size() + l];
          sum += move * move;
        }
        shifts[from + i] = distance == Distance.L2 ? Math.sqrt(sum) : sum;
      }
    }
    return shifts;
  }
}
