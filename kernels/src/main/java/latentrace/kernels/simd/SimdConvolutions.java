package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.ConvShape;

/**
 * Convolutions as matrix products whose one operand lies in {@link Planes}: a worker copies a few
 * images there and multiplies by the {@link MicroKernel}; the patches are never written out.
 *
 * <ul>
 *   <li>Wx: weight [OC,C·KH·KW] times the runs under each element of the kernel.
 *   <li>Wᵀy: each phase of the stride of x is a convolution of y of stride 1 with the elements of
 *       the kernel that fall on it, so nothing is added up in memory and no zeros are multiplied.
 *   <li>Gradient at the weight: its transpose, [C·KH·KW,positions] read where it lies in the planes
 *       times y [positions,OC], zero at positions that mean nothing.
 * </ul>
 *
 * <p>An element of a result is one chain over blocks of k (or of an image group's positions), which
 * depend on the shape and the number of images summed up only: the same bits for every number of
 * threads, and per image or sample for every batch. A kernel as large as the image is a linear
 * layer.
 */
final class SimdConvolutions extends ConvOps {
  private static final int V = Lanes.COUNT;
  private static final int ROWS = MicroKernel.ROWS;
  private static final int COLUMNS = MicroKernel.COLUMNS;
  private static final int BLOCK = Gemm.BLOCK;

  /** Rows of a product that are too few for a tile, and how wide a tile of them is. */
  private static final int FEW_ROWS = 3;

  private static final int WIDE = 2 * COLUMNS;

  /** Rows for which filling a panel costs more than reading the runs again. */
  private static final int MOST_UNPACKED = 3 * ROWS;

  /** Columns of an image group, if one image has fewer: planes and product stay in L2. */
  private static final int GROUP_COLUMNS = 544;

  /** Parts of a batch whose gradients at the weight are summed apart. */
  private static final int SLABS = 8;

  /** Elements of a sum in single precision before double takes over. */
  private static final int SUM_BLOCK = 4096;

  private final WorkerPool pool;
  private final SimdDense dense;
  private final Scratch[] scratch;
  private final Forward forward = new Forward();
  private final Adjoint adjoint = new Adjoint();
  private final WeightGradient weightGradient = new WeightGradient();
  private final Reduction reduction = new Reduction();
  private final ChannelSums channelSums = new ChannelSums();
  private final Finish finish = new Finish();
  private float[][] slabs = new float[0][];

  SimdConvolutions(Backend owner, WorkerPool pool, SimdDense dense) {
    super(owner);
    this.pool = pool;
    this.dense = dense;
    this.scratch = new Scratch[pool.threads()];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  /** A worker's memory. */
  private static final class Scratch {
    private final Planes planes = new Planes();
    private final float[] panel = new float[BLOCK * COLUMNS];
    private final float[] lanes = new float[V];
    private final float[] curve = new float[1024];
    private float[] product = new float[0];
    private float[] across = new float[0];
    private int[] offsets = new int[0];

    private void reserve(int products, int transposed, int runs) {
      if (product.length < products) {
        product = new float[products];
      }
      if (across.length < transposed) {
        across = new float[transposed];
      }
      if (offsets.length < runs) {
        offsets = new int[runs];
      }
    }
  }

  private static int ceilDiv(int x, int y) {
    return -Math.floorDiv(-x, y);
  }

  private static int roundUp(int x, int unit) {
    return ceilDiv(x, unit) * unit;
  }

  /** Whether it is a linear layer from C·H·W to OC. */
  private static boolean isLinear(ConvShape s) {
    return s.kernelHeight() == s.height()
        && s.kernelWidth() == s.width()
        && s.paddingHeight() == 0
        && s.paddingWidth() == 0;
  }

  /** Images per group: enough columns, in equal groups, and some groups for each thread. */
  private int groupSize(int n, int columnsPerImage) {
    int most = Math.max(1, GROUP_COLUMNS / columnsPerImage);
    return Math.max(1, Math.min(most, ceilDiv(n, 4 * pool.threads())));
  }

  /** The runs under the elements (c,kh,kw) of the kernel, in the planes of x. */
  private static void convWindow(ConvShape s, Planes planes) {
    planes.source(s.channels(), s.height(), s.width());
    planes.window(
        s.strideHeight(),
        s.strideWidth(),
        s.paddingHeight(),
        s.paddingWidth(),
        Math.min(s.strideHeight(), s.kernelHeight()),
        Math.min(s.strideWidth(), s.kernelWidth()),
        (s.kernelHeight() - 1) / s.strideHeight() + 1,
        (s.kernelWidth() - 1) / s.strideWidth() + 1,
        s.outHeight(),
        s.outWidth());
    if (s.strideWidth() == 1) {
      planes.overlap();
    }
  }

  private static void convOffsets(ConvShape s, Planes planes, int[] offsets) {
    int p = 0;
    for (int c = 0; c < s.channels(); c++) {
      for (int kh = 0; kh < s.kernelHeight(); kh++) {
        for (int kw = 0; kw < s.kernelWidth(); kw++) {
          offsets[p++] =
              planes.offset(
                  c,
                  kh % s.strideHeight(),
                  kw % s.strideWidth(),
                  kh / s.strideHeight(),
                  kw / s.strideWidth());
        }
      }
    }
  }

  /**
   * product [m rounded up to {@link MicroKernel#ROWS}, ld] = left [m,k]·(runs at {@code offsets});
   * columns are rounded up to whole panels.
   */
  private static void multiply(
      int m, int k, float[] left, int leftAt, int columns, int ld, int productAt, Scratch s) {
    if (k == 0) {
      Arrays.fill(s.product, productAt, productAt + m * ld, 0);
      return;
    }
    int few = m % ROWS <= FEW_ROWS ? m % ROWS : 0;
    int tiled = m - few;
    for (int column = 0; few > 0 && column < columns; column += WIDE) {
      narrow(
          few,
          k,
          left,
          leftAt + tiled * k,
          s.planes.values,
          s.offsets,
          column,
          s.product,
          productAt + tiled * ld,
          ld);
    }
    if (tiled <= MOST_UNPACKED && k <= BLOCK) {
      for (int column = 0; column < columns; column += COLUMNS) {
        for (int row = 0; row < tiled; row += ROWS) {
          int last = tiled - 1 - row;
          int a0 = leftAt + row * k;
          unpacked(
              k,
              left,
              a0,
              a0 + Math.min(1, last) * k,
              a0 + Math.min(2, last) * k,
              a0 + Math.min(3, last) * k,
              a0 + Math.min(4, last) * k,
              a0 + Math.min(5, last) * k,
              s.planes.values,
              s.offsets,
              column,
              s.product,
              productAt + row * ld + column,
              ld);
        }
      }
      return;
    }
    for (int q = 0; q < k; q += BLOCK) {
      int length = Math.min(BLOCK, k - q);
      for (int column = 0; column < columns; column += COLUMNS) {
        fillPanel(s.planes.values, s.offsets, q, length, column, s.panel);
        for (int row = 0; row < tiled; row += ROWS) {
          int last = tiled - 1 - row;
          int a0 = leftAt + row * k + q;
          MicroKernel.tile(
              length,
              left,
              a0,
              a0 + Math.min(1, last) * k,
              a0 + Math.min(2, last) * k,
              a0 + Math.min(3, last) * k,
              a0 + Math.min(4, last) * k,
              a0 + Math.min(5, last) * k,
              s.panel,
              0,
              s.product,
              productAt + row * ld + column,
              ld,
              1,
              q == 0 ? 0 : 1);
        }
      }
    }
  }

  /** A tile of {@link MicroKernel}'s size straight from the runs, for a panel of few uses. */
  private static void unpacked(
      int k,
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      int a4,
      int a5,
      float[] values,
      int[] offsets,
      int column,
      float[] c,
      int cAt,
      int ldc) {
    FloatVector c00 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c40 = c00;
    FloatVector c41 = c00;
    FloatVector c50 = c00;
    FloatVector c51 = c00;
    for (int p = 0; p < k; p++) {
      int at = offsets[p] + column;
      FloatVector b0 = FloatVector.fromArray(Lanes.SPECIES, values, at);
      FloatVector b1 = FloatVector.fromArray(Lanes.SPECIES, values, at + V);
      FloatVector x = FloatVector.broadcast(Lanes.SPECIES, a[a0 + p]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(Lanes.SPECIES, a[a1 + p]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(Lanes.SPECIES, a[a2 + p]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(Lanes.SPECIES, a[a3 + p]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(Lanes.SPECIES, a[a4 + p]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(Lanes.SPECIES, a[a5 + p]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
    }
    int to = cAt;
    c00.intoArray(c, to);
    c01.intoArray(c, to + V);
    to += ldc;
    c10.intoArray(c, to);
    c11.intoArray(c, to + V);
    to += ldc;
    c20.intoArray(c, to);
    c21.intoArray(c, to + V);
    to += ldc;
    c30.intoArray(c, to);
    c31.intoArray(c, to + V);
    to += ldc;
    c40.intoArray(c, to);
    c41.intoArray(c, to + V);
    to += ldc;
    c50.intoArray(c, to);
    c51.intoArray(c, to + V);
  }

  /**
   * Up to three rows and four vectors' width of a product, straight from the runs: none is used
   * twice.
   */
  private static void narrow(
      int m,
      int k,
      float[] left,
      int leftAt,
      float[] values,
      int[] offsets,
      int column,
      float[] product,
      int productAt,
      int ld) {
    FloatVector c00 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c01 = c00;
    FloatVector c02 = c00;
    FloatVector c03 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c12 = c00;
    FloatVector c13 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c22 = c00;
    FloatVector c23 = c00;
    int a1 = leftAt + Math.min(1, m - 1) * k;
    int a2 = leftAt + Math.min(2, m - 1) * k;
    for (int p = 0; p < k; p++) {
      int at = offsets[p] + column;
      FloatVector b0 = FloatVector.fromArray(Lanes.SPECIES, values, at);
      FloatVector b1 = FloatVector.fromArray(Lanes.SPECIES, values, at + V);
      FloatVector b2 = FloatVector.fromArray(Lanes.SPECIES, values, at + 2 * V);
      FloatVector b3 = FloatVector.fromArray(Lanes.SPECIES, values, at + 3 * V);
      FloatVector x = FloatVector.broadcast(Lanes.SPECIES, left[leftAt + p]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = FloatVector.broadcast(Lanes.SPECIES, left[a1 + p]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = FloatVector.broadcast(Lanes.SPECIES, left[a2 + p]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
    }
    int to = productAt + column;
    c00.intoArray(product, to);
    c01.intoArray(product, to + V);
    c02.intoArray(product, to + 2 * V);
    c03.intoArray(product, to + 3 * V);
    to += ld;
    c10.intoArray(product, to);
    c11.intoArray(product, to + V);
    c12.intoArray(product, to + 2 * V);
    c13.intoArray(product, to + 3 * V);
    to += ld;
    c20.intoArray(product, to);
    c21.intoArray(product, to + V);
    c22.intoArray(product, to + 2 * V);
    c23.intoArray(product, to + 3 * V);
  }

  private static void fillPanel(
      float[] values, int[] offsets, int from, int length, int column, float[] panel) {
    int to = 0;
    for (int p = 0; p < length; p++) {
      int at = offsets[from + p] + column;
      FloatVector.fromArray(Lanes.SPECIES, values, at).intoArray(panel, to);
      FloatVector.fromArray(Lanes.SPECIES, values, at + V).intoArray(panel, to + V);
      to += COLUMNS;
    }
  }

  /** Over image groups. */
  private final class Forward extends Loop {
    private ConvShape shape;
    private int n;
    private int group;
    private SimdBuffer x;
    private SimdBuffer weight;
    private SimdBuffer bias;
    private Activation activation;
    private SimdBuffer y;

    @Override
    void range(int from, int to, int worker) {
      for (int g = from; g < to; g++) {
        int first = g * group;
        images(first, Math.min(group, n - first), scratch[worker]);
      }
    }

    private void images(int first, int count, Scratch s) {
      int k = shape.patchSize();
      int m = shape.outChannels();
      convWindow(shape, s.planes);
      s.planes.fill(x.data, x.at((long) first * shape.inputSize()), count);
      int columns = s.planes.columns();
      int ld = roundUp(columns, WIDE);
      s.reserve(roundUp(m, ROWS) * ld, 0, k);
      convOffsets(shape, s.planes, s.offsets);
      multiply(m, k, weight.data, weight.offset, columns, ld, 0, s);
      int width = shape.outWidth();
      int positions = shape.positions();
      for (int i = 0; i < count; i++) {
        int to = y.at((long) (first + i) * shape.outputSize());
        for (int c = 0; c < m; c++) {
          float b = bias == null ? 0 : bias.data[bias.offset + c];
          for (int oh = 0; oh < shape.outHeight(); oh++) {
            int source = c * ld + s.planes.column(oh, i);
            int target = to + c * positions + oh * width;
            for (int ow = 0; ow < width; ow++) {
              y.data[target + ow] = s.product[source + ow] + b;
            }
          }
        }
        if (activation != Activation.IDENTITY) {
          Lanes.activate(activation, y.data, to, y.data, to, m * positions, s.curve);
        }
      }
    }

    @Override
    void release() {
      x = null;
      weight = null;
      bias = null;
      y = null;
    }
  }

  @Override
  protected void doConv(
      ConvShape shape,
      int n,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer y) {
    if (isLinear(shape) && (bias != null || activation == Activation.IDENTITY)) {
      int k = shape.patchSize();
      int m = shape.outChannels();
      if (bias == null) {
        dense.gemm(false, true, n, m, k, 1, x, k, weight, k, 0, y, m);
      } else {
        dense.linearForward(n, k, m, x, weight, bias, activation, y);
      }
      return;
    }
    forward.shape = shape;
    forward.n = n;
    forward.group = groupSize(n, shape.positions());
    forward.x = (SimdBuffer) x;
    forward.weight = (SimdBuffer) weight;
    forward.bias = (SimdBuffer) bias;
    forward.activation = activation;
    forward.y = (SimdBuffer) y;
    forward.over(pool, ceilDiv(n, forward.group), (long) shape.weightSize() * shape.positions());
  }

  /** Over image groups. */
  private final class Adjoint extends Loop {
    private ConvShape shape;
    private int n;
    private int group;
    private int rowFrom;
    private int rows;
    private int columnFrom;
    private int columns;
    private SimdBuffer y;
    private float[] left = new float[0];
    private SimdBuffer bias;
    private Activation activation;
    private SimdBuffer x;

    /**
     * Sets the positions (qh,qw) at which some phase of x has an element: x row = SH·qh + a − PH.
     */
    private void positions() {
      rowFrom = shape.paddingHeight() / shape.strideHeight();
      rows = (shape.height() - 1 + shape.paddingHeight()) / shape.strideHeight() - rowFrom + 1;
      columnFrom = shape.paddingWidth() / shape.strideWidth();
      columns = (shape.width() - 1 + shape.paddingWidth()) / shape.strideWidth() - columnFrom + 1;
    }

    /** Lays the weight out by phases (a,b), each [C,OC·TH·TW], TH = ⌈(KH − a)/SH⌉. */
    private void spreadWeight(SimdBuffer weight) {
      if (left.length < shape.weightSize()) {
        left = new float[shape.weightSize()];
      }
      int kernel = shape.kernelHeight() * shape.kernelWidth();
      int to = 0;
      for (int a = 0; a < shape.strideHeight(); a++) {
        for (int b = 0; b < shape.strideWidth(); b++) {
          for (int c = 0; c < shape.channels(); c++) {
            for (int oc = 0; oc < shape.outChannels(); oc++) {
              int from = weight.offset + (oc * shape.channels() + c) * kernel;
              for (int kh = a; kh < shape.kernelHeight(); kh += shape.strideHeight()) {
                for (int kw = b; kw < shape.kernelWidth(); kw += shape.strideWidth()) {
                  left[to++] = weight.data[from + kh * shape.kernelWidth() + kw];
                }
              }
            }
          }
        }
      }
    }

    @Override
    void range(int from, int to, int worker) {
      for (int g = from; g < to; g++) {
        int first = g * group;
        images(first, Math.min(group, n - first), scratch[worker]);
      }
    }

    private void images(int first, int count, Scratch s) {
      int m = shape.channels();
      int tapsHeight = ceilDiv(shape.kernelHeight(), shape.strideHeight());
      int tapsWidth = ceilDiv(shape.kernelWidth(), shape.strideWidth());
      s.planes.source(shape.outChannels(), shape.outHeight(), shape.outWidth());
      s.planes.window(
          1,
          1,
          tapsHeight - 1 - rowFrom,
          tapsWidth - 1 - columnFrom,
          1,
          1,
          tapsHeight,
          tapsWidth,
          rows,
          columns);
      s.planes.overlap();
      s.planes.fill(y.data, y.at((long) first * shape.outputSize()), count);
      int length = s.planes.columns();
      int ld = roundUp(length, WIDE);
      int phase = roundUp(m, ROWS) * ld;
      s.reserve(shape.strideWidth() * phase, 0, shape.outChannels() * tapsHeight * tapsWidth);
      int leftAt = 0;
      for (int a = 0; a < shape.strideHeight(); a++) {
        int top = ceilDiv(shape.paddingHeight() - a, shape.strideHeight()) - rowFrom;
        int bottom =
            Math.floorDiv(shape.height() - 1 + shape.paddingHeight() - a, shape.strideHeight())
                - rowFrom;
        int inside = Math.max(0, length / rows * (bottom - top + 1));
        for (int b = 0; b < shape.strideWidth(); b++) {
          int k = 0;
          for (int oc = 0; oc < shape.outChannels(); oc++) {
            for (int kh = a, t = 1; kh < shape.kernelHeight(); kh += shape.strideHeight(), t++) {
              for (int kw = b, r = 1; kw < shape.kernelWidth(); kw += shape.strideWidth(), r++) {
                s.offsets[k++] = s.planes.offset(oc, 0, 0, tapsHeight - t + top, tapsWidth - r);
              }
            }
          }
          multiply(m, k, left, leftAt, inside, ld, b * phase, s);
          leftAt += m * k;
        }
        for (int i = 0; i < count; i++) {
          scatter(a, top, bottom, first, i, ld, phase, s);
        }
      }
      if (activation != Activation.IDENTITY) {
        int at = x.at((long) first * shape.inputSize());
        Lanes.activate(activation, x.data, at, x.data, at, count * shape.inputSize(), s.curve);
      }
    }

    /**
     * x = product + bias at the rows of phase a of one image, positions {@code top} to {@code
     * bottom}; columns of phase b follow others.
     */
    private void scatter(
        int a, int top, int bottom, int first, int i, int ld, int phase, Scratch s) {
      int height = shape.height();
      int width = shape.width();
      int image = x.at((long) (first + i) * shape.inputSize());
      for (int c = 0; c < shape.channels(); c++) {
        float shift = bias == null ? 0 : bias.data[bias.offset + c];
        for (int q = top; q <= bottom; q++) {
          int row = shape.strideHeight() * (rowFrom + q) + a - shape.paddingHeight();
          int from = c * ld + s.planes.column(q - top, i);
          row(s.product, from, phase, image + (c * height + row) * width, shift);
        }
      }
    }

    private void row(float[] product, int from, int phase, int to, float shift) {
      int stride = shape.strideWidth();
      int column = stride * columnFrom - shape.paddingWidth();
      if (stride == 2 && column == -1) {
        // columns 0 | 1, 2 | 3, 4 | …: the second phase's first, then pairs
        int pairs = (shape.width() - 1) / 2;
        int second = from + phase;
        x.data[to] = product[second] + shift;
        int at = to + 1;
        for (int j = 1; j <= pairs; j++) {
          x.data[at] = product[from + j] + shift;
          x.data[at + 1] = product[second + j] + shift;
          at += 2;
        }
        if (shape.width() % 2 == 0) {
          x.data[at] = product[from + pairs + 1] + shift;
        }
        return;
      }
      for (int b = 0; b < stride; b++) {
        int skip = Math.max(0, ceilDiv(-column - b, stride));
        int end = Math.min(columns, ceilDiv(shape.width() - column - b, stride));
        for (int j = skip; j < end; j++) {
          x.data[to + column + b + j * stride] = product[from + b * phase + j] + shift;
        }
      }
    }

    @Override
    void release() {
      y = null;
      bias = null;
      x = null;
    }
  }

  @Override
  protected void doAdjoint(
      ConvShape shape,
      int n,
      Buffer y,
      Buffer weight,
      Buffer bias,
      Activation activation,
      Buffer x) {
    if (isLinear(shape)) {
      int k = shape.patchSize();
      int m = shape.outChannels();
      dense.gemm(false, false, n, k, m, 1, y, m, weight, k, 0, x, k);
      if (bias != null) {
        finish.channels = shape.channels();
        finish.positions = shape.height() * shape.width();
        finish.bias = (SimdBuffer) bias;
        finish.activation = activation;
        finish.values = (SimdBuffer) x;
        finish.over(pool, n, 2L * k);
      }
      return;
    }
    adjoint.shape = shape;
    adjoint.n = n;
    adjoint.positions();
    adjoint.group = groupSize(n, adjoint.rows * adjoint.columns);
    adjoint.y = (SimdBuffer) y;
    adjoint.spreadWeight((SimdBuffer) weight);
    adjoint.bias = (SimdBuffer) bias;
    adjoint.activation = activation;
    adjoint.x = (SimdBuffer) x;
    adjoint.over(pool, ceilDiv(n, adjoint.group), (long) shape.weightSize() * shape.positions());
  }

  /** Over images: bias and activation. */
  private final class Finish extends Loop {
    private int channels;
    private int positions;
    private SimdBuffer bias;
    private Activation activation;
    private SimdBuffer values;

    @Override
    void range(int from, int to, int worker) {
      for (int i = from; i < to; i++) {
        int at = values.at((long) i * channels * positions);
        for (int c = 0; c < channels; c++) {
          float b = bias.data[bias.offset + c];
          int base = at + c * positions;
          for (int p = 0; p < positions; p++) {
            values.data[base + p] += b;
          }
        }
        Lanes.activate(
            activation,
            values.data,
            at,
            values.data,
            at,
            channels * positions,
            scratch[worker].curve);
      }
    }

    @Override
    void release() {
      bias = null;
      values = null;
    }
  }

  /** Over parts of the images (or samples), each summed up on its own. */
  private final class WeightGradient extends Loop {
    private ConvShape shape;
    private int n;
    private int parts;
    private int group;
    private SimdBuffer x;
    private SimdBuffer y;
    private SimdBuffer rows;
    private int ld;

    @Override
    void range(int from, int to, int worker) {
      for (int part = from; part < to; part++) {
        int first = (int) ((long) n * part / parts);
        int end = (int) ((long) n * (part + 1) / parts);
        Scratch s = scratch[worker];
        if (rows == null) {
          sum(first, end, slabs[part], s);
        } else {
          s.reserve(productSize(shape), 0, 0);
          sum(first, end, s.product, s);
          transpose(s.product, rows.data, rows.at((long) part * ld));
        }
      }
    }

    /** target [C·KH·KW,OC], padded, = the gradient over the images first..end-1. */
    private void sum(int first, int end, float[] target, Scratch s) {
      int groups = ceilDiv(end - first, group);
      for (int g = 0; g < groups; g++) {
        int from = first + (int) ((long) (end - first) * g / groups);
        int to = first + (int) ((long) (end - first) * (g + 1) / groups);
        add(from, to - from, g == 0, target, s);
      }
    }

    private void add(int first, int count, boolean overwrite, float[] target, Scratch s) {
      int m = shape.patchSize();
      int panels = ceilDiv(shape.outChannels(), COLUMNS);
      int targetLd = panels * COLUMNS;
      convWindow(shape, s.planes);
      s.planes.fill(x.data, x.at((long) first * shape.inputSize()), count);
      int k = s.planes.columns();
      s.reserve(0, panels * k * COLUMNS, m);
      convOffsets(shape, s.planes, s.offsets);
      layAcross(first, count, k, s);
      float[] from = s.planes.values;
      int[] offsets = s.offsets;
      for (int q = 0; q < k; q += BLOCK) {
        int length = Math.min(BLOCK, k - q);
        for (int panel = 0; panel < panels; panel++) {
          for (int row = 0; row < m; row += ROWS) {
            int last = m - 1 - row;
            MicroKernel.tile(
                length,
                from,
                offsets[row] + q,
                offsets[row + Math.min(1, last)] + q,
                offsets[row + Math.min(2, last)] + q,
                offsets[row + Math.min(3, last)] + q,
                offsets[row + Math.min(4, last)] + q,
                offsets[row + Math.min(5, last)] + q,
                s.across,
                (panel * k + q) * COLUMNS,
                target,
                row * targetLd + panel * COLUMNS,
                targetLd,
                1,
                q == 0 && overwrite ? 0 : 1);
          }
        }
      }
    }

    /**
     * y as panels [OC/{@link MicroKernel#COLUMNS}][k][columns], zero at columns that mean nothing.
     */
    private void layAcross(int first, int count, int k, Scratch s) {
      int width = shape.outWidth();
      int positions = shape.positions();
      Arrays.fill(s.across, 0, ceilDiv(shape.outChannels(), COLUMNS) * k * COLUMNS, 0);
      for (int i = 0; i < count; i++) {
        int image = y.at((long) (first + i) * shape.outputSize());
        for (int oh = 0; oh < shape.outHeight(); oh++) {
          for (int c = 0; c < shape.outChannels(); c += COLUMNS) {
            Gemm.transpose(
                y.data,
                image + c * positions + oh * width,
                positions,
                Math.min(COLUMNS, shape.outChannels() - c),
                width,
                s.across,
                (c / COLUMNS * k + s.planes.column(oh, i)) * COLUMNS,
                COLUMNS);
          }
        }
      }
    }

    /** [C·KH·KW,OC], padded, to [OC,C·KH·KW]. */
    private void transpose(float[] source, float[] target, int at) {
      int m = shape.patchSize();
      int sourceLd = roundUp(shape.outChannels(), COLUMNS);
      Gemm.transpose(source, 0, sourceLd, m, shape.outChannels(), target, at, m);
    }

    @Override
    void release() {
      x = null;
      y = null;
      rows = null;
    }
  }

  private static int productSize(ConvShape shape) {
    return roundUp(shape.patchSize(), ROWS) * roundUp(shape.outChannels(), COLUMNS);
  }

  /** Over rows of the transposed weight: the slabs' sum. */
  private final class Reduction extends Loop {
    private ConvShape shape;
    private int parts;
    private boolean accumulate;
    private SimdBuffer target;

    @Override
    void range(int from, int to, int worker) {
      int m = shape.patchSize();
      int ld = roundUp(shape.outChannels(), COLUMNS);
      for (int row = from; row < to; row++) {
        for (int c = 0; c < shape.outChannels(); c++) {
          int at = target.offset + c * m + row;
          float sum = accumulate ? target.data[at] : 0;
          for (int part = 0; part < parts; part++) {
            sum += slabs[part][row * ld + c];
          }
          target.data[at] = sum;
        }
      }
    }

    @Override
    void release() {
      target = null;
    }
  }

  @Override
  protected void doWeightGradient(
      ConvShape shape, int n, Buffer x, Buffer y, Buffer dWeight, boolean accumulate) {
    if (isLinear(shape)) {
      int k = shape.patchSize();
      int m = shape.outChannels();
      dense.gemm(true, false, m, k, n, 1, y, m, x, k, accumulate ? 1 : 0, dWeight, k);
      return;
    }
    int parts = Math.min(n, SLABS);
    int size = productSize(shape);
    if (slabs.length < parts) {
      slabs = Arrays.copyOf(slabs, parts);
    }
    for (int part = 0; part < parts; part++) {
      if (slabs[part] == null || slabs[part].length < size) {
        slabs[part] = new float[size];
      }
    }
    weightGradient(shape, n, parts, x, y, null, 0);
    reduction.shape = shape;
    reduction.parts = parts;
    reduction.accumulate = accumulate;
    reduction.target = (SimdBuffer) dWeight;
    reduction.over(pool, shape.patchSize(), (long) parts * shape.outChannels());
  }

  private void weightGradient(
      ConvShape shape, int n, int parts, Buffer x, Buffer y, Buffer rows, int ld) {
    weightGradient.shape = shape;
    weightGradient.n = n;
    weightGradient.parts = parts;
    weightGradient.group = Math.max(1, GROUP_COLUMNS / shape.positions());
    weightGradient.x = (SimdBuffer) x;
    weightGradient.y = (SimdBuffer) y;
    weightGradient.rows = (SimdBuffer) rows;
    weightGradient.ld = ld;
    weightGradient.over(pool, parts, (long) n / parts * shape.weightSize() * shape.positions());
  }

  @Override
  protected void doWeightGradientRows(
      ConvShape shape, int n, int rank, Buffer x, Buffer y, Buffer rows, int ld) {
    if (isLinear(shape)) {
      int k = shape.patchSize();
      int m = shape.outChannels();
      long strideX = (long) rank * k;
      long strideY = (long) rank * m;
      dense.gemmStridedBatched(
          true, false, m, k, rank, 1, y, m, strideY, x, k, strideX, 0, rows, k, ld, n);
      return;
    }
    weightGradient(shape, n * rank, n, x, y, rows, ld);
  }

  /** Over channels: target[i·ld + at + c] for {@code n} samples of {@code rank} images. */
  private final class ChannelSums extends Loop {
    private int n;
    private int rank;
    private int channels;
    private int positions;
    private boolean accumulate;
    private SimdBuffer values;
    private SimdBuffer target;
    private int at;
    private int ld;

    @Override
    void range(int from, int to, int worker) {
      for (int i = 0; i < n; i++) {
        for (int c = from; c < to; c++) {
          int out = target.at((long) i * ld + at + c);
          double sum = accumulate ? target.data[out] : 0;
          for (int r = 0; r < rank; r++) {
            int image = values.at(((long) (i * rank + r) * channels + c) * positions);
            sum += sum(values.data, image, positions, scratch[worker].lanes);
          }
          target.data[out] = (float) sum;
        }
      }
    }

    @Override
    void release() {
      values = null;
      target = null;
    }
  }

  /** The sum of {@code count} values, blocks of it in double. */
  private static double sum(float[] values, int from, int count, float[] lanes) {
    double sum = 0;
    int i = 0;
    while (i <= count - V) {
      int end = Math.min(count, i + SUM_BLOCK);
      FloatVector partial = FloatVector.zero(Lanes.SPECIES);
      for (; i <= end - V; i += V) {
        partial = partial.add(FloatVector.fromArray(Lanes.SPECIES, values, from + i));
      }
      partial.intoArray(lanes, 0);
      for (float lane : lanes) {
        sum += lane;
      }
    }
    for (; i < count; i++) {
      sum += values[from + i];
    }
    return sum;
  }

  @Override
  protected void doChannelSums(
      int n, int channels, int positions, Buffer values, Buffer sums, boolean accumulate) {
    channelSums(1, n, channels, positions, accumulate, values, sums, 0, 0);
  }

  @Override
  protected void doChannelSumRows(
      int n, int rank, int channels, int positions, Buffer values, Buffer rows, int at, int ld) {
    channelSums(n, rank, channels, positions, false, values, rows, at, ld);
  }

  private void channelSums(
      int n,
      int rank,
      int channels,
      int positions,
      boolean accumulate,
      Buffer values,
      Buffer target,
      int at,
      int ld) {
    channelSums.n = n;
    channelSums.rank = rank;
    channelSums.channels = channels;
    channelSums.positions = positions;
    channelSums.accumulate = accumulate;
    channelSums.values = (SimdBuffer) values;
    channelSums.target = (SimdBuffer) target;
    channelSums.at = at;
    channelSums.ld = ld;
    channelSums.over(pool, channels, (long) n * rank * positions);
  }
}
