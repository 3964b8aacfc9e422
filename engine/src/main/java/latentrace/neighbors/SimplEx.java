package latentrace.neighbors;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.linear.SingularMatrixException;

/**
 * SimplEx (Crabbé, Qian, Imrie, van der Schaar, NeurIPS 2021): the convex combination of corpus
 * codes nearest to a code, min ‖h − Σ_j w_j h_j‖² over w ≥ 0, Σ w = 1. Solved exactly: it is the
 * point of least norm in the hull of the h_j − h, found by Wolfe's algorithm (Math. Programming 11,
 * 1976) in finitely many steps; at most H + 1 weights are positive.
 */
public final class SimplEx implements ExampleMethod {
  private static final double DROPPED = 1e-12;

  private final double tolerance;

  /**
   * A solver.
   *
   * @param tolerance of the duality gap, relative to the largest ‖h_j − h‖²: the residual's square
   *     is that near to the least possible
   */
  public SimplEx(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException(
          "tolerance: found %s, expected a positive number".formatted(tolerance));
    }
    this.tolerance = tolerance;
  }

  @Override
  public void scores(float[][] corpus, float[] code, float[] scores) {
    double[] w = weights(corpus, code);
    for (int j = 0; j < w.length; j++) {
      scores[j] = (float) w[j];
    }
  }

  /** The weights [N]. */
  public double[] weights(float[][] corpus, float[] code) {
    double[][] points = new double[corpus.length][code.length];
    double largest = 0;
    int nearest = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < points.length; j++) {
      for (int l = 0; l < code.length; l++) {
        points[j][l] = (double) corpus[j][l] - code[l];
      }
      double norm = dot(points[j], points[j]);
      largest = Math.max(largest, norm);
      if (norm < least) {
        least = norm;
        nearest = j;
      }
    }
    Face face = new Face(points, nearest);
    while (true) {
      double[] x = face.point();
      int next = furthest(points, x);
      boolean optimal = dot(x, x) - dot(x, points[next]) <= tolerance * largest;
      if (optimal || face.members.contains(next) || !face.add(next)) {
        return face.weights();
      }
    }
  }

  /** The point whose step towards the origin is longest. */
  private static int furthest(double[][] points, double[] x) {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < points.length; j++) {
      double along = dot(x, points[j]);
      if (along < least) {
        least = along;
        best = j;
      }
    }
    return best;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int l = 0; l < a.length; l++) {
      sum += a[l] * b[l];
    }
    return sum;
  }

  /** Affinely independent points, and the weights of the point of least norm in their hull. */
  private static final class Face {
    private final double[][] points;
    private final List<Integer> members = new ArrayList<>();
    private double[] w = {1};

    Face(double[][] points, int first) {
      this.points = points;
      members.add(first);
    }

    double[] point() {
      double[] x = new double[points[0].length];
      for (int i = 0; i < members.size(); i++) {
        double[] p = points[members.get(i)];
        for (int l = 0; l < x.length; l++) {
          x[l] += w[i] * p[l];
        }
      }
      return x;
    }

    double[] weights() {
      double[] all = new double[points.length];
      for (int i = 0; i < members.size(); i++) {
        all[members.get(i)] = w[i];
      }
      return all;
    }

    /** Takes a point in; false, and nothing changed, if it depends on those there. */
    boolean add(int point) {
      List<Integer> before = List.copyOf(members);
      double[] weightsBefore = w;
      members.add(point);
      w = java.util.Arrays.copyOf(w, w.length + 1);
      while (true) {
        double[] target = affineMinimum();
        if (target == null) {
          members.clear();
          members.addAll(before);
          w = weightsBefore;
          return false;
        }
        double step = 1;
        for (int i = 0; i < w.length; i++) {
          if (target[i] < DROPPED) {
            step = Math.min(step, w[i] / (w[i] - target[i]));
          }
        }
        for (int i = 0; i < w.length; i++) {
          w[i] += step * (target[i] - w[i]);
        }
        if (step == 1) {
          return true;
        }
        drop();
      }
    }

    /** Removes the members whose weight has become 0, at least one. */
    private void drop() {
      int smallest = 0;
      for (int i = 1; i < w.length; i++) {
        smallest = w[i] < w[smallest] ? i : smallest;
      }
      List<Integer> left = new ArrayList<>();
      List<Double> kept = new ArrayList<>();
      for (int i = 0; i < w.length; i++) {
        if (i != smallest && w[i] > DROPPED) {
          left.add(members.get(i));
          kept.add(w[i]);
        }
      }
      members.clear();
      members.addAll(left);
      double sum = kept.stream().mapToDouble(v -> v).sum();
      w = kept.stream().mapToDouble(v -> v / sum).toArray();
    }

    /** Weights of the point of least norm in the affine hull: (eeᵀ + PPᵀ)u = e, w = u/Σu. */
    private double[] affineMinimum() {
      int n = members.size();
      RealMatrix gram = new Array2DRowRealMatrix(n, n);
      double scale = 0;
      for (int i = 0; i < n; i++) {
        double[] p = points[members.get(i)];
        scale = Math.max(scale, dot(p, p));
      }
      scale = scale > 0 ? scale : 1;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double product = dot(points[members.get(i)], points[members.get(j)]);
          gram.setEntry(i, j, 1 + product / scale);
        }
      }
      try {
        RealVector u = new LUDecomposition(gram).getSolver().solve(new ArrayRealVector(n, 1.0));
        double sum = 0;
        for (double value : u.toArray()) {
          sum += value;
        }
        return u.mapDivide(sum).toArray();
      } catch (SingularMatrixException e) {
        return null;
      }
    }
  }
}
