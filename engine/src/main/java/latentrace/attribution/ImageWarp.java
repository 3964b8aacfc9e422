package latentrace.attribution;

import java.util.Arrays;

/**
 * A linear change of an image: smoothed by a Gaussian, then turned and moved, with its adjoint.
 * What comes in from outside is 0. Buffers are its own: not for several threads.
 */
final class ImageWarp {
  private final int channels;
  private final int height;
  private final int width;
  private final float[] kernel;
  private final float[] lines;
  private final float[] smooth;
  private double cosine = 1;
  private double sine;
  private double down;
  private double right;

  /**
   * No turn and no move at first.
   *
   * @param blur standard deviation of the Gaussian in pixels, cut off at three; 0 for none
   */
  ImageWarp(int channels, int height, int width, double blur) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.kernel = gaussian(blur);
    this.lines = new float[channels * height * width];
    this.smooth = new float[lines.length];
  }

  private static float[] gaussian(double sigma) {
    int reach = (int) Math.ceil(3 * sigma);
    float[] weights = new float[2 * reach + 1];
    double sum = 0;
    for (int k = -reach; k <= reach; k++) {
      sum += k == 0 ? 1 : Math.exp(-k * k / (2 * sigma * sigma));
    }
    for (int k = -reach; k <= reach; k++) {
      weights[k + reach] = (float) ((k == 0 ? 1 : Math.exp(-k * k / (2 * sigma * sigma))) / sum);
    }
    return weights;
  }

  /** Sets the turn about the centre, in radians, and the move in pixels. */
  void set(double angle, double moveDown, double moveRight) {
    cosine = Math.cos(angle);
    sine = Math.sin(angle);
    down = moveDown;
    right = moveRight;
  }

  /** y = Wx; x and y [C,H,W], y overwritten. */
  void forward(float[] x, float[] y) {
    smooth(x, smooth);
    Arrays.fill(y, 0);
    sample((from, to, weight) -> y[to] += weight * smooth[from]);
  }

  /** dx = Wᵀdy; dx overwritten. */
  void backward(float[] dy, float[] dx) {
    Arrays.fill(smooth, 0);
    sample((from, to, weight) -> smooth[from] += weight * dy[to]);
    smooth(smooth.clone(), dx); // symmetric: its own adjoint
  }

  private interface Tap {
    void accept(int from, int to, float weight);
  }

  /** Every weight of the bilinear sampling. */
  private void sample(Tap tap) {
    double middleRow = (height - 1) / 2.0;
    double middleColumn = (width - 1) / 2.0;
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        double r = row - middleRow - down;
        double c = column - middleColumn - right;
        double fromRow = cosine * r - sine * c + middleRow;
        double fromColumn = sine * r + cosine * c + middleColumn;
        int top = (int) Math.floor(fromRow);
        int left = (int) Math.floor(fromColumn);
        for (int corner = 0; corner < 4; corner++) {
          int i = top + corner / 2;
          int j = left + corner % 2;
          if (i >= 0 && i < height && j >= 0 && j < width) {
            double weight = (1 - Math.abs(fromRow - i)) * (1 - Math.abs(fromColumn - j));
            for (int k = 0; k < channels; k++) {
              int plane = k * height * width;
              tap.accept(plane + i * width + j, plane + row * width + column, (float) weight);
            }
          }
        }
      }
    }
  }

  private void smooth(float[] x, float[] y) {
    convolve(x, lines, width, 1, height);
    convolve(lines, y, height, width, width);
  }

  /**
   * Along one axis.
   *
   * @param length of a line
   * @param step between its elements
   * @param count lines in a plane
   */
  private void convolve(float[] x, float[] y, int length, int step, int count) {
    int reach = kernel.length / 2;
    int across = step == 1 ? width : 1;
    for (int line = 0; line < channels * count; line++) {
      int start = line / count * height * width + line % count * across;
      for (int t = 0; t < length; t++) {
        float sum = 0;
        for (int k = Math.max(0, t - reach); k <= Math.min(length - 1, t + reach); k++) {
          sum += kernel[k - t + reach] * x[start + k * step];
        }
        y[start + t * step] = sum;
      }
    }
  }
}
