package latentrace.data;

import java.util.Arrays;
import java.util.List;
import latentrace.backend.PhiloxRandom;

/** Draws strokes as MNIST shows them: 18 to 20.5 pixels large, centred by mass. Not thread-safe. */
final class Pen {
  private static final int WAVES = 3;

  private final int side;
  private final float[] ink;

  Pen(int side) {
    this.side = side;
    this.ink = new float[side * side];
  }

  /**
   * Draws one image in a random hand.
   *
   * @param strokes polylines x, y, x, y, … in a box about 60 wide and 100 high; changed
   * @param pixels overwritten in [offset, offset + side²), 0 background to 255 ink
   */
  void draw(List<double[]> strokes, PhiloxRandom random, byte[] pixels, int offset) {
    double radius = Math.max(0.75, 1.2 + 0.3 * random.nextGaussian());
    double softness = random.nextDouble(0.45, 0.8);
    warp(strokes, random);
    slant(strokes, random);
    place(strokes, random, random.nextDouble(18, 20.5) - 2 * radius);
    Arrays.fill(ink, 0);
    for (double[] stroke : strokes) {
      double phase = random.nextDouble(0, 2 * Math.PI);
      double unevenness = random.nextDouble(0, 0.22);
      for (int k = 0; k + 3 < stroke.length; k += 2) {
        double pressure = 1 + unevenness * StrictMath.sin(phase + 0.2 * k);
        segment(
            stroke[k], stroke[k + 1], stroke[k + 2], stroke[k + 3], radius * pressure, softness);
      }
    }
    double peak = random.nextDouble(0.82, 1.12);
    for (int i = 0; i < ink.length; i++) {
      pixels[offset + i] = (byte) Math.round(255 * Math.min(1, peak * ink[i]));
    }
  }

  /** A smooth elastic distortion: a sum of long sine waves, each moving along one direction. */
  private static void warp(List<double[]> strokes, PhiloxRandom random) {
    double[][] moved = strokes.stream().map(double[]::clone).toArray(double[][]::new);
    for (int wave = 0; wave < WAVES; wave++) {
      double length = random.nextDouble(60, 160);
      double heading = random.nextDouble(0, 2 * Math.PI);
      double phase = random.nextDouble(0, 2 * Math.PI);
      double shiftX = 3.2 * random.nextGaussian();
      double shiftY = 3.2 * random.nextGaussian();
      double kx = 2 * Math.PI / length * StrictMath.cos(heading);
      double ky = 2 * Math.PI / length * StrictMath.sin(heading);
      for (int s = 0; s < moved.length; s++) {
        double[] from = strokes.get(s);
        for (int k = 0; k < from.length; k += 2) {
          double height = StrictMath.sin(kx * from[k] + ky * from[k + 1] + phase);
          moved[s][k] += shiftX * height;
          moved[s][k + 1] += shiftY * height;
        }
      }
    }
    for (int s = 0; s < moved.length; s++) {
      System.arraycopy(moved[s], 0, strokes.get(s), 0, moved[s].length);
    }
  }

  /** A random affine map: width, shear to the right more often than to the left, rotation. */
  private static void slant(List<double[]> strokes, PhiloxRandom random) {
    double width = random.nextDouble(0.75, 1.2);
    double shear = 0.12 + 0.2 * random.nextGaussian();
    double angle = 0.1 * random.nextGaussian();
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    for (double[] stroke : strokes) {
      for (int k = 0; k < stroke.length; k += 2) {
        double x = width * stroke[k] - shear * stroke[k + 1];
        double y = stroke[k + 1];
        stroke[k] = cos * x - sin * y;
        stroke[k + 1] = sin * x + cos * y;
      }
    }
  }

  /**
   * Scales the larger extent to {@code extent} pixels and moves the centre of mass to the middle.
   */
  private void place(List<double[]> strokes, PhiloxRandom random, double extent) {
    double[] min = {Double.MAX_VALUE, Double.MAX_VALUE};
    double[] max = {-Double.MAX_VALUE, -Double.MAX_VALUE};
    double[] moment = new double[2];
    double mass = 0;
    for (double[] stroke : strokes) {
      for (int k = 0; k < stroke.length; k++) {
        min[k & 1] = Math.min(min[k & 1], stroke[k]);
        max[k & 1] = Math.max(max[k & 1], stroke[k]);
      }
      for (int k = 0; k + 3 < stroke.length; k += 2) {
        double dx = stroke[k + 2] - stroke[k];
        double dy = stroke[k + 3] - stroke[k + 1];
        double length = Math.sqrt(dx * dx + dy * dy);
        mass += length;
        moment[0] += length * (stroke[k] + dx / 2);
        moment[1] += length * (stroke[k + 1] + dy / 2);
      }
    }
    double scale = extent / Math.max(max[0] - min[0], max[1] - min[1]);
    for (int axis = 0; axis < 2; axis++) {
      double middle = (side - 1) / 2.0 + 0.5 * random.nextGaussian();
      for (double[] stroke : strokes) {
        for (int k = axis; k < stroke.length; k += 2) {
          stroke[k] = middle + scale * (stroke[k] - moment[axis] / mass);
        }
      }
    }
  }

  /** Inks every pixel by its distance to the segment, with an edge {@code 2·softness} wide. */
  private void segment(double x0, double y0, double x1, double y1, double radius, double softness) {
    double reach = radius + softness;
    int left = (int) Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
    int right = (int) Math.min(side - 1, Math.floor(Math.max(x0, x1) + reach));
    int top = (int) Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
    int bottom = (int) Math.min(side - 1, Math.floor(Math.max(y0, y1) + reach));
    double dx = x1 - x0;
    double dy = y1 - y0;
    double squaredLength = Math.max(dx * dx + dy * dy, 1e-12);
    for (int y = top; y <= bottom; y++) {
      for (int x = left; x <= right; x++) {
        double along = ((x - x0) * dx + (y - y0) * dy) / squaredLength;
        double t = Math.max(0, Math.min(1, along));
        double offX = x - x0 - t * dx;
        double offY = y - y0 - t * dy;
        double distance = Math.sqrt(offX * offX + offY * offY);
        double edge = Math.max(0, Math.min(1, (reach - distance) / (2 * softness)));
        float value = (float) (edge * edge * (3 - 2 * edge));
        ink[y * side + x] = Math.max(ink[y * side + x], value);
      }
    }
  }
}
