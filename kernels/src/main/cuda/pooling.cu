// Pooling and upsampling of planes [N·C,H,W] (latentrace.backend.PoolOps). A thread makes one element of the output, also in
// backward: it gathers from the windows, or from the enlarged image, what reaches its element, in their order.
// Outputs are overwritten.
#include "common.cuh"

// A plane's element.
struct Pixel {
  long long plane;
  int i, j;
};

static __device__ inline Pixel pixelAt(long long at, int height, int width) {
  const long long row = at / width;
  return {row / height, (int)(row % height), (int)(at % width)};
}

// The part of a window, or of the outputs whose windows meet a pixel, that is there: from .. end - 1.
struct Range {
  int from, end;
};

static __device__ inline Range window(int o, int size, int kernel, int stride, int padding) {
  const int at = o * stride - padding;
  return {at < 0 ? 0 : at, at + kernel < size ? at + kernel : size};
}

static __device__ inline Range windowsOver(int i, int outSize, int kernel, int stride,
                                           int padding) {
  const int last = (i + padding) / stride;
  const int before = i + padding - kernel;  // the last place where a window that ends too early begins
  return {before < 0 ? 0 : before / stride + 1, last + 1 < outSize ? last + 1 : outSize};
}

// Where the first maximum of a window is in its plane; NaN is above all.
static __device__ inline int largest(const float* __restrict__ plane, int width, Range high,
                                     Range wide) {
  int best = high.from * width + wide.from;
  float most = plane[best];
  for (int i = high.from; i < high.end; i++) {
    for (int j = wide.from; j < wide.end; j++) {
      const float value = plane[i * width + j];
      if (!(value <= most) && most == most) {  // also NaN after a number
        most = value;
        best = i * width + j;
      }
    }
  }
  return best;
}

// y [planes,OH,OW] = the maxima of x [planes,H,W], places [planes,OH,OW] = where in their planes they are; one of them may be null
// Cost: 20 B, 4 FLOP per output of a 2×2 window.
extern "C" __global__ void max_pool_forward(int planes, int height, int width, int outHeight,
                                            int outWidth, int kernelHeight, int kernelWidth,
                                            int strideHeight, int strideWidth, int paddingHeight,
                                            int paddingWidth, const float* __restrict__ x,
                                            float* __restrict__ y, int* __restrict__ places) {
  GRID_STRIDE(at, (long long)planes * outHeight * outWidth) {
    const Pixel o = pixelAt(at, outHeight, outWidth);
    const float* plane = x + o.plane * height * width;
    const int best = largest(plane, width,
                             window(o.i, height, kernelHeight, strideHeight, paddingHeight),
                             window(o.j, width, kernelWidth, strideWidth, paddingWidth));
    if (y != nullptr) {
      y[at] = plane[best];
    }
    if (places != nullptr) {
      places[at] = best;
    }
  }
}

// dX [planes,H,W] = Σ of dY [planes,OH,OW] where places say that the maximum is here
// Cost: 8 B, 2 FLOP per pixel of a 2×2 window.
extern "C" __global__ void max_pool_backward(int planes, int height, int width, int outHeight,
                                             int outWidth, int kernelHeight, int kernelWidth,
                                             int strideHeight, int strideWidth,
                                             int paddingHeight, int paddingWidth,
                                             const int* __restrict__ places,
                                             const float* __restrict__ dY,
                                             float* __restrict__ dX) {
  GRID_STRIDE(at, (long long)planes * height * width) {
    const Pixel x = pixelAt(at, height, width);
    const Range high = windowsOver(x.i, outHeight, kernelHeight, strideHeight, paddingHeight);
    const Range wide = windowsOver(x.j, outWidth, kernelWidth, strideWidth, paddingWidth);
    const long long plane = x.plane * outHeight * outWidth;
    const int here = x.i * width + x.j;
    double sum = 0.0;
    for (int i = high.from; i < high.end; i++) {
      for (int j = wide.from; j < wide.end; j++) {
        const long long o = plane + i * outWidth + j;
        sum += places[o] == here ? (double)dY[o] : 0.0;
      }
    }
    dX[at] = (float)sum;
  }
}

// y [planes,OH,OW] = Σ of the window in x [planes,H,W] / (KH·KW)
// Cost: 20 B, 5 FLOP per output of a 2×2 window.
extern "C" __global__ void average_pool_forward(int planes, int height, int width, int outHeight,
                                                int outWidth, int kernelHeight, int kernelWidth,
                                                int strideHeight, int strideWidth,
                                                int paddingHeight, int paddingWidth,
                                                const float* __restrict__ x,
                                                float* __restrict__ y) {
  const double area = (double)kernelHeight * kernelWidth;
  GRID_STRIDE(at, (long long)planes * outHeight * outWidth) {
    const Pixel o = pixelAt(at, outHeight, outWidth);
    const Range high = window(o.i, height, kernelHeight, strideHeight, paddingHeight);
    const Range wide = window(o.j, width, kernelWidth, strideWidth, paddingWidth);
    const float* plane = x + o.plane * height * width;
    double sum = 0.0;
    for (int i = high.from; i < high.end; i++) {
      for (int j = wide.from; j < wide.end; j++) {
        sum += plane[i * width + j];
      }
    }
    y[at] = (float)(sum / area);
  }
}

// dX [planes,H,W] = Σ of the dY [planes,OH,OW] whose windows are over it / (KH·KW)
// Cost: 5 B, 2 FLOP per pixel of a 2×2 window.
extern "C" __global__ void average_pool_backward(int planes, int height, int width, int outHeight,
                                                 int outWidth, int kernelHeight, int kernelWidth,
                                                 int strideHeight, int strideWidth,
                                                 int paddingHeight, int paddingWidth,
                                                 const float* __restrict__ dY,
                                                 float* __restrict__ dX) {
  const double area = (double)kernelHeight * kernelWidth;
  GRID_STRIDE(at, (long long)planes * height * width) {
    const Pixel x = pixelAt(at, height, width);
    const Range high = windowsOver(x.i, outHeight, kernelHeight, strideHeight, paddingHeight);
    const Range wide = windowsOver(x.j, outWidth, kernelWidth, strideWidth, paddingWidth);
    const float* plane = dY + x.plane * outHeight * outWidth;
    double sum = 0.0;
    for (int i = high.from; i < high.end; i++) {
      for (int j = wide.from; j < wide.end; j++) {
        sum += plane[i * outWidth + j];
      }
    }
    dX[at] = (float)(sum / area);
  }
}

// latentrace.backend.Upsampling, by its numbers in Codes.java
enum UpsamplingKind { NEAREST, BILINEAR };

// An output is (1 − lambda)·x[lower] + lambda·x[upper] along each axis.
struct Source {
  int lower, upper;
  double lambda;
};

static __device__ inline Source sourceOf(int kind, int o, int size, int outSize) {
  if (kind == NEAREST) {
    const int at = (int)((long long)o * size / outSize);
    return {at, at, 0.0};
  }
  const double s = fmax(0.0, (o + 0.5) * size / outSize - 0.5);
  const int lower = (int)s;
  return {lower, lower + 1 < size ? lower + 1 : lower, s - lower};
}

// What a pixel contributes to an output along an axis.
static __device__ inline double share(int kind, int i, int o, int size, int outSize) {
  const Source s = sourceOf(kind, o, size, outSize);
  return (s.lower == i ? 1.0 - s.lambda : 0.0) + (s.upper == i ? s.lambda : 0.0);
}

// The outputs whose sources may be pixel i: those of (o + ½)·size/outSize − ½ in [i − 1, i + 1].
static __device__ inline Range outputsOf(int i, int size, int outSize) {
  const long long from = (2LL * i - 1) * outSize - size;
  const long long last = ((2LL * i + 3) * outSize - size) / (2LL * size) + 1;
  return {from < 0 ? 0 : (int)(from / (2LL * size)), (int)min(last + 1, (long long)outSize)};
}

// y [planes,OH,OW] from x [planes,H,W]
// Cost: 8 B, 20 FLOP per output twice as high and wide.
extern "C" __global__ void upsample_forward(int kind, int planes, int height, int width,
                                            int outHeight, int outWidth,
                                            const float* __restrict__ x, float* __restrict__ y) {
  GRID_STRIDE(at, (long long)planes * outHeight * outWidth) {
    const Pixel o = pixelAt(at, outHeight, outWidth);
    const Source down = sourceOf(kind, o.i, height, outHeight);
    const Source across = sourceOf(kind, o.j, width, outWidth);
    const float* top = x + (o.plane * height + down.lower) * width;
    const float* bottom = x + (o.plane * height + down.upper) * width;
    const double above =
        (1.0 - across.lambda) * top[across.lower] + across.lambda * top[across.upper];
    const double below =
        (1.0 - across.lambda) * bottom[across.lower] + across.lambda * bottom[across.upper];
    y[at] = (float)((1.0 - down.lambda) * above + down.lambda * below);
  }
}

// dX [planes,H,W] = the transpose, applied to dY [planes,OH,OW]
// Cost: 20 B, 200 FLOP per pixel of an image enlarged twice.
extern "C" __global__ void upsample_backward(int kind, int planes, int height, int width,
                                             int outHeight, int outWidth,
                                             const float* __restrict__ dY,
                                             float* __restrict__ dX) {
  GRID_STRIDE(at, (long long)planes * height * width) {
    const Pixel x = pixelAt(at, height, width);
    const Range high = outputsOf(x.i, height, outHeight);
    const Range wide = outputsOf(x.j, width, outWidth);
    const float* plane = dY + x.plane * outHeight * outWidth;
    double sum = 0.0;
    for (int i = high.from; i < high.end; i++) {
      const double down = share(kind, x.i, i, height, outHeight);
      if (down != 0.0) {
        for (int j = wide.from; j < wide.end; j++) {
          sum += down * share(kind, x.j, j, width, outWidth) * plane[i * outWidth + j];
        }
      }
    }
    dX[at] = (float)sum;
  }
}
