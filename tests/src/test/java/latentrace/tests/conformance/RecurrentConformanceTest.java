package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A time step of a long short-term memory. */
class RecurrentConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  private static final int[][] SIZES = {
    {1, 1}, {1, 17}, {3, 31}, {17, 3}, {33, 33}, {5, 257}, {257, 1}, {2, 1100}
  };

  /** One step's arguments; {@code gaps} lie between rows, as other steps do. */
  private record Step(int rows, int hidden, int gaps, boolean first) {
    int ldGates() {
      return 4 * hidden + gaps;
    }

    int ld() {
      return hidden + gaps;
    }

    /** Elements of a matrix of rows so far apart, without a gap after the last. */
    int span(int ld, int columns) {
      return (rows - 1) * ld + columns;
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void forward(Backend backend) {
    for (int[] size : SIZES) {
      for (boolean offset : BOTH) {
        for (boolean first : BOTH) {
          forward(backend, new Step(size[0], size[1], offset ? 5 : 0, first), offset);
        }
      }
    }
  }

  private static void forward(Backend backend, Step s, boolean offset) {
    int hidden = s.hidden();
    String what = s + " offset=" + offset;
    try (Arena arena = new Arena(backend, offset, s.rows() + hidden)) {
      double[] z = arena.noise(s.span(s.ldGates(), 4 * hidden), 1.5);
      double[] bias = arena.noise(4 * hidden);
      double[] before = arena.noise(s.span(s.ld(), hidden), 2);
      double[] empty = Arena.nans(before.length);
      Expected gates = new Expected(z, Oracle.FORMULA);
      Expected cell = new Expected(empty, Oracle.FORMULA);
      Expected h = new Expected(empty, Oracle.FORMULA);
      for (int r = 0; r < s.rows(); r++) {
        for (int j = 0; j < hidden; j++) {
          double[] a = new double[4];
          for (int k = 0; k < 4; k++) {
            int at = r * s.ldGates() + k * hidden + j;
            double b = bias[k * hidden + j];
            a[k] = Oracle.activate(k == 2 ? Activation.TANH : Activation.SIGMOID, z[at] + b);
            gates.set(at, a[k], Math.abs(z[at]) + Math.abs(b) + 1);
          }
          int at = r * s.ld() + j;
          double kept = s.first() ? 0 : a[1] * before[at];
          // the gates' own error passes on
          double size = 2 + 4 * Math.abs(before[at]) + gates.magnitude[r * s.ldGates() + j];
          cell.set(at, kept + a[0] * a[2], size);
          h.set(at, a[3] * Oracle.activate(Activation.TANH, cell.value[at]), size);
        }
      }
      Buffer previous = s.first() ? null : arena.in("previous", before);
      Buffer biases = arena.in("bias", bias);
      for (boolean twice : BOTH) {
        Buffer actual = arena.inOut("gates", z);
        Buffer c = arena.out("cell", empty.length);
        Buffer out = arena.out("h", empty.length);
        Buffer next = arena.out("next", empty.length);
        backend
            .recurrent()
            .lstmCellForward(
                s.rows(),
                hidden,
                actual,
                s.ldGates(),
                biases,
                previous,
                c,
                s.ld(),
                out,
                s.ld(),
                twice ? next : null,
                s.ld());
        arena.expect("gates " + what, actual, gates);
        arena.expect("cell " + what, c, cell);
        arena.expect("h " + what, out, h);
        arena.expect("next " + what, next, twice ? h : new Expected(empty, 1));
      }
      arena.verify(what);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void backward(Backend backend) {
    for (int[] size : SIZES) {
      for (boolean offset : BOTH) {
        for (boolean first : BOTH) {
          backward(backend, new Step(size[0], size[1], offset ? 5 : 0, first), offset);
        }
      }
    }
  }

  /** Of gates that lie between 0 and 1 (g: −1 and 1), not made by a forward step. */
  private static void backward(Backend backend, Step s, boolean offset) {
    int hidden = s.hidden();
    String what = s + " offset=" + offset;
    try (Arena arena = new Arena(backend, offset, 3 + s.rows() + hidden)) {
      double[] a = arena.noise(s.span(s.ldGates(), 4 * hidden));
      double[] c = arena.noise(s.span(s.ld(), hidden));
      double[] before = arena.noise(c.length, 2);
      double[] dH = arena.noise(c.length);
      double[] dC = arena.noise(s.rows() * hidden);
      Expected carried = new Expected(dC.length, Oracle.FORMULA);
      for (int i = 0; i < a.length; i++) {
        boolean isCandidate = i % s.ldGates() / hidden == 2;
        a[i] = (float) (isCandidate ? Math.tanh(a[i]) : 1 / (1 + Math.exp(-a[i])));
      }
      Expected fresh = new Expected(Arena.nans(a.length), Oracle.FORMULA);
      Expected inPlace = new Expected(a, Oracle.FORMULA);
      for (int r = 0; r < s.rows(); r++) {
        for (int j = 0; j < hidden; j++) {
          int gate = r * s.ldGates() + j;
          int at = r * s.ld() + j;
          double i = a[gate];
          double f = a[gate + hidden];
          double g = a[gate + 2 * hidden];
          double o = a[gate + 3 * hidden];
          double squash = Math.tanh(c[at]);
          double squashSlope = 1 / (Math.cosh(c[at]) * Math.cosh(c[at]));
          double toCell = dC[r * hidden + j] + dH[at] * o * squashSlope;
          double size = Math.abs(dC[r * hidden + j]) + Math.abs(dH[at]);
          double old = s.first() ? 0 : before[at];
          double[] delta = {
            toCell * g * (i - i * i),
            toCell * old * (f - f * f),
            toCell * i * (1 - g * g),
            dH[at] * squash * (o - o * o)
          };
          for (int k = 0; k < 4; k++) {
            double terms = size * (k == 1 ? Math.abs(old) : 1);
            fresh.set(gate + k * hidden, delta[k], terms);
            inPlace.set(gate + k * hidden, delta[k], terms);
          }
          carried.set(r * hidden + j, toCell * f, size);
        }
      }
      Buffer previous = s.first() ? null : arena.in("previous", before);
      Buffer cell = arena.in("cell", c);
      Buffer upstream = arena.in("dH", dH);
      for (boolean alias : BOTH) {
        Buffer gates = alias ? arena.inOut("gates", a) : arena.in("gates", a);
        Buffer delta = alias ? gates : arena.out("delta", a.length);
        Buffer gradient = arena.inOut("dC", dC);
        backend
            .recurrent()
            .lstmCellBackward(
                s.rows(),
                hidden,
                gates,
                delta,
                s.ldGates(),
                previous,
                cell,
                s.ld(),
                upstream,
                s.ld(),
                gradient);
        arena.expect("delta " + what + " alias=" + alias, delta, alias ? inPlace : fresh);
        arena.expect("dC " + what + " alias=" + alias, gradient, carried);
      }
      arena.verify(what);
    }
  }

  /** At ±200 the gates are shut or open and nothing overflows. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void extremes(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer gates = arena.inOut("gates", new double[] {200, -200, -200, 200});
      Buffer cell = arena.out("cell", 1);
      Buffer h = arena.out("h", 1);
      Buffer bias = arena.in("bias", new double[] {1, -1, -1, 1});
      Buffer previous = arena.in("previous", new double[] {1000});
      backend.recurrent().lstmCellForward(1, 1, gates, 4, bias, previous, cell, 1, h, 1, null, 1);
      Expected open = new Expected(4, 1);
      for (int k = 0; k < 4; k++) {
        open.set(k, new double[] {1, 0, -1, 1}[k], 1);
      }
      arena.expect("gates", gates, open);
      Expected state = new Expected(1, 1);
      state.set(0, -1, 1);
      arena.expect("cell", cell, state);
      Expected output = new Expected(1, 1);
      output.set(0, Math.tanh(-1), 1);
      arena.expect("h", h, output);
      arena.verify("extremes");
    }
  }

  /** Neither the threads nor what is beside a row change its bits. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void threadsAndBatchDoNotChangeARow(Backend backend) {
    BackendProvider provider =
        Backends.providers().stream()
            .filter(p -> p.name().equals(backend.name()))
            .findFirst()
            .orElseThrow();
    int rows = 131;
    int hidden = 37;
    double[][] first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Backend other = provider.open(new BackendProvider.Options(threads));
          Arena arena = new Arena(other, false, 9)) {
        double[][] all = run(arena, rows, hidden, 0, rows);
        for (int i = 0; first != null && i < all.length; i++) {
          assertArrayEquals(first[i], all[i], threads + " threads, " + i);
        }
        first = all;
        for (int row : new int[] {0, 64, 130}) {
          try (Arena again = new Arena(other, false, 9)) {
            double[][] one = run(again, rows, hidden, row, 1);
            for (int i = 0; i < one.length; i++) {
              int size = one[i].length;
              assertArrayEquals(
                  Arrays.copyOfRange(all[i], row * size, (row + 1) * size), one[i], "row " + row);
            }
          }
        }
      }
    }
  }

  /** Rows {@code from .. from+count-1} of the same random step. */
  private static double[][] run(Arena arena, int rows, int hidden, int from, int count) {
    double[] z = arena.noise(rows * 4 * hidden);
    double[] before = arena.noise(rows * hidden);
    double[] upstream = arena.noise(rows * hidden);
    Buffer bias = arena.in("bias", arena.noise(4 * hidden));
    Buffer gates = arena.inOut("gates", part(z, 4 * hidden, from, count));
    Buffer previous = arena.in("previous", part(before, hidden, from, count));
    Buffer dH = arena.in("dH", part(upstream, hidden, from, count));
    Buffer cell = arena.out("cell", count * hidden);
    Buffer h = arena.out("h", count * hidden);
    Buffer delta = arena.out("delta", count * 4 * hidden);
    Buffer dC = arena.inOut("dC", new double[count * hidden]);
    var ops = arena.backend.recurrent();
    ops.lstmCellForward(
        count, hidden, gates, 4 * hidden, bias, previous, cell, hidden, h, hidden, null, hidden);
    ops.lstmCellBackward(
        count, hidden, gates, delta, 4 * hidden, previous, cell, hidden, dH, hidden, dC);
    return new double[][] {
      gates.toDoubles(), cell.toDoubles(), h.toDoubles(), delta.toDoubles(), dC.toDoubles()
    };
  }

  private static double[] part(double[] all, int size, int from, int count) {
    return Arrays.copyOfRange(all, from * size, (from + count) * size);
  }
}
