package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.backend.Upsampling;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pooling, upsampling, batch and layer normalisation. */
class PoolNormConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#convolutional";
  private static final boolean[] BOTH = {false, true};
  private static final double EPS = 1e-5;

  private static final List<ConvShape> WINDOWS =
      List.of(
          ConvShape.window(1, 1, 1, 1, 1, 0),
          ConvShape.window(3, 8, 8, 2, 2, 0),
          ConvShape.window(2, 7, 9, 3, 2, 1),
          new ConvShape(2, 6, 5, 2, 2, 3, 1, 2, 1, 0),
          new ConvShape(3, 9, 33, 3, 9, 33, 1, 1, 0, 0), // global
          ConvShape.window(2, 7, 7, 2, 3, 0)); // leaves some out

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void pooling(Backend backend) {
    for (ConvShape window : WINDOWS) {
      for (int n : new int[] {1, 5}) {
        for (boolean offset : BOTH) {
          for (boolean max : BOTH) {
            pooling(backend, window, n, offset, max);
          }
        }
      }
    }
  }

  private static void pooling(Backend backend, ConvShape s, int n, boolean offset, boolean max) {
    String what = "%s n=%d max=%s offset=%s".formatted(s, n, max, offset);
    try (Arena arena = new Arena(backend, offset, 3 + n)) {
      double[] x = arena.noise(n * s.inputSize());
      double[] dY = arena.noise(n * s.outputSize());
      int area = s.kernelHeight() * s.kernelWidth();
      Expected y = new Expected(n * s.outputSize(), area + 1);
      Expected dX = new Expected(n * s.inputSize(), area + 1);
      for (int out = 0; out < n * s.outputSize(); out++) {
        int plane = out / s.positions();
        int top = out % s.positions() / s.outWidth() * s.strideHeight() - s.paddingHeight();
        int left = out % s.outWidth() * s.strideWidth() - s.paddingWidth();
        int best = -1;
        for (int q = 0; q < area; q++) {
          int i = top + q / s.kernelWidth();
          int j = left + q % s.kernelWidth();
          if (i < 0 || i >= s.height() || j < 0 || j >= s.width()) {
            continue;
          }
          int at = (plane * s.height() + i) * s.width() + j;
          if (max) {
            best = best < 0 || x[at] > x[best] ? at : best;
          } else {
            y.add(out, x[at] / area);
            dX.add(at, dY[out] / area);
          }
        }
        if (max) {
          y.add(out, x[best]);
          dX.add(best, dY[out]);
        }
      }
      Buffer xs = arena.in("x", x);
      Buffer dYs = arena.in("dY", dY);
      Buffer actual = arena.out("y", n * s.outputSize());
      Buffer gradient = arena.out("dX", n * s.inputSize());
      if (max) {
        backend.pooling().maxPoolForward(s, n, xs, actual);
        backend.pooling().maxPoolBackward(s, n, xs, dYs, gradient);
      } else {
        backend.pooling().averagePoolForward(s, n, xs, actual);
        backend.pooling().averagePoolBackward(s, n, dYs, gradient);
      }
      arena.expect("y " + what, actual, y);
      arena.expect("dX " + what, gradient, dX);
      arena.verify(what);
    }
  }

  /** Of equal values the first wins; NaN is larger than all. */
  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void maximaThatAreEqualOrNotANumber(Backend backend) {
    ConvShape window = ConvShape.window(1, 1, 4, 1, 1, 0);
    ConvShape pair = new ConvShape(1, 1, 4, 1, 1, 2, 1, 2, 0, 0);
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer x = arena.in("x", new double[] {2, 2, Double.NaN, 7});
      Buffer y = arena.out("y", 2);
      Buffer dX = arena.out("dX", 4);
      backend.pooling().maxPoolForward(pair, 1, x, y);
      assertArrayEquals(new double[] {2, Double.NaN}, y.toDoubles());
      backend.pooling().maxPoolBackward(pair, 1, x, arena.in("dY", new double[] {3, 5}), dX);
      assertArrayEquals(new double[] {3, 0, 5, 0}, dX.toDoubles());
      backend.pooling().maxPoolForward(window, 1, x, dX);
      assertArrayEquals(x.toDoubles(), dX.toDoubles());
      arena.verify("maxima");
    }
  }

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void upsampling(Backend backend) {
    int[][] sizes = {{1, 1, 1, 1, 1}, {3, 4, 5, 8, 10}, {2, 3, 7, 5, 17}, {1, 1, 3, 4, 31}};
    for (int[] size : sizes) {
      for (Upsampling mode : Upsampling.values()) {
        for (boolean offset : BOTH) {
          upsampling(backend, mode, size[0], size[1], size[2], size[3], size[4], offset);
        }
      }
    }
  }

  /**
   * How much source {@code i} counts in output {@code o}, from its distance: not as the contract.
   */
  private static double share(Upsampling mode, int o, int i, int size, int outSize) {
    if (mode == Upsampling.NEAREST) {
      return Math.floor((double) o * size / outSize + 1e-9) == i ? 1 : 0;
    }
    double centre = Math.max(0, Math.min(size - 1, (o + 0.5) * size / outSize - 0.5));
    return Math.max(0, 1 - Math.abs(centre - i));
  }

  private static void upsampling(
      Backend backend, Upsampling mode, int planes, int h, int w, int oh, int ow, boolean offset) {
    String what = "%s %d %dx%d to %dx%d".formatted(mode, planes, h, w, oh, ow);
    try (Arena arena = new Arena(backend, offset, 5)) {
      double[] x = arena.noise(planes * h * w);
      double[] dY = arena.noise(planes * oh * ow);
      Expected y = new Expected(dY.length, Oracle.FORMULA);
      Expected dX = new Expected(x.length, Oracle.FORMULA + oh * ow);
      for (int out = 0; out < dY.length; out++) {
        int plane = out / (oh * ow);
        for (int i = 0; i < h; i++) {
          for (int j = 0; j < w; j++) {
            double weight = share(mode, out / ow % oh, i, h, oh) * share(mode, out % ow, j, w, ow);
            int at = (plane * h + i) * w + j;
            y.add(out, weight * x[at]);
            dX.add(at, weight * dY[out]);
          }
        }
      }
      Buffer actual = arena.out("y", dY.length);
      Buffer gradient = arena.out("dX", x.length);
      backend.pooling().upsampleForward(mode, planes, h, w, oh, ow, arena.in("x", x), actual);
      backend.pooling().upsampleBackward(mode, planes, h, w, oh, ow, arena.in("dY", dY), gradient);
      arena.expect("y " + what, actual, y);
      arena.expect("dX " + what, gradient, dX);
      arena.verify(what);
    }
  }

  /** The elements that share a statistic, as an average over them needs: (first, image, step). */
  private interface Statistic {
    int of(int element);
  }

  /** Normalised values and statistics, straight from the definition. */
  private static final class Normalised {
    final double[] xHat;
    final double[] mean;
    final double[] variance;
    final int[] count;

    Normalised(
        double[] x, int statistics, Statistic statistic, double[] means, double[] variances) {
      mean = means != null ? means : new double[statistics];
      variance = variances != null ? variances : new double[statistics];
      count = new int[statistics];
      for (int i = 0; i < x.length; i++) {
        count[statistic.of(i)]++;
      }
      for (int i = 0; i < x.length && means == null; i++) {
        mean[statistic.of(i)] += x[i] / count[statistic.of(i)];
      }
      for (int i = 0; i < x.length && variances == null; i++) {
        double d = x[i] - mean[statistic.of(i)];
        variance[statistic.of(i)] += d * d / count[statistic.of(i)];
      }
      xHat = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        int s = statistic.of(i);
        xHat[i] = (x[i] - mean[s]) / Math.sqrt(variance[s] + EPS);
      }
    }

    /** dX of g = weight·dY; without statistics that depend on x, no means are taken off. */
    Expected input(double[] g, Statistic statistic, boolean dependent) {
      double[] meanG = new double[mean.length];
      double[] meanGx = new double[mean.length];
      double[] size = new double[mean.length];
      for (int i = 0; i < g.length; i++) {
        int s = statistic.of(i);
        meanG[s] += dependent ? g[i] / count[s] : 0;
        meanGx[s] += dependent ? g[i] * xHat[i] / count[s] : 0;
        size[s] += Math.abs(g[i]) * (1 + Math.abs(xHat[i])) / count[s];
      }
      Expected dX = new Expected(g.length, Oracle.FORMULA + g.length);
      for (int i = 0; i < g.length; i++) {
        int s = statistic.of(i);
        double inverse = 1 / Math.sqrt(variance[s] + EPS);
        double magnitude = Math.abs(g[i]) + size[s] * (1 + Math.abs(xHat[i]));
        dX.set(i, (g[i] - meanG[s] - xHat[i] * meanGx[s]) * inverse, magnitude * inverse);
      }
      return dX;
    }
  }

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void batchNorm(Backend backend) {
    int[][] sizes = {{2, 1, 1}, {1, 3, 17}, {5, 7, 12}, {3, 2, 33}};
    for (int[] size : sizes) {
      for (boolean training : BOTH) {
        for (boolean offset : BOTH) {
          batchNorm(backend, size[0], size[1], size[2], training, offset);
        }
      }
    }
  }

  private static void batchNorm(
      Backend backend, int n, int c, int p, boolean training, boolean offset) {
    String what = "n=%d c=%d p=%d training=%s".formatted(n, c, p, training);
    try (Arena arena = new Arena(backend, offset, 9 + n)) {
      double[] x = arena.noise(n * c * p);
      double[] dY = arena.noise(n * c * p);
      double[] w = arena.noise(c);
      double[] b = arena.noise(c);
      double[] mean = arena.noise(c);
      double[] variance = arena.noise(c);
      for (int i = 0; i < c; i++) {
        variance[i] = (float) (0.5 + Math.abs(variance[i]));
      }
      Statistic channel = i -> i / p % c;
      Normalised e =
          new Normalised(
              x, c, channel, training ? null : mean.clone(), training ? null : variance.clone());
      Buffer xs = arena.in("x", x);
      Buffer dYs = arena.in("dY", dY);
      Buffer ws = arena.in("weight", w);
      Buffer y = arena.out("y", x.length);
      Buffer means = training ? arena.inOut("mean", mean) : arena.in("mean", mean);
      Buffer variances =
          training ? arena.inOut("variance", variance) : arena.in("variance", variance);
      var ops = backend.norms();
      ops.batchNormForward(
          training, n, c, p, EPS, 0.25, xs, ws, arena.in("bias", b), means, variances, y);
      Expected forward = new Expected(x.length, Oracle.FORMULA);
      double[] g = new double[x.length];
      Expected dW = new Expected(c, Oracle.FORMULA + n * p);
      Expected dB = new Expected(c, Oracle.FORMULA + n * p);
      for (int i = 0; i < x.length; i++) {
        int k = channel.of(i);
        double inverse = 1 / Math.sqrt(e.variance[k] + EPS);
        double size = Math.abs(w[k]) * (Math.abs(x[i]) + Math.abs(e.mean[k])) * inverse;
        forward.set(i, w[k] * e.xHat[i] + b[k], size + Math.abs(b[k]));
        g[i] = w[k] * dY[i];
        dW.add(k, dY[i] * e.xHat[i]);
        dB.add(k, dY[i]);
      }
      arena.expect("y " + what, y, forward);
      if (training) {
        Expected newMean = new Expected(c, Oracle.FORMULA + n * p);
        Expected newVariance = new Expected(c, Oracle.FORMULA + n * p);
        for (int k = 0; k < c; k++) {
          double unbiased = e.variance[k] * n * p / (n * p - 1);
          newMean.set(k, 0.75 * mean[k] + 0.25 * e.mean[k], 1 + Math.abs(mean[k]));
          newVariance.set(k, 0.75 * variance[k] + 0.25 * unbiased, 1 + variance[k] + unbiased);
        }
        arena.expect("mean " + what, means, newMean);
        arena.expect("variance " + what, variances, newVariance);
      }
      if (n * p > 2 || !training) { // of two values the gradient is 0 but for eps
        Buffer dX = arena.out("dX", x.length);
        ops.batchNormBackwardInput(training, n, c, p, EPS, xs, ws, means, variances, dYs, dX);
        arena.expect("dX " + what, dX, e.input(g, channel, training));
      }
      Buffer dWeight = arena.out("dWeight", c);
      Buffer dBias = arena.out("dBias", c);
      ops.batchNormBackwardParameters(
          training, n, c, p, EPS, xs, means, variances, dYs, dWeight, dBias, false);
      arena.expect("dWeight " + what, dWeight, dW);
      arena.expect("dBias " + what, dBias, dB);
      ops.batchNormBackwardParameters(
          training, n, c, p, EPS, xs, means, variances, dYs, dWeight, dBias, true);
      arena.expect("twice " + what, dBias, twice(dB));
      arena.expect("twice " + what, dWeight, twice(dW));
      if (!training) {
        Buffer rows = arena.out("rows", 2 * c);
        ops.batchNormGradientRows(
            1, n, c, p, EPS, xs, means, variances, dYs, true, true, rows, 2 * c);
        arena.expect("row " + what, rows, joined(dW, dB));
        Buffer biasRows = arena.out("rows", n * c);
        ops.batchNormGradientRows(
            n, 1, c, p, EPS, xs, means, variances, dYs, false, true, biasRows, c);
        Expected each = new Expected(n * c, Oracle.FORMULA + p);
        for (int i = 0; i < x.length; i++) {
          each.add(i / p, dY[i]);
        }
        arena.expect("bias rows " + what, biasRows, each);
      }
      arena.verify(what);
    }
  }

  private static Expected twice(Expected e) {
    Expected sum = new Expected(e.value.length, e.terms);
    for (int i = 0; i < e.value.length; i++) {
      sum.set(i, 2 * e.value[i], 2 * e.magnitude[i]);
    }
    return sum;
  }

  private static Expected joined(Expected a, Expected b) {
    Expected both = new Expected(a.value.length + b.value.length, Math.max(a.terms, b.terms));
    for (int i = 0; i < both.value.length; i++) {
      Expected from = i < a.value.length ? a : b;
      int at = i < a.value.length ? i : i - a.value.length;
      both.set(i, from.value[at], from.magnitude[at]);
    }
    return both;
  }

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void layerNorm(Backend backend) {
    int[][] sizes = {{1, 3}, {6, 17}, {4, 257}, {2, 64}};
    for (int[] size : sizes) {
      for (boolean offset : BOTH) {
        layerNorm(backend, size[0], size[1], offset);
      }
    }
  }

  private static void layerNorm(Backend backend, int rows, int d, boolean offset) {
    String what = "rows=%d features=%d".formatted(rows, d);
    try (Arena arena = new Arena(backend, offset, 2 + d)) {
      double[] x = arena.noise(rows * d);
      double[] dY = arena.noise(rows * d);
      double[] w = arena.noise(d);
      double[] b = arena.noise(d);
      Statistic row = i -> i / d;
      Normalised e = new Normalised(x, rows, row, null, null);
      Buffer xs = arena.in("x", x);
      Buffer dYs = arena.in("dY", dY);
      Buffer ws = arena.in("weight", w);
      Buffer y = arena.out("y", x.length);
      Buffer dX = arena.out("dX", x.length);
      var ops = backend.norms();
      ops.layerNormForward(rows, d, EPS, xs, ws, arena.in("bias", b), y);
      ops.layerNormBackwardInput(rows, d, EPS, xs, ws, dYs, dX);
      Expected forward = new Expected(x.length, Oracle.FORMULA);
      double[] g = new double[x.length];
      Expected dW = new Expected(d, Oracle.FORMULA + rows);
      Expected dB = new Expected(d, Oracle.FORMULA + rows);
      for (int i = 0; i < x.length; i++) {
        int j = i % d;
        double inverse = 1 / Math.sqrt(e.variance[i / d] + EPS);
        double size = Math.abs(w[j]) * (Math.abs(x[i]) + Math.abs(e.mean[i / d])) * inverse;
        forward.set(i, w[j] * e.xHat[i] + b[j], size + Math.abs(b[j]));
        g[i] = w[j] * dY[i];
        dW.add(j, dY[i] * e.xHat[i]);
        dB.add(j, dY[i]);
      }
      arena.expect("y " + what, y, forward);
      arena.expect("dX " + what, dX, e.input(g, row, true));
      Buffer dWeight = arena.out("dWeight", d);
      Buffer dBias = arena.out("dBias", d);
      ops.layerNormBackwardParameters(rows, d, EPS, xs, dYs, dWeight, dBias, false);
      arena.expect("dWeight " + what, dWeight, dW);
      arena.expect("dBias " + what, dBias, dB);
      ops.layerNormBackwardParameters(rows, d, EPS, xs, dYs, dWeight, dBias, true);
      arena.expect("twice " + what, dWeight, twice(dW));
      Buffer one = arena.out("rows", 2 * d);
      ops.layerNormGradientRows(1, rows, d, EPS, xs, dYs, true, true, one, 2 * d);
      arena.expect("row " + what, one, joined(dW, dB));
      Buffer biasRows = arena.out("rows", rows * d);
      ops.layerNormGradientRows(rows, 1, d, EPS, xs, dYs, false, true, biasRows, d);
      assertArrayEquals(dY, biasRows.toDoubles());
      arena.verify(what);
    }
  }

  private static void refused(String message, org.junit.jupiter.api.function.Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void badArguments(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer six = arena.inOut("six", arena.noise(6));
      refused(
          "maxPoolForward: OC=2 of the window differs from C=1",
          () ->
              backend.pooling().maxPoolForward(ConvShape.square(1, 2, 3, 2, 1, 1, 0), 1, six, six));
      refused(
          "averagePoolForward: padding [1,1] is more than half of the window [1,1]",
          () ->
              backend
                  .pooling()
                  .averagePoolForward(ConvShape.window(1, 2, 3, 1, 1, 1), 1, six, six));
      refused(
          "upsampleForward: [OH,OW]=[1,3] is smaller than [H,W]=[2,3]",
          () -> backend.pooling().upsampleForward(Upsampling.NEAREST, 1, 2, 3, 1, 3, six, six));
      refused(
          "batchNormForward: training needs more than one value per channel: n=1, positions=1",
          () ->
              backend
                  .norms()
                  .batchNormForward(true, 1, 6, 1, EPS, 0.1, six, six, six, six, six, six));
      refused(
          "layerNormBackwardInput: dY [rows,D] needs 6 elements, the buffer has 3",
          () -> backend.norms().layerNormBackwardInput(2, 3, EPS, six, six, six.slice(3), six));
      refused(
          "layerNormGradientRows: ld=5 is less than its 6 columns",
          () -> backend.norms().layerNormGradientRows(1, 1, 3, EPS, six, six, true, true, six, 5));
      arena.verify("refused calls");
    }
  }
}
