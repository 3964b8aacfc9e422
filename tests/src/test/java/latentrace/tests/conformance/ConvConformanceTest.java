package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolutions and transposed convolutions. */
class ConvConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#convolutional";
  private static final boolean[] BOTH = {false, true};

  /** Odd sizes, strides and paddings; more than a panel, a block and an image group. */
  private static final List<ConvShape> SHAPES =
      List.of(
          ConvShape.square(1, 1, 1, 1, 1, 1, 0),
          ConvShape.square(3, 8, 8, 5, 4, 2, 1),
          new ConvShape(2, 7, 9, 3, 3, 2, 2, 3, 1, 0),
          new ConvShape(3, 5, 11, 7, 1, 5, 1, 2, 0, 4),
          ConvShape.square(2, 9, 9, 4, 3, 2, 0),
          ConvShape.square(2, 10, 10, 4, 2, 3, 0), // kernel smaller than stride: gaps
          ConvShape.square(1, 3, 3, 2, 3, 1, 2),
          ConvShape.square(4, 4, 4, 6, 4, 1, 0), // kernel as large as the image
          new ConvShape(2, 6, 5, 3, 4, 5, 1, 1, 0, 0), // ... in one direction
          ConvShape.square(2, 5, 5, 3, 5, 3, 4), // padding beyond stride
          ConvShape.square(33, 6, 6, 35, 3, 2, 1),
          ConvShape.square(2, 40, 37, 3, 4, 2, 1),
          ConvShape.square(20, 18, 18, 9, 4, 2, 1));

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void convolution(Backend backend) {
    List<Activation> activations = List.of(Activation.values());
    int trial = 0;
    for (ConvShape shape : SHAPES) {
      for (int n : new int[] {1, 3, 17}) {
        Activation f = activations.get(trial++ % activations.size());
        for (boolean offset : BOTH) {
          convolution(backend, shape, n, f, offset);
        }
      }
    }
  }

  /** f of each element; no slope is above 1. */
  private static Expected activated(Expected e, Activation f) {
    Expected y = new Expected(e.value.length, e.terms + Oracle.FORMULA);
    for (int i = 0; i < e.value.length; i++) {
      y.set(i, Oracle.activate(f, e.value[i]), e.magnitude[i] + 1);
    }
    return y;
  }

  private static void convolution(
      Backend backend, ConvShape shape, int n, Activation f, boolean offset) {
    String what = "%s n=%d %s offset=%s".formatted(shape, n, f, offset);
    try (Arena arena = new Arena(backend, offset, 5 + n)) {
      double[] x = arena.noise(n * shape.inputSize());
      double[] y = arena.noise(n * shape.outputSize());
      double scale = 1 / Math.sqrt(shape.patchSize());
      double[] w = arena.noise(shape.weightSize(), scale);
      double[] convBias = arena.noise(shape.outChannels());
      double[] transposedBias = arena.noise(shape.channels());
      Buffer weight = arena.in("weight", w);
      Buffer xs = arena.in("x", x);
      Buffer ys = arena.in("y", y);
      var ops = backend.convolutions();

      Buffer out = arena.out("y", n * shape.outputSize());
      ops.conv2dForward(shape, n, xs, weight, arena.in("bias", convBias), f, out);
      arena.expect("conv " + what, out, activated(ConvOracle.conv(shape, n, x, w, convBias), f));

      Buffer dX = arena.out("dX", n * shape.inputSize());
      ops.conv2dBackwardInput(shape, n, ys, weight, dX);
      arena.expect("dX " + what, dX, ConvOracle.adjoint(shape, n, y, w, null));

      Buffer transposed = arena.out("y", n * shape.inputSize());
      ops.convTranspose2dForward(
          shape, n, ys, weight, arena.in("bias", transposedBias), f, transposed);
      arena.expect(
          "transposed " + what,
          transposed,
          activated(ConvOracle.adjoint(shape, n, y, w, transposedBias), f));

      Buffer dY = arena.out("dX", n * shape.outputSize());
      ops.convTranspose2dBackwardInput(shape, n, xs, weight, dY);
      arena.expect("transposed dX " + what, dY, ConvOracle.conv(shape, n, x, w, null));

      for (boolean accumulate : BOTH) {
        for (boolean transpose : BOTH) {
          parameters(arena, what, shape, n, x, xs, y, ys, accumulate, transpose);
        }
      }
      arena.verify(what);
    }
  }

  private static void parameters(
      Arena arena,
      String name,
      ConvShape shape,
      int n,
      double[] x,
      Buffer xs,
      double[] y,
      Buffer ys,
      boolean accumulate,
      boolean transposed) {
    String what =
        "parameters transposed=%s accumulate=%s %s".formatted(transposed, accumulate, name);
    int size = transposed ? shape.channels() : shape.outChannels();
    int positions = transposed ? shape.height() * shape.width() : shape.positions();
    double[] before = accumulate ? arena.noise(shape.weightSize()) : null;
    double[] biasBefore = accumulate ? arena.noise(size) : null;
    Buffer dWeight =
        accumulate ? arena.inOut("dWeight", before) : arena.out("dWeight", shape.weightSize());
    Buffer dBias = accumulate ? arena.inOut("dBias", biasBefore) : arena.out("dBias", size);
    var ops = arena.backend.convolutions();
    if (transposed) {
      ops.convTranspose2dBackwardParameters(shape, n, ys, xs, dWeight, dBias, accumulate);
    } else {
      ops.conv2dBackwardParameters(shape, n, xs, ys, dWeight, dBias, accumulate);
    }
    arena.expect(what, dWeight, ConvOracle.weightGradient(shape, n, x, y, before));
    arena.expect(
        what, dBias, ConvOracle.channelSums(n, size, positions, transposed ? x : y, biasBefore));
  }

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void gradientRows(Backend backend) {
    for (ConvShape shape : SHAPES) {
      for (int[] counts : new int[][] {{1, 1}, {3, 2}, {2, 5}}) {
        for (int parts = 1; parts <= 3; parts++) {
          for (boolean transposed : BOTH) {
            rows(
                backend,
                shape,
                counts[0],
                counts[1],
                (parts & 1) != 0,
                (parts & 2) != 0,
                transposed);
          }
        }
      }
    }
  }

  private static void rows(
      Backend backend,
      ConvShape shape,
      int n,
      int rank,
      boolean weight,
      boolean bias,
      boolean transposed) {
    String what =
        "rows %s n=%d rank=%d weight=%s bias=%s transposed=%s"
            .formatted(shape, n, rank, weight, bias, transposed);
    int biasSize = transposed ? shape.channels() : shape.outChannels();
    int positions = transposed ? shape.height() * shape.width() : shape.positions();
    int columns = (weight ? shape.weightSize() : 0) + (bias ? biasSize : 0);
    int ld = columns + 3;
    try (Arena arena = new Arena(backend, weight, 7 + n)) {
      double[] x = arena.noise(n * rank * shape.inputSize());
      double[] y = arena.noise(n * rank * shape.outputSize());
      double[] before = Arena.nans((n - 1) * ld + columns);
      Buffer rows = arena.inOut("rows", before);
      var ops = backend.convolutions();
      if (transposed) {
        ops.convTranspose2dGradientRows(
            shape, n, rank, arena.in("x", y), arena.in("delta", x), weight, bias, rows, ld);
      } else {
        ops.conv2dGradientRows(
            shape, n, rank, arena.in("x", x), arena.in("delta", y), weight, bias, rows, ld);
      }
      Expected expected = new Expected(before, rank * Math.max(positions, shape.positions()));
      for (int i = 0; i < n; i++) {
        double[] xi =
            Arrays.copyOfRange(x, i * rank * shape.inputSize(), (i + 1) * rank * shape.inputSize());
        double[] yi =
            Arrays.copyOfRange(
                y, i * rank * shape.outputSize(), (i + 1) * rank * shape.outputSize());
        int at = i * ld;
        if (weight) {
          at = put(expected, at, ConvOracle.weightGradient(shape, rank, xi, yi, null));
        }
        if (bias) {
          double[] delta = transposed ? xi : yi;
          put(expected, at, ConvOracle.channelSums(rank, biasSize, positions, delta, null));
        }
      }
      arena.expect(what, rows, expected);
      arena.verify(what);
    }
  }

  private static int put(Expected to, int at, Expected part) {
    for (int i = 0; i < part.value.length; i++) {
      to.set(at + i, part.value[i], part.magnitude[i]);
    }
    return at + part.value.length;
  }

  /** "Results do not depend on how many" threads: the same bits. */
  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void threadsDoNotChangeResults(Backend backend) {
    BackendProvider provider =
        Backends.providers().stream()
            .filter(p -> p.name().equals(backend.name()))
            .findFirst()
            .orElseThrow();
    ConvShape shape = ConvShape.square(5, 16, 16, 7, 4, 2, 1);
    double[][] first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Backend other = provider.open(new BackendProvider.Options(threads));
          Arena arena = new Arena(other, false, 77)) {
        int n = 37;
        Buffer x = arena.in("x", arena.noise(n * shape.inputSize()));
        Buffer y = arena.in("y", arena.noise(n * shape.outputSize()));
        Buffer w = arena.in("w", arena.noise(shape.weightSize()));
        Buffer b = arena.in("b", arena.noise(7));
        Buffer forward = arena.out("y", n * shape.outputSize());
        Buffer adjoint = arena.out("x", n * shape.inputSize());
        Buffer dW = arena.out("dW", shape.weightSize());
        Buffer dB = arena.out("dB", 7);
        other.convolutions().conv2dForward(shape, n, x, w, b, Activation.RELU, forward);
        other.convolutions().conv2dBackwardInput(shape, n, y, w, adjoint);
        other.convolutions().conv2dBackwardParameters(shape, n, x, y, dW, dB, false);
        double[][] results = {
          forward.toDoubles(), adjoint.toDoubles(), dW.toDoubles(), dB.toDoubles()
        };
        for (int i = 0; first != null && i < results.length; i++) {
          assertArrayEquals(first[i], results[i], threads + " threads, " + i);
        }
        first = results;
      }
    }
  }

  /** An image's result and a sample's row do not depend on what is beside them. */
  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void batchSizeDoesNotChangeAnImage(Backend backend) {
    for (ConvShape shape :
        List.of(ConvShape.square(5, 8, 8, 7, 4, 2, 1), ConvShape.square(5, 4, 4, 7, 4, 1, 0))) {
      try (Arena arena = new Arena(backend, false, 78)) {
        int n = 35;
        Buffer x = arena.in("x", arena.noise(n * shape.inputSize()));
        Buffer y = arena.in("y", arena.noise(n * shape.outputSize()));
        Buffer w = arena.in("w", arena.noise(shape.weightSize()));
        Buffer b = arena.in("b", arena.noise(7));
        double[][] all = images(arena, shape, n, x, y, w, b);
        for (int i : new int[] {0, 17, 34}) {
          double[][] one =
              images(
                  arena,
                  shape,
                  1,
                  x.slice((long) i * shape.inputSize(), shape.inputSize()),
                  y.slice((long) i * shape.outputSize(), shape.outputSize()),
                  w,
                  b);
          for (int k = 0; k < one.length; k++) {
            int size = one[k].length;
            assertArrayEquals(
                Arrays.copyOfRange(all[k], i * size, (i + 1) * size), one[k], "image " + i);
          }
        }
      }
    }
  }

  private static double[][] images(
      Arena arena, ConvShape shape, int n, Buffer x, Buffer y, Buffer w, Buffer b) {
    Buffer forward = arena.out("y", n * shape.outputSize());
    Buffer adjoint = arena.out("x", n * shape.inputSize());
    Buffer rows = arena.out("rows", n * shape.weightSize());
    var ops = arena.backend.convolutions();
    ops.conv2dForward(shape, n, x, w, b, Activation.TANH, forward);
    ops.conv2dBackwardInput(shape, n, y, w, adjoint);
    ops.conv2dGradientRows(shape, n, 1, x, y, true, false, rows, shape.weightSize());
    return new double[][] {forward.toDoubles(), adjoint.toDoubles(), rows.toDoubles()};
  }

  @Test
  void shapes() {
    ConvShape odd = new ConvShape(2, 7, 9, 3, 3, 2, 2, 3, 1, 0);
    assertEquals(4, odd.outHeight());
    assertEquals(3, odd.outWidth());
    assertEquals(36, odd.outputSize());
    ConvShape up = ConvShape.transposed(16, 7, 7, 8, 3, 2, 1, 1);
    assertEquals(List.of(8, 14, 14, 16), List.of(up.channels(), up.height(), up.width(), 16));
    assertEquals(7, up.outHeight());
    refused(
        "conv shape: KH=5 does not fit H=2 with PH=1 on both sides",
        () -> ConvShape.square(1, 2, 9, 1, 5, 1, 1));
    refused("conv shape: SH must be positive, was 0", () -> ConvShape.square(1, 2, 2, 1, 1, 0, 0));
    refused(
        "conv shape: C*H*W=4294967296 is more than 2^31-1",
        () -> ConvShape.square(65536, 256, 256, 1, 1, 1, 0));
    refused(
        "conv transpose shape: output padding 2 must be at least 0 and less than stride 2",
        () -> ConvShape.transposed(1, 2, 2, 1, 3, 2, 1, 2));
  }

  @ParameterizedTest(autoCloseArguments = false, allowZeroInvocations = true)
  @MethodSource(BACKENDS)
  void badArguments(Backend backend) {
    ConvShape shape = ConvShape.square(2, 3, 3, 1, 2, 1, 0);
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer x = arena.in("x", arena.noise(18));
      Buffer y = arena.inOut("y", arena.noise(4));
      Buffer w = arena.inOut("w", arena.noise(8));
      var ops = backend.convolutions();
      refused(
          "conv2dForward: x [N,C,H,W] needs 36 elements, the buffer has 18",
          () -> ops.conv2dForward(shape, 2, x, w, y, Activation.RELU, y));
      refused(
          "conv2dForward: weight [OC,C,KH,KW] needs 8 elements, the buffer has 4",
          () -> ops.conv2dForward(shape, 1, x, y, y, Activation.RELU, y));
      refused(
          "convTranspose2dForward: bias [C] is null",
          () -> ops.convTranspose2dForward(shape, 1, y, w, null, Activation.RELU, x));
      refused(
          "conv2dBackwardParameters: n must be positive, was 0",
          () -> ops.conv2dBackwardParameters(shape, 0, x, y, w, y, true));
      refused(
          "conv2dGradientRows: ld=8 is less than its 9 columns",
          () -> ops.conv2dGradientRows(shape, 1, 1, x, y, true, true, w, 8));
      refused(
          "convTranspose2dGradientRows: neither weight nor bias is wanted",
          () -> ops.convTranspose2dGradientRows(shape, 1, 1, y, x, false, false, w, 8));
      arena.verify("refused calls");
    }
  }

  private static void refused(String message, org.junit.jupiter.api.function.Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
