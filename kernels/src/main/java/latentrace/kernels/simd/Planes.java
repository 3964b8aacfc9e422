package latentrace.kernels.simd;

import java.util.Arrays;

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
  private int outWidth;
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
    outWidth = outColumns;
    rowLength = outColumns + tapsWidth - 1;
    planeRows = outRows + tapsHeight - 1;
  }

  /**
   * Shortens the rows of a window of stride 1: what is read beyond a row's end is the zeros that
   * the next begins with.
   */
  void overlap() {
    int zeros = Math.max(0, left);
    int end = Math.min(zeros + width - Math.max(0, -left), rowLength);
    rowLength = Math.max(Math.max(end, outWidth), rowLength - zeros);
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
    int slack = 4 * V + rowLength;
    if (values.length < size + slack) {
      values = new float[size + slack];
    }
    Arrays.fill(values, size, size + slack, 0);
    int run = count * rowLength;
    int plane = planeRows * run;
    for (int c = 0; c < channels; c++) {
      for (int a = 0; a < phaseRows; a++) {
        for (int u = 0; u < planeRows; u++) {
          int row = u * strideHeight + a - top;
          int to = offset(c, a, 0, u, 0);
          if (row < 0 || row >= height) {
            for (int b = 0; b < phaseColumns; b++) {
              Arrays.fill(values, to + b * plane, to + b * plane + run, 0);
            }
          } else {
            int source = at + (c * height + row) * width;
            int stride = channels * height * width;
            if (strideWidth == 1) {
              whole(x, source, stride, to);
            } else if (strideWidth == 2 && phaseColumns == 2) {
              halves(x, source, stride, to, plane);
            } else {
              phases(x, source, stride, to, plane);
            }
          }
        }
      }
    }
  }

  /** A row of each image, {@code stride} apart in {@code x}, as it is. */
  private void whole(float[] x, int source, int stride, int to) {
    int skip = Math.max(0, left);
    int from = Math.max(0, -left);
    int count = Math.min(width - from, rowLength - skip);
    for (int i = 0; i < images; i++) {
      int row = to + i * rowLength;
      zero(row, row + skip);
      System.arraycopy(x, source + i * stride + from, values, row + skip, count);
      zero(row + skip + count, row + rowLength);
    }
  }

  /** A row of each image, its even and its odd columns. */
  private void halves(float[] x, int source, int stride, int to, int plane) {
    int even = to + left % 2 * plane;
    int odd = to + (1 - left % 2) * plane;
    int evenSkip = left / 2;
    int oddSkip = (left + 1) / 2;
    int evens = Math.min((width + 1) / 2, rowLength - evenSkip);
    int odds = Math.min(width / 2, rowLength - oddSkip);
    for (int i = 0; i < images; i++) {
      zero(even, even + evenSkip);
      zero(odd, odd + oddSkip);
      split(x, source, values, even + evenSkip, evens, odd + oddSkip, odds);
      zero(even + evenSkip + evens, even + rowLength);
      zero(odd + oddSkip + odds, odd + rowLength);
      source += stride;
      even += rowLength;
      odd += rowLength;
    }
  }

  /** to[evenAt + i] = x[from + 2i], to[oddAt + i] = x[from + 2i + 1]. */
  private static void split(
      float[] x, int from, float[] to, int evenAt, int evens, int oddAt, int odds) {
    int both = Math.min(evens, odds);
    int source = from;
    for (int i = 0; i < both; i++) {
      to[evenAt + i] = x[source];
      to[oddAt + i] = x[source + 1];
      source += 2;
    }
    if (evens > both) {
      to[evenAt + both] = x[source];
    }
  }

  /** A row of each image, all phases of any stride. */
  private void phases(float[] x, int source, int stride, int to, int plane) {
    for (int b = 0; b < phaseColumns; b++) {
      for (int i = 0; i < images; i++) {
        int row = to + b * plane + i * rowLength;
        for (int v = 0; v < rowLength; v++) {
          int column = v * strideWidth + b - left;
          boolean inside = column >= 0 && column < width;
          values[row + v] = inside ? x[source + i * stride + column] : 0;
        }
      }
    }
  }

  private void zero(int from, int to) {
    for (int v = from; v < to; v++) {
      values[v] = 0;
    }
  }
}
