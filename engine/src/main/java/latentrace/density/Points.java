package latentrace.density;

import java.util.Arrays;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import org.apache.commons.math3.util.MathArrays;

/** Points [N,d] in double, finite. Immutable. */
public final class Points {
  private final double[][] rows;

  private Points(double[][] rows) {
    this.rows = rows;
  }

  /**
   * Copies them.
   *
   * @param rows [N,d], N and d at least 1
   * @throws IllegalArgumentException if a row has another length or a value is not finite
   */
  public static Points of(double[]... rows) {
    if (rows.length == 0 || rows[0].length == 0) {
      throw new IllegalArgumentException("points: none, expected at least one of dimension 1");
    }
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = rows[i].clone();
      if (copy[i].length != rows[0].length) {
        throw new IllegalArgumentException(
            "point %d has %d coordinates, the first has %d"
                .formatted(i, copy[i].length, rows[0].length));
      }
      for (double value : copy[i]) {
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException("point %d has a coordinate %s".formatted(i, value));
        }
      }
    }
    return new Points(copy);
  }

  /**
   * The samples of a data set, each as one point.
   *
   * @throws InputException if a value is not finite
   */
  public static Points of(Dataset data) {
    double[][] rows = new double[data.count()][data.sampleSize()];
    float[] sample = new float[data.sampleSize()];
    for (int i = 0; i < rows.length; i++) {
      data.copySample(i, sample, 0);
      for (int j = 0; j < sample.length; j++) {
        rows[i][j] = sample[j];
      }
    }
    try {
      return of(rows);
    } catch (IllegalArgumentException e) {
      throw new InputException(data.name() + ": " + e.getMessage(), e);
    }
  }

  /** N. */
  public int count() {
    return rows.length;
  }

  /** d. */
  public int dimension() {
    return rows[0].length;
  }

  /** A copy of point i [d]. */
  public double[] point(int i) {
    return rows[i].clone();
  }

  /** ‖x_i − z‖². */
  double squaredDistance(int i, double[] z) {
    double distance = MathArrays.distance(rows[i], z);
    return distance * distance;
  }

  /** ‖x_i − z‖. */
  double distance(int i, double[] z) {
    return MathArrays.distance(rows[i], z);
  }

  /** All points but one. */
  Points without(int i) {
    if (rows.length == 1) {
      throw new IllegalArgumentException("without the only point nothing is left to fit");
    }
    double[][] rest = new double[rows.length - 1][];
    System.arraycopy(rows, 0, rest, 0, i);
    System.arraycopy(rows, i + 1, rest, i, rest.length - i);
    return new Points(rest);
  }

  /** Without copying, for reading. */
  double[][] rows() {
    return rows;
  }

  void requireDimension(double[] z) {
    if (z.length != dimension()) {
      throw new IllegalArgumentException(
          "z has %d coordinates, the points have %d: %s"
              .formatted(z.length, dimension(), Arrays.toString(z)));
    }
  }
}
