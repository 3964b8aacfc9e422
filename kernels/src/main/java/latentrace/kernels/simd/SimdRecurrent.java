package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.RecurrentOps;

/**
 * Row by row: exponentials on vectors, the polynomials between them written for the JIT's own
 * vectoriser, few arrays a loop.
 */
final class SimdRecurrent extends RecurrentOps {
  /** Elements of a worker's memory for exponentials. */
  private static final int SCRATCH = 1024;

  private static final int COST = 48;

  private final WorkerPool pool;
  private final float[][] scratch;
  private final float[][] squashed;
  private final Forward forward = new Forward();
  private final Backward backward = new Backward();

  SimdRecurrent(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.scratch = new float[pool.threads()][SCRATCH];
    this.squashed = new float[pool.threads()][0];
  }

  /** The arguments of both directions. */
  private abstract static class Step extends Loop {
    int hidden;
    SimdBuffer gates;
    int ldGates;
    SimdBuffer previous;
    SimdBuffer cell;
    int ldCell;

    final void states(
        int newHidden, Buffer newGates, int newLdGates, Buffer before, Buffer now, int newLdCell) {
      hidden = newHidden;
      gates = (SimdBuffer) newGates;
      ldGates = newLdGates;
      previous = (SimdBuffer) before;
      cell = (SimdBuffer) now;
      ldCell = newLdCell;
    }

    @Override
    void release() {
      gates = null;
      previous = null;
      cell = null;
    }
  }

  private final class Forward extends Step {
    private SimdBuffer bias;
    private SimdBuffer h;
    private int ldH;
    private SimdBuffer next;
    private int ldNext;

    @Override
    void range(int from, int to, int worker) {
      for (int r = from; r < to; r++) {
        row(r, scratch[worker]);
      }
    }

    private void row(int r, float[] exponentials) {
      float[] z = gates.data;
      int i = gates.offset + r * ldGates;
      int g = i + 2 * hidden;
      int o = i + 3 * hidden;
      add(bias.data, bias.offset, z, i, 4 * hidden);
      Lanes.activate(Activation.SIGMOID, z, i, z, i, 2 * hidden, exponentials);
      Lanes.activate(Activation.TANH, z, g, z, g, hidden, exponentials);
      Lanes.activate(Activation.SIGMOID, z, o, z, o, hidden, exponentials);
      int c = cell.offset + r * ldCell;
      multiply(z, i, z, g, cell.data, c, hidden);
      if (previous != null) {
        int before = previous.offset + r * ldCell;
        addProduct(z, i + hidden, previous.data, before, cell.data, c, hidden);
      }
      int at = h.offset + r * ldH;
      Lanes.activate(Activation.TANH, cell.data, c, h.data, at, hidden, exponentials);
      multiply(z, o, h.data, at, h.data, at, hidden);
      if (next != null) {
        System.arraycopy(h.data, at, next.data, next.offset + r * ldNext, hidden);
      }
    }

    @Override
    void release() {
      super.release();
      bias = null;
      h = null;
      next = null;
    }
  }

  private final class Backward extends Step {
    private SimdBuffer delta;
    private SimdBuffer dH;
    private int ldDH;
    private SimdBuffer dC;

    @Override
    void range(int from, int to, int worker) {
      if (squashed[worker].length < hidden) {
        squashed[worker] = new float[hidden];
      }
      for (int r = from; r < to; r++) {
        row(r, squashed[worker], scratch[worker]);
      }
    }

    private void row(int r, float[] tanh, float[] exponentials) {
      float[] a = gates.data;
      int i = gates.offset + r * ldGates;
      float[] d = delta.data;
      int at = delta.offset + r * ldGates;
      int e = dC.offset + r * hidden;
      int dh = dH.offset + r * ldDH;
      int c = cell.offset + r * ldCell;
      Lanes.activate(Activation.TANH, cell.data, c, tanh, 0, hidden, exponentials);
      int o = i + 3 * hidden;
      cellGradient(dH.data, dh, a, o, tanh, dC.data, e, hidden);
      multiply(dH.data, dh, tanh, 0, tanh, 0, hidden);
      sigmoidSlopes(tanh, 0, a, o, d, at + 3 * hidden, hidden);
      candidateAndInput(dC.data, e, a, i, d, at, hidden);
      if (previous == null) {
        multiply(dC.data, e, a, i + hidden, dC.data, e, hidden);
        Arrays.fill(d, at + hidden, at + 2 * hidden, 0);
      } else {
        int before = previous.offset + r * ldCell;
        multiply(dC.data, e, previous.data, before, tanh, 0, hidden);
        multiply(dC.data, e, a, i + hidden, dC.data, e, hidden);
        sigmoidSlopes(tanh, 0, a, i + hidden, d, at + hidden, hidden);
      }
    }

    @Override
    void release() {
      super.release();
      delta = null;
      dH = null;
      dC = null;
    }
  }

  @Override
  protected void doLstmCellForward(
      int rows,
      int hidden,
      Buffer gates,
      int ldGates,
      Buffer bias,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer h,
      int ldH,
      Buffer next,
      int ldNext) {
    forward.states(hidden, gates, ldGates, previous, cell, ldCell);
    forward.bias = (SimdBuffer) bias;
    forward.h = (SimdBuffer) h;
    forward.ldH = ldH;
    forward.next = (SimdBuffer) next;
    forward.ldNext = ldNext;
    forward.over(pool, rows, (long) COST * hidden);
  }

  @Override
  protected void doLstmCellBackward(
      int rows,
      int hidden,
      Buffer gates,
      Buffer delta,
      int ldGates,
      Buffer previous,
      Buffer cell,
      int ldCell,
      Buffer dH,
      int ldDH,
      Buffer dC) {
    backward.states(hidden, gates, ldGates, previous, cell, ldCell);
    backward.delta = (SimdBuffer) delta;
    backward.dH = (SimdBuffer) dH;
    backward.ldDH = ldDH;
    backward.dC = (SimdBuffer) dC;
    backward.over(pool, rows, (long) COST * hidden);
  }

  private static void add(float[] x, int xAt, float[] to, int at, int count) {
    for (int j = 0; j < count; j++) {
      to[at + j] += x[xAt + j];
    }
  }

  private static void multiply(
      float[] x, int xAt, float[] y, int yAt, float[] to, int at, int count) {
    for (int j = 0; j < count; j++) {
      to[at + j] = x[xAt + j] * y[yAt + j];
    }
  }

  private static void addProduct(
      float[] x, int xAt, float[] y, int yAt, float[] to, int at, int count) {
    for (int j = 0; j < count; j++) {
      to[at + j] += x[xAt + j] * y[yAt + j];
    }
  }

  /** e = dC + dH·o·(1 − tanh²(c)), in place of dC. */
  private static void cellGradient(
      float[] dh, int dhAt, float[] o, int oAt, float[] tanh, float[] e, int eAt, int count) {
    for (int j = 0; j < count; j++) {
      float t = tanh[j];
      e[eAt + j] += dh[dhAt + j] * o[oAt + j] * (1 - t * t);
    }
  }

  /** The gradient before a sigmoid: x·s·(1 − s). */
  private static void sigmoidSlopes(
      float[] x, int xAt, float[] s, int sAt, float[] to, int at, int count) {
    for (int j = 0; j < count; j++) {
      float v = s[sAt + j];
      to[at + j] = x[xAt + j] * (v * (1 - v));
    }
  }

  /** δ_i = e·g·i·(1 − i) and δ_g = e·i·(1 − g²), of gates that may lie where the deltas go. */
  private static void candidateAndInput(
      float[] e, int eAt, float[] a, int aAt, float[] d, int at, int count) {
    for (int j = 0; j < count; j++) {
      float i = a[aAt + j];
      float g = a[aAt + 2 * count + j];
      float carried = e[eAt + j];
      d[at + j] = carried * g * (i * (1 - i));
      d[at + 2 * count + j] = carried * i * (1 - g * g);
    }
  }
}
