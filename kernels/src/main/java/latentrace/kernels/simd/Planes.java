package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * A copy of some images that makes a convolution of any stride and padding one of stride 1 without
 * padding, whose operands are all contiguous. Each phase (a,b) of the stride is a plane of its own:
 * element (u,v) is x[u·SH + a − top, v·SW + b − left], zero outside the image. Planes lie as
 * [C,SH,SW,rows,images,width], rows of the images side by side, so that the values under one
 * element of the kernel at all positions (oh,image,ow) are one run of {@link #columns} elements, of
 * which those with ow beyond the output's width mean nothing.
 */
final class Planes {
  private static final int V = Lanes.COUNT;

  /** Every second lane, twice. */
  private static final VectorShuffle<Float> EVEN =
      VectorShuffle.fromOp(Lanes.SPECIES, i -> 2 * (i % (V / 2)));

  private static final VectorMask<Float> UPPER = VectorMask.fromLong(Lanes.SPECIES, -1L << (V / 2));

  private int channels;
  private int height;
  private int width;
  private int strideHeight;
  private int strideWidth;
  private int top;
  private int left;
  private int phaseRows;
  private int phaseColumns;
  private int outHeight;
  private int rowLength;
  private int planeRows;
  private int images;
  float[] values = new float[0];

  /**
   * Sets the geometry of the source.
   *
   * @param sourceChannels C
   * @param sourceHeight rows of an image
   * @param sourceWidth columns of an image
   */
  void source(int sourceChannels, int sourceHeight, int sourceWidth) {
    channels = sourceChannels;
    height = sourceHeight;
    width = sourceWidth;
  }

  /**
   * Sets the geometry of the planes: {@code taps} kernel elements per axis and phase over {@code
   * out} positions.
   */
  void window(
      int sh,
      int sw,
      int paddingTop,
      int paddingLeft,
      int rows,
      int columns,
      int tapsHeight,
      int tapsWidth,
      int outRows,
      int outColumns) {
    strideHeight = sh;
    strideWidth = sw;
    top = paddingTop;
    left = paddingLeft;
    phaseRows = rows;
    phaseColumns = columns;
    outHeight = outRows;
    rowLength = outColumns + tapsWidth - 1;
    planeRows = outRows + tapsHeight - 1;
  }

  /** Elements of a run, meaningless ones included. */
  int columns() {
    return outHeight * images * rowLength;
  }

  /** Where position (oh,image,0) stands in a run. */
  int column(int oh, int image) {
    return (oh * images + image) * rowLength;
  }

  /** Where the run of a kernel's element begins: channel, phase and tap within the phase. */
  int offset(int channel, int phaseRow, int phaseColumn, int tapRow, int tapColumn) {
    int plane = (channel * strideHeight + phaseRow) * strideWidth + phaseColumn;
    return (plane * planeRows + tapRow) * images * rowLength + tapColumn;
  }

  /** Copies {@code count} images that follow each other in {@code x}. */
  void fill(float[] x, int at, int count) {
    images = count;
    int size = offset(channels, 0, 0, 0, 0);
    int slack = 2 * V + rowLength;
    if (values.length < size + slack) {
      values = new float[size + slack];
    }
    Arrays.fill(values, size, size + slack, 0);
    for (int c = 0; c < channels; c++) {
      for (int a = 0; a < phaseRows; a++) {
        for (int u = 0; u < planeRows; u++) {
          int row = u * strideHeight + a - top;
          for (int i = 0; i < count; i++) {
            int source = at + ((i * channels + c) * height + row) * width;
            for (int b = 0; b < phaseColumns; b++) {
              int to = offset(c, a, b, u, 0) + i * rowLength;
              if (row < 0 || row >= height) {
                Arrays.fill(values, to, to + rowLength, 0);
              } else {
                row(x, source, b, to);
              }
            }
          }
        }
      }
    }
  }

  /** One row of one phase from one row of the image. */
  private void row(float[] x, int source, int phase, int to) {
    int shift = phase - left;
    int first = Math.min(rowLength, Math.max(0, -Math.floorDiv(shift, strideWidth)));
    int end =
        Math.max(first, Math.min(rowLength, Math.floorDiv(width - 1 - shift, strideWidth) + 1));
    Arrays.fill(values, to, to + first, 0);
    int from = source + first * strideWidth + shift;
    if (strideWidth == 1) {
      System.arraycopy(x, from, values, to + first, end - first);
    } else if (strideWidth == 2) {
      everySecond(x, from, values, to + first, end - first);
    } else {
      for (int v = first; v < end; v++) {
        values[to + v] = x[source + v * strideWidth + shift];
      }
    }
    Arrays.fill(values, to + end, to + rowLength, 0);
  }

  /** to[i] = x[from + 2i]. */
  private static void everySecond(float[] x, int from, float[] to, int toAt, int count) {
    int i = 0;
    // one lane more may be read than is used
    for (; i <= count - V && from + 2 * (i + V) <= x.length; i += V) {
      FloatVector low = FloatVector.fromArray(Lanes.SPECIES, x, from + 2 * i).rearrange(EVEN);
      FloatVector high = FloatVector.fromArray(Lanes.SPECIES, x, from + 2 * i + V).rearrange(EVEN);
      low.blend(high, UPPER).intoArray(to, toAt + i);
    }
    for (; i < count; i++) {
      to[toAt + i] = x[from + 2 * i];
    }
  }
}
