package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Backend;

/**
 * NT-Xent, see {@link latentrace.backend.LossOps#contrastive}: similarities and the gradient at the
 * unit rows as matrix products, rows in between in double. Memory is kept from call to call.
 */
final class SimdContrastive {
  private static final double SMALLEST_NORM = 1e-12;

  /** Rough number of operations of an exponential. */
  private static final int COST = 8;

  private final Backend owner;
  private final WorkerPool pool;
  private final SimdDense dense;
  private final double[][] scratch;
  private final Units toUnits = new Units();
  private final Rows toSlopes = new Rows();
  private final Back toInput = new Back();
  private SimdBuffer units;
  private SimdBuffer similarities;
  private double[] norms = {};
  private double[] losses = {};

  SimdContrastive(Backend owner, WorkerPool pool, SimdDense dense) {
    this.owner = owner;
    this.pool = pool;
    this.dense = dense;
    this.scratch = new double[pool.threads()][0];
  }

  private SimdBuffer enough(SimdBuffer kept, int length) {
    return kept != null && kept.length() >= length
        ? kept
        : new SimdBuffer(owner, new float[length], 0, length);
  }

  void run(
      int pairs,
      int features,
      double temperature,
      SimdBuffer z,
      SimdBuffer values,
      double scale,
      SimdBuffer dZ) {
    int n = 2 * pairs;
    units = enough(units, Math.multiplyExact(n, features));
    similarities = enough(similarities, Math.multiplyExact(n, n));
    if (norms.length < n) {
      norms = new double[n];
      losses = new double[n];
    }
    toUnits.features = features;
    toUnits.z = z;
    toUnits.over(pool, n, 3L * features);
    dense.gemm(
        false,
        true,
        n,
        n,
        features,
        1 / temperature,
        units,
        features,
        units,
        features,
        0,
        similarities,
        n);
    toSlopes.n = n;
    toSlopes.over(pool, n, (long) n * COST);
    for (int i = 0; i < pairs; i++) {
      values.data[values.offset + i] = (float) (0.5 * (losses[2 * i] + losses[2 * i + 1]));
    }
    if (dZ != null) {
      double factor = 0.5 * scale / temperature;
      gradientAtUnits(false, n, features, factor, 0, dZ);
      gradientAtUnits(true, n, features, factor, 1, dZ);
      toInput.features = features;
      toInput.dZ = dZ;
      toInput.over(pool, n, 3L * features);
    }
  }

  private void gradientAtUnits(
      boolean transposed, int n, int features, double factor, double beta, SimdBuffer dZ) {
    dense.gemm(
        transposed,
        false,
        n,
        features,
        n,
        factor,
        similarities,
        n,
        units,
        features,
        beta,
        dZ,
        features);
  }

  /** u = z/‖z‖. */
  private final class Units extends Loop {
    private int features;
    private SimdBuffer z;

    @Override
    void range(int from, int to, int worker) {
      for (int r = from; r < to; r++) {
        int at = z.offset + r * features;
        double squares = 0;
        for (int f = 0; f < features; f++) {
          squares += (double) z.data[at + f] * z.data[at + f];
        }
        norms[r] = Math.max(Math.sqrt(squares), SMALLEST_NORM);
        for (int f = 0; f < features; f++) {
          units.data[r * features + f] = (float) (z.data[at + f] / norms[r]);
        }
      }
    }

    @Override
    void release() {
      z = null;
    }
  }

  /** Similarities become softmax − onehot, in place; the losses of the rows. */
  private final class Rows extends Loop {
    private int n;

    @Override
    void range(int from, int to, int worker) {
      int length = Doubles.padded(n);
      if (scratch[worker].length < length) {
        scratch[worker] = new double[length];
      }
      double[] e = scratch[worker];
      float[] s = similarities.data;
      for (int r = from; r < to; r++) {
        int row = r * n;
        int other = r ^ 1;
        double greatest = s[row + other];
        for (int q = 0; q < n; q++) {
          greatest = q == r ? greatest : Math.max(greatest, s[row + q]);
        }
        for (int q = 0; q < n; q++) {
          e[q] = s[row + q] - greatest;
        }
        Arrays.fill(e, n, length, 0);
        Doubles.exp(e, length);
        e[r] = 0;
        double sum = 0;
        for (int q = 0; q < n; q++) {
          sum += e[q];
        }
        losses[r] = greatest + Math.log(sum) - s[row + other];
        for (int q = 0; q < n; q++) {
          s[row + q] = (float) (e[q] / sum - (q == other ? 1 : 0));
        }
      }
    }

    @Override
    void release() {
      // all of it is kept
    }
  }

  /** dz = (du − u·⟨u, du⟩)/‖z‖ in place. */
  private final class Back extends Loop {
    private int features;
    private SimdBuffer dZ;

    @Override
    void range(int from, int to, int worker) {
      for (int r = from; r < to; r++) {
        int u = r * features;
        int at = dZ.offset + u;
        double along = 0;
        for (int f = 0; f < features; f++) {
          along += (double) units.data[u + f] * dZ.data[at + f];
        }
        for (int f = 0; f < features; f++) {
          dZ.data[at + f] = (float) ((dZ.data[at + f] - along * units.data[u + f]) / norms[r]);
        }
      }
    }

    @Override
    void release() {
      dZ = null;
    }
  }
}
