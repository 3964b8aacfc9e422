package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.ConvShape;
import latentrace.backend.PoolOps;
import latentrace.backend.Upsampling;

/** Plane by plane, shared out among the threads; each output in one order of its terms. */
final class SimdPooling extends PoolOps {
  private final WorkerPool pool;
  private final Windows windows = new Windows();
  private final Upsample upsample = new Upsample();

  SimdPooling(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
  }

  private enum Kind {
    MAX_FORWARD,
    MAX_BACKWARD,
    AVERAGE_FORWARD,
    AVERAGE_BACKWARD
  }

  /** Over planes. */
  private static final class Windows extends Loop {
    private Kind kind;
    private ConvShape shape;
    private SimdBuffer x;
    private SimdBuffer y;
    private SimdBuffer dX;

    @Override
    void range(int from, int to, int worker) {
      for (int plane = from; plane < to; plane++) {
        plane(plane);
      }
    }

    private void plane(int plane) {
      int area = shape.height() * shape.width();
      int in = plane * area;
      int out = y.offset + plane * shape.positions();
      if (dX != null) {
        Arrays.fill(dX.data, dX.offset + in, dX.offset + in + area, 0);
      }
      for (int oh = 0; oh < shape.outHeight(); oh++) {
        int top = oh * shape.strideHeight() - shape.paddingHeight();
        int bottom = Math.min(shape.height(), top + shape.kernelHeight());
        top = Math.max(0, top);
        for (int ow = 0; ow < shape.outWidth(); ow++) {
          int left = ow * shape.strideWidth() - shape.paddingWidth();
          int right = Math.min(shape.width(), left + shape.kernelWidth());
          window(in, out++, top, bottom, Math.max(0, left), right);
        }
      }
    }

    private void window(int in, int out, int top, int bottom, int left, int right) {
      switch (kind) {
        case MAX_FORWARD -> y.data[out] = x.data[largest(in, top, bottom, left, right)];
        case MAX_BACKWARD -> {
          int at = largest(in, top, bottom, left, right) - x.offset + dX.offset;
          dX.data[at] += y.data[out];
        }
        case AVERAGE_FORWARD -> {
          float sum = 0;
          for (int i = top; i < bottom; i++) {
            int row = x.offset + in + i * shape.width();
            for (int j = left; j < right; j++) {
              sum += x.data[row + j];
            }
          }
          y.data[out] = sum / (shape.kernelHeight() * shape.kernelWidth());
        }
        case AVERAGE_BACKWARD -> {
          float share = y.data[out] / (shape.kernelHeight() * shape.kernelWidth());
          for (int i = top; i < bottom; i++) {
            int row = dX.offset + in + i * shape.width();
            for (int j = left; j < right; j++) {
              dX.data[row + j] += share;
            }
          }
        }
      }
    }

    /** Where the first maximum of a window stands; NaN is above all. */
    private int largest(int in, int top, int bottom, int left, int right) {
      int best = x.offset + in + top * shape.width() + left;
      for (int i = top; i < bottom; i++) {
        int row = x.offset + in + i * shape.width();
        for (int j = left; j < right; j++) {
          float value = x.data[row + j];
          if (value > x.data[best] || (Float.isNaN(value) && !Float.isNaN(x.data[best]))) {
            best = row + j;
          }
        }
      }
      return best;
    }

    @Override
    void release() {
      x = null;
      y = null;
      dX = null;
    }
  }

  private void pool(Kind kind, ConvShape shape, int n, Buffer x, Buffer y, Buffer dX) {
    windows.kind = kind;
    windows.shape = shape;
    windows.x = (SimdBuffer) x;
    windows.y = (SimdBuffer) y;
    windows.dX = (SimdBuffer) dX;
    windows.over(
        pool,
        n * shape.channels(),
        (long) shape.positions() * shape.kernelHeight() * shape.kernelWidth());
  }

  @Override
  protected void doMaxPoolForward(ConvShape window, int n, Buffer x, Buffer y) {
    pool(Kind.MAX_FORWARD, window, n, x, y, null);
  }

  @Override
  protected void doMaxPoolBackward(ConvShape window, int n, Buffer x, Buffer dY, Buffer dX) {
    pool(Kind.MAX_BACKWARD, window, n, x, dY, dX);
  }

  @Override
  protected void doAveragePoolForward(ConvShape window, int n, Buffer x, Buffer y) {
    pool(Kind.AVERAGE_FORWARD, window, n, x, y, null);
  }

  @Override
  protected void doAveragePoolBackward(ConvShape window, int n, Buffer dY, Buffer dX) {
    pool(Kind.AVERAGE_BACKWARD, window, n, null, dY, dX);
  }

  /** Over planes. */
  private static final class Upsample extends Loop {
    private Upsampling mode;
    private boolean backward;
    private int height;
    private int width;
    private int outHeight;
    private int outWidth;
    private SimdBuffer x;
    private SimdBuffer y;

    @Override
    void range(int from, int to, int worker) {
      for (int plane = from; plane < to; plane++) {
        int in = x.offset + plane * height * width;
        int out = y.offset + plane * outHeight * outWidth;
        if (backward) {
          Arrays.fill(x.data, in, in + height * width, 0);
        }
        for (int oh = 0; oh < outHeight; oh++) {
          float down = (float) mode.lambda(oh, height, outHeight);
          int top = in + mode.lower(oh, height, outHeight) * width;
          int bottom = in + mode.upper(oh, height, outHeight) * width;
          for (int ow = 0; ow < outWidth; ow++) {
            float across = (float) mode.lambda(ow, width, outWidth);
            int left = mode.lower(ow, width, outWidth);
            int right = mode.upper(ow, width, outWidth);
            if (backward) {
              float g = y.data[out++];
              x.data[top + left] += (1 - down) * (1 - across) * g;
              x.data[top + right] += (1 - down) * across * g;
              x.data[bottom + left] += down * (1 - across) * g;
              x.data[bottom + right] += down * across * g;
            } else {
              float upper = (1 - across) * x.data[top + left] + across * x.data[top + right];
              float lower = (1 - across) * x.data[bottom + left] + across * x.data[bottom + right];
              y.data[out++] = (1 - down) * upper + down * lower;
            }
          }
        }
      }
    }

    @Override
    void release() {
      x = null;
      y = null;
    }
  }

  private void upsample(
      Upsampling mode,
      boolean backward,
      int planes,
      int height,
      int width,
      int outHeight,
      int outWidth,
      Buffer x,
      Buffer y) {
    upsample.mode = mode;
    upsample.backward = backward;
    upsample.height = height;
    upsample.width = width;
    upsample.outHeight = outHeight;
    upsample.outWidth = outWidth;
    upsample.x = (SimdBuffer) x;
    upsample.y = (SimdBuffer) y;
    upsample.over(pool, planes, 8L * outHeight * outWidth);
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
    upsample(mode, false, planes, height, width, outHeight, outWidth, x, y);
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
    upsample(mode, true, planes, height, width, outHeight, outWidth, dX, dY);
  }
}
