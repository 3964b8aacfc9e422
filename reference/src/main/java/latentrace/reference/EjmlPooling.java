package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.backend.PoolOps;
import latentrace.backend.Upsampling;

/** Plane by plane, output by output. */
final class EjmlPooling extends PoolOps {
  EjmlPooling(Backend owner) {
    super(owner);
  }

  /** What is done with one output and the part of its window that lies inside the image. */
  private interface Window {
    void at(int plane, int y, int top, int bottom, int left, int right);
  }

  /** Every output with its window's rows top..bottom-1 and columns left..right-1. */
  private static void windows(ConvShape s, int n, Window window) {
    for (int plane = 0; plane < n * s.channels(); plane++) {
      for (int oh = 0; oh < s.outHeight(); oh++) {
        int top = oh * s.strideHeight() - s.paddingHeight();
        for (int ow = 0; ow < s.outWidth(); ow++) {
          int left = ow * s.strideWidth() - s.paddingWidth();
          window.at(
              plane * s.height() * s.width(),
              (plane * s.outHeight() + oh) * s.outWidth() + ow,
              Math.max(0, top),
              Math.min(s.height(), top + s.kernelHeight()),
              Math.max(0, left),
              Math.min(s.width(), left + s.kernelWidth()));
        }
      }
    }
  }

  /** Where the first maximum of a window stands; NaN is above all. */
  private static int largest(
      ConvShape s, EjmlBuffer x, int plane, int top, int bottom, int left, int right) {
    int best = -1;
    for (int i = top; i < bottom; i++) {
      for (int j = left; j < right; j++) {
        int at = x.offset + plane + i * s.width() + j;
        if (best < 0
            || x.data[at] > x.data[best]
            || (Double.isNaN(x.data[at]) && !Double.isNaN(x.data[best]))) {
          best = at;
        }
      }
    }
    return best;
  }

  @Override
  protected void doMaxPoolForward(ConvShape shape, int n, Buffer x, Buffer y) {
    EjmlBuffer from = (EjmlBuffer) x;
    EjmlBuffer to = (EjmlBuffer) y;
    windows(
        shape,
        n,
        (plane, out, top, bottom, left, right) ->
            to.data[to.offset + out] =
                from.data[largest(shape, from, plane, top, bottom, left, right)]);
  }

  @Override
  protected void doMaxPoolBackward(ConvShape shape, int n, Buffer x, Buffer dY, Buffer dX) {
    EjmlBuffer values = (EjmlBuffer) x;
    EjmlBuffer from = (EjmlBuffer) dY;
    EjmlBuffer to = (EjmlBuffer) dX;
    to.slice(0, (long) n * shape.inputSize()).fill(0);
    windows(
        shape,
        n,
        (plane, out, top, bottom, left, right) -> {
          int at = largest(shape, values, plane, top, bottom, left, right) - values.offset;
          to.data[to.offset + at] += from.data[from.offset + out];
        });
  }

  @Override
  protected void doAveragePoolForward(ConvShape shape, int n, Buffer x, Buffer y) {
    EjmlBuffer from = (EjmlBuffer) x;
    EjmlBuffer to = (EjmlBuffer) y;
    double area = shape.kernelHeight() * shape.kernelWidth();
    windows(
        shape,
        n,
        (plane, out, top, bottom, left, right) -> {
          double sum = 0;
          for (int i = top; i < bottom; i++) {
            for (int j = left; j < right; j++) {
              sum += from.data[from.offset + plane + i * shape.width() + j];
            }
          }
          to.data[to.offset + out] = sum / area;
        });
  }

  @Override
  protected void doAveragePoolBackward(ConvShape shape, int n, Buffer dY, Buffer dX) {
    EjmlBuffer from = (EjmlBuffer) dY;
    EjmlBuffer to = (EjmlBuffer) dX;
    double area = shape.kernelHeight() * shape.kernelWidth();
    to.slice(0, (long) n * shape.inputSize()).fill(0);
    windows(
        shape,
        n,
        (plane, out, top, bottom, left, right) -> {
          for (int i = top; i < bottom; i++) {
            for (int j = left; j < right; j++) {
              to.data[to.offset + plane + i * shape.width() + j] +=
                  from.data[from.offset + out] / area;
            }
          }
        });
  }

  /** What is done with an output, one of its sources and that source's weight. */
  private interface Source {
    void at(int y, int x, double weight);
  }

  private static void sources(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Source source) {
    for (int plane = 0; plane < planes; plane++) {
      for (int oh = 0; oh < outHeight; oh++) {
        double down = mode.lambda(oh, height, outHeight);
        int top = (plane * height + mode.lower(oh, height, outHeight)) * width;
        int bottom = (plane * height + mode.upper(oh, height, outHeight)) * width;
        for (int ow = 0; ow < outWidth; ow++) {
          double across = mode.lambda(ow, width, outWidth);
          int left = mode.lower(ow, width, outWidth);
          int right = mode.upper(ow, width, outWidth);
          int y = (plane * outHeight + oh) * outWidth + ow;
          source.at(y, top + left, (1 - down) * (1 - across));
          source.at(y, top + right, (1 - down) * across);
          source.at(y, bottom + left, down * (1 - across));
          source.at(y, bottom + right, down * across);
        }
      }
    }
  }

  @Override
  protected void doUpsampleForward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer x,
      Buffer y) {
    EjmlBuffer from = (EjmlBuffer) x;
    EjmlBuffer to = (EjmlBuffer) y;
    to.slice(0, (long) planes * outHeight * outWidth).fill(0);
    sources(
        mode,
        planes,
        height,
        width,
        outHeight,
        outWidth,
        (out, in, weight) -> to.data[to.offset + out] += weight * from.data[from.offset + in]);
  }

  @Override
  protected void doUpsampleBackward(
      Upsampling mode,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer dY,
      Buffer dX) {
    EjmlBuffer from = (EjmlBuffer) dY;
    EjmlBuffer to = (EjmlBuffer) dX;
    to.slice(0, (long) planes * height * width).fill(0);
    sources(
        mode,
        planes,
        height,
        width,
        outHeight,
        outWidth,
        (out, in, weight) -> to.data[to.offset + in] += weight * from.data[from.offset + out]);
  }
}
