package latentrace.reference;

import latentrace.backend.Activation;
import latentrace.backend.Buffer;
import latentrace.backend.ConvOps;
import latentrace.backend.ConvShape;

/** Image by image: the patches as columns [C·KH·KW,OH·OW], then a matrix product. */
final class EjmlConvolutions extends ConvOps {
  private final EjmlBackend owner;
  private final EjmlDense dense;
  private EjmlBuffer scratch;

  EjmlConvolutions(EjmlBackend owner, EjmlDense dense) {
    super(owner);
    this.owner = owner;
    this.dense = dense;
  }

  /** Memory for the patches of one image. */
  private EjmlBuffer patches(ConvShape shape) {
    long needed = (long) shape.patchSize() * shape.positions();
    if (scratch == null || scratch.length() < needed) {
      scratch = (EjmlBuffer) owner.allocate(needed);
    }
    return scratch;
  }

  /** What is done with an element of x and its place in the patches. */
  private interface Meeting {
    void at(int x, int patch);
  }

  /**
   * Every pair (element of an image x, element of its patches) that are one; the rest is padding.
   */
  private static void pairs(ConvShape s, Meeting meeting) {
    int row = 0;
    for (int c = 0; c < s.channels(); c++) {
      for (int kh = 0; kh < s.kernelHeight(); kh++) {
        for (int kw = 0; kw < s.kernelWidth(); kw++) {
          for (int oh = 0; oh < s.outHeight(); oh++) {
            int i = oh * s.strideHeight() - s.paddingHeight() + kh;
            for (int ow = 0; ow < s.outWidth(); ow++) {
              int j = ow * s.strideWidth() - s.paddingWidth() + kw;
              if (i >= 0 && i < s.height() && j >= 0 && j < s.width()) {
                meeting.at(
                    (c * s.height() + i) * s.width() + j,
                    row * s.positions() + oh * s.outWidth() + ow);
              }
            }
          }
          row++;
        }
      }
    }
  }

  private EjmlBuffer patchesOf(ConvShape shape, EjmlBuffer x, int image) {
    EjmlBuffer patches = patches(shape);
    patches.fill(0);
    int base = x.offset + image * shape.inputSize();
    pairs(shape, (at, patch) -> patches.data[patch] = x.data[base + at]);
    return patches;
  }

  /** values[c,p] = f(values[c,p] + bias[c]) for one image. */
  private static void finish(
      EjmlBuffer values, int from, int channels, int positions, Buffer bias, Activation f) {
    EjmlBuffer shift = (EjmlBuffer) bias;
    for (int c = 0; c < channels; c++) {
      double b = shift == null ? 0 : shift.data[shift.offset + c];
      for (int p = 0; p < positions; p++) {
        int at = values.offset + from + c * positions + p;
        values.data[at] = f.value(values.data[at] + b);
      }
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
    int m = shape.outChannels();
    int p = shape.positions();
    int k = shape.patchSize();
    for (int i = 0; i < n; i++) {
      EjmlBuffer patches = patchesOf(shape, (EjmlBuffer) x, i);
      Buffer image = y.slice((long) i * shape.outputSize(), shape.outputSize());
      dense.gemm(false, false, m, p, k, 1, weight, k, patches, p, 0, image, p);
      finish((EjmlBuffer) image, 0, m, p, bias, activation);
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
    EjmlBuffer to = (EjmlBuffer) x;
    EjmlBuffer patches = patches(shape);
    int m = shape.outChannels();
    int p = shape.positions();
    int k = shape.patchSize();
    to.slice(0, (long) n * shape.inputSize()).fill(0);
    for (int i = 0; i < n; i++) {
      Buffer image = y.slice((long) i * shape.outputSize(), shape.outputSize());
      dense.gemm(true, false, k, p, m, 1, weight, k, image, p, 0, patches, p);
      int base = to.offset + i * shape.inputSize();
      pairs(shape, (at, patch) -> to.data[base + at] += patches.data[patch]);
      int plane = shape.height() * shape.width();
      finish(to, i * shape.inputSize(), shape.channels(), plane, bias, activation);
    }
  }

  @Override
  protected void doWeightGradient(
      ConvShape shape, int n, Buffer x, Buffer y, Buffer dWeight, boolean accumulate) {
    int m = shape.outChannels();
    int p = shape.positions();
    int k = shape.patchSize();
    for (int i = 0; i < n; i++) {
      EjmlBuffer patches = patchesOf(shape, (EjmlBuffer) x, i);
      Buffer image = y.slice((long) i * shape.outputSize(), shape.outputSize());
      double beta = accumulate || i > 0 ? 1 : 0;
      dense.gemm(false, true, m, k, p, 1, image, p, patches, p, beta, dWeight, k);
    }
  }

  @Override
  protected void doWeightGradientRows(
      ConvShape shape, int n, int rank, Buffer x, Buffer y, Buffer rows, int ld) {
    long inputs = (long) rank * shape.inputSize();
    long outputs = (long) rank * shape.outputSize();
    for (int i = 0; i < n; i++) {
      doWeightGradient(
          shape,
          rank,
          x.slice(i * inputs, inputs),
          y.slice(i * outputs, outputs),
          rows.slice((long) i * ld, shape.weightSize()),
          false);
    }
  }

  @Override
  protected void doChannelSums(
      int n, int channels, int positions, Buffer values, Buffer sums, boolean accumulate) {
    EjmlBuffer from = (EjmlBuffer) values;
    EjmlBuffer to = (EjmlBuffer) sums;
    for (int c = 0; c < channels; c++) {
      double sum = accumulate ? to.data[to.offset + c] : 0;
      for (int i = 0; i < n; i++) {
        for (int p = 0; p < positions; p++) {
          sum += from.data[from.offset + (i * channels + c) * positions + p];
        }
      }
      to.data[to.offset + c] = sum;
    }
  }

  @Override
  protected void doChannelSumRows(
      int n, int rank, int channels, int positions, Buffer values, Buffer rows, int at, int ld) {
    long size = (long) rank * channels * positions;
    for (int i = 0; i < n; i++) {
      Buffer sample = values.slice(i * size, size);
      doChannelSums(
          rank, channels, positions, sample, rows.slice((long) i * ld + at, channels), false);
    }
  }
}
