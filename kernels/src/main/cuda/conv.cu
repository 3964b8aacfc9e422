// Convolutions (latentrace.backend.ConvOps) as matrix products of which one factor is gathered from images while it is
// loaded: nothing is unfolded in memory, nothing is scattered.
//
//   W:  y [N,OC,OH,OW] = f(Σ_{c,kh,kw} weight [OC,C,KH,KW] · x [N,C,H,W] at (oh·SH−PH+kh, ow·SW−PW+kw) + bias)
//   Wᵀ: x = f(Σ_{oc,kh,kw} weight · y at ((i+PH−kh)/SH, (j+PW−kw)/SW) where these are whole + bias): the pixels (i,j) with
//       one remainder of (i+PH, j+PW) by the strides, a phase, meet every SH-th row and SW-th column of the kernel, so that each
//       phase is a convolution of stride 1 by a part of the kernel; a tile lies in one phase
//   gradient at the weight: Σ_{n,oh,ow} y·x, the sum being the long side, over groups of images
//
// A block of TILE_THREADS makes a tile of the product, every thread a part of it in registers. DEPTH terms at a time are
// fetched into registers while those before are multiplied out of shared memory, which holds two steps: one barrier a step.
// A thread adds up its sums in the order of the terms, so that results are a function of the arguments alone.
// Outputs are overwritten. An image has fewer than 2³¹ elements (ConvShape), all images together may have more.
// Costs count what the tiles load; what neighbouring tiles share comes from the L2 cache.
#include "activation.cuh"
#include "common.cuh"

// Threads of a block that makes a tile: Launcher.TILE_THREADS.
constexpr int TILE_THREADS = 256;
// Terms of the sum in a step.
constexpr int DEPTH = 16;
// Positions after which the gradient at a weight is added to memory, so that long sums do not lose their small terms.
constexpr int CHUNK = 1024;

// A tile ROWS×COLUMNS. Thread t has the rows t / ACROSS · HIGH + 0..HIGH-1, all lanes of a warp the same ones, and the columns
// t % ACROSS + 0, ACROSS, .., neighbouring lanes neighbouring ones.
template <int ROWS_, int COLUMNS_, int HIGH_, int WIDE_>
struct Tile {
  static constexpr int ROWS = ROWS_;
  static constexpr int COLUMNS = COLUMNS_;
  static constexpr int HIGH = HIGH_;
  static constexpr int WIDE = WIDE_;
  static constexpr int ACROSS = COLUMNS / WIDE;
  static constexpr int LEFT = (DEPTH * ROWS + TILE_THREADS - 1) / TILE_THREADS;
  static constexpr int RIGHT = DEPTH * COLUMNS / TILE_THREADS;
  static_assert(ROWS / HIGH * ACROSS == TILE_THREADS, "a part for each thread");

  // Two steps of both factors. Rows are padded to spread what is stored down a column over the banks.
  struct Shared {
    float left[2][DEPTH][ROWS + 4];
    float right[2][DEPTH][COLUMNS + 4];
  };

  static __device__ int firstRow() { return (int)threadIdx.x / ACROSS * HIGH; }
  static __device__ int firstColumn() { return (int)threadIdx.x % ACROSS; }

  // sums += leftᵀ·right of one step
  static __device__ void multiply(const Shared& shared, int step, float (&sums)[HIGH][WIDE]) {
    const int row = firstRow();
    const int column = firstColumn();
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
      float a[HIGH];
      float b[WIDE];
      for (int i = 0; i < HIGH; i++) {
        a[i] = shared.left[step][k][row + i];
      }
      for (int j = 0; j < WIDE; j++) {
        b[j] = shared.right[step][k][column + j * ACROSS];
      }
      for (int i = 0; i < HIGH; i++) {
        for (int j = 0; j < WIDE; j++) {
          sums[i][j] = fmaf(a[i], b[j], sums[i][j]);
        }
      }
    }
  }
};

// Many output channels, and few: the first halves what is gathered, the second wastes fewer rows.
using WideTile = Tile<64, 128, 8, 4>;
using NarrowTile = Tile<16, 256, 8, 2>;
using GradientTile = Tile<32, 128, 4, 4>;

// to = f(weight·gathered + bias): row m of an image is its channel, column (r,s) one of its positions, term (c,u,v) a tap.
struct Gathered {
  int rows;
  int channels, high, wide;                            // terms
  int columnsHigh, columnsWide;                        // columns of an image
  int fromHeight, fromWidth;                           // read at row r·fromStepHigh + fromHigh + direction·u, ..
  int fromStepHigh, fromStepWide, fromHigh, fromWide;  //
  int direction;                                       //
  int toHeight, toWidth;                               // written at row r·toStepHigh + toHigh, ..
  int toStepHigh, toStepWide, toHigh, toWide;          //
  int weightRow, weightChannel, weightHigh, weightWide, weightAt;
};

// One position of one image.
struct Column {
  long long image;
  int r, s;
};

static __device__ inline Column columnAt(const Gathered& g, long long column) {
  const long long positions = (long long)g.columnsHigh * g.columnsWide;
  const long long image = column / positions;
  const int position = (int)(column - image * positions);
  return {image, position / g.columnsWide, position % g.columnsWide};
}

// The tile with its first row and column there.
template <class T>
static __device__ inline void product(const Gathered& g, int n, int row0, long long column0,
                                      const float* __restrict__ from,
                                      const float* __restrict__ weight,
                                      const float* __restrict__ bias, int kind,
                                      float* __restrict__ to, typename T::Shared& shared) {
  const int t = threadIdx.x;
  const long long columns = (long long)n * g.columnsHigh * g.columnsWide;
  const int taps = g.high * g.wide;
  const int terms = g.channels * taps;
  // what this thread fetches of the left factor: term leftK and rows leftRow, leftRow + TILE_THREADS / DEPTH, ..
  const int leftK = t % DEPTH;
  const int leftRow = t / DEPTH;
  // and of the right one: RIGHT terms of one column
  const int rightColumn = t % T::COLUMNS;
  const int rightK = t / T::COLUMNS * T::RIGHT;
  const bool inside = column0 + rightColumn < columns;
  const Column source = columnAt(g, inside ? column0 + rightColumn : 0);
  const float* image = from + source.image * g.channels * g.fromHeight * g.fromWidth;
  const int fromI = source.r * g.fromStepHigh + g.fromHigh;
  const int fromJ = source.s * g.fromStepWide + g.fromWide;
  float left[T::LEFT];
  float right[T::RIGHT];
  float sums[T::HIGH][T::WIDE] = {};

  auto fetch = [&](int k0) {
    const int k = k0 + leftK;
    const int tap = k % taps;
    const long long at = g.weightAt + (long long)(k / taps) * g.weightChannel +
                         tap / g.wide * g.weightHigh + tap % g.wide * g.weightWide;
    for (int l = 0; l < T::LEFT; l++) {
      const int row = row0 + leftRow + l * (TILE_THREADS / DEPTH);
      left[l] = k < terms && row < g.rows ? weight[at + (long long)row * g.weightRow] : 0.0f;
    }
    int term = k0 + rightK;
    int channel = term / taps;
    int u = term % taps / g.wide;
    int v = term % taps % g.wide;
    for (int l = 0; l < T::RIGHT; l++) {
      const int i = fromI + g.direction * u;
      const int j = fromJ + g.direction * v;
      const bool there = inside && term < terms && (unsigned)i < (unsigned)g.fromHeight &&
                         (unsigned)j < (unsigned)g.fromWidth;
      right[l] = there ? image[(channel * g.fromHeight + i) * g.fromWidth + j] : 0.0f;
      term++;
      if (++v == g.wide) {
        v = 0;
        if (++u == g.high) {
          u = 0;
          channel++;
        }
      }
    }
  };

  __syncthreads();  // the tile before may still be being read
  if (terms > 0) {
    fetch(0);
  }
  for (int k0 = 0, step = 0; k0 < terms; k0 += DEPTH, step ^= 1) {
    for (int l = 0; l < T::LEFT; l++) {
      const int row = leftRow + l * (TILE_THREADS / DEPTH);
      if (row < T::ROWS) {
        shared.left[step][leftK][row] = left[l];
      }
    }
    for (int l = 0; l < T::RIGHT; l++) {
      shared.right[step][rightK + l][rightColumn] = right[l];
    }
    __syncthreads();  // this step is whole
    if (k0 + DEPTH < terms) {
      fetch(k0 + DEPTH);
    }
    T::multiply(shared, step, sums);
  }

#pragma unroll
  for (int j = 0; j < T::WIDE; j++) {
    const long long column = column0 + T::firstColumn() + j * T::ACROSS;
    if (column < columns) {
      const Column place = columnAt(g, column);
      const int pixel = (place.r * g.toStepHigh + g.toHigh) * g.toWidth +
                        place.s * g.toStepWide + g.toWide;
#pragma unroll
      for (int i = 0; i < T::HIGH; i++) {
        const int row = row0 + T::firstRow() + i;
        if (row < g.rows) {
          const float shift = bias == nullptr ? 0.0f : bias[row];
          to[(place.image * g.rows + row) * g.toHeight * g.toWidth + pixel] =
              activate(kind, sums[i][j] + shift);
        }
      }
    }
  }
}

// y = f(Wx + bias), bias null for none. Blocks that run together share what they gather: rows change first.
template <class T>
static __device__ inline void forward(int kind, int n, int channels, int height, int width,
                                      int outChannels, int outHeight, int outWidth,
                                      int kernelHeight, int kernelWidth, int strideHeight,
                                      int strideWidth, int paddingHeight, int paddingWidth,
                                      const float* x, const float* weight, const float* bias,
                                      float* y) {
  alignas(16) __shared__ typename T::Shared shared;
  const int taps = kernelHeight * kernelWidth;
  const Gathered g = {outChannels,   channels,     kernelHeight,    kernelWidth,    outHeight,
                      outWidth,      height,       width,           strideHeight,   strideWidth,
                      -paddingHeight, -paddingWidth, 1,             outHeight,      outWidth,
                      1,             1,            0,               0,              channels * taps,
                      taps,          kernelWidth,  1,               0};
  const long long columns = (long long)n * outHeight * outWidth;
  const int rowTiles = (outChannels - 1) / T::ROWS + 1;
  const long long tiles = (columns + T::COLUMNS - 1) / T::COLUMNS * rowTiles;
  for (long long tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    product<T>(g, n, (int)(tile % rowTiles) * T::ROWS, tile / rowTiles * T::COLUMNS, x, weight,
               bias, kind, y, shared);
  }
}

// x = f(Wᵀy + bias), bias null for none. Phase (i0,j0) has the pixels i0, i0 + SH, .. × j0, j0 + SW, ..
template <class T>
static __device__ inline void adjoint(int kind, int n, int channels, int height, int width,
                                      int outChannels, int outHeight, int outWidth,
                                      int kernelHeight, int kernelWidth, int strideHeight,
                                      int strideWidth, int paddingHeight, int paddingWidth,
                                      const float* y, const float* weight, const float* bias,
                                      float* x) {
  alignas(16) __shared__ typename T::Shared shared;
  const int phasesHigh = strideHeight < height ? strideHeight : height;
  const int phasesWide = strideWidth < width ? strideWidth : width;
  const long long most = (long long)n * ((height - 1) / strideHeight + 1) *
                         ((width - 1) / strideWidth + 1);  // columns of the first phase
  const int rowTiles = (channels - 1) / T::ROWS + 1;
  const long long phaseTiles = (most + T::COLUMNS - 1) / T::COLUMNS * rowTiles;
  const long long tiles = phaseTiles * phasesHigh * phasesWide;
  const int taps = kernelHeight * kernelWidth;
  for (long long tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const int phase = (int)(tile / phaseTiles);
    const int i0 = phase / phasesWide;
    const int j0 = phase % phasesWide;
    const int kh = (i0 + paddingHeight) % strideHeight;  // first row of the kernel that is met
    const int kw = (j0 + paddingWidth) % strideWidth;
    const int high = kh < kernelHeight ? (kernelHeight - kh - 1) / strideHeight + 1 : 0;
    const int wide = kw < kernelWidth ? (kernelWidth - kw - 1) / strideWidth + 1 : 0;
    const bool met = high > 0 && wide > 0;
    const Gathered g = {channels,
                        met ? outChannels : 0,
                        met ? high : 1,
                        met ? wide : 1,
                        (height - i0 - 1) / strideHeight + 1,
                        (width - j0 - 1) / strideWidth + 1,
                        outHeight,
                        outWidth,
                        1,
                        1,
                        (i0 + paddingHeight) / strideHeight,
                        (j0 + paddingWidth) / strideWidth,
                        -1,
                        height,
                        width,
                        strideHeight,
                        strideWidth,
                        i0,
                        j0,
                        taps,
                        channels * taps,
                        strideHeight * kernelWidth,
                        strideWidth,
                        kh * kernelWidth + kw};
    const long long inPhase = tile % phaseTiles;
    const long long column0 = inPhase / rowTiles * T::COLUMNS;
    if (column0 < (long long)n * g.columnsHigh * g.columnsWide) {
      product<T>(g, n, (int)(inPhase % rowTiles) * T::ROWS, column0, y, weight, bias, kind, x,
                 shared);
    }
  }
}

// y = f(Wx + bias) for more than 32 output channels
// Cost: 94 B, 2000 FLOP per 1000 products.
extern "C" __global__ void conv_forward(int kind, int n, int channels, int height, int width,
                                        int outChannels, int outHeight, int outWidth,
                                        int kernelHeight, int kernelWidth, int strideHeight,
                                        int strideWidth, int paddingHeight, int paddingWidth,
                                        const float* __restrict__ x,
                                        const float* __restrict__ weight,
                                        const float* __restrict__ bias, float* __restrict__ y) {
  forward<WideTile>(kind, n, channels, height, width, outChannels, outHeight, outWidth,
                    kernelHeight, kernelWidth, strideHeight, strideWidth, paddingHeight,
                    paddingWidth, x, weight, bias, y);
}

// The same for up to 32
// Cost: 266 B, 2000 FLOP per 1000 products.
extern "C" __global__ void conv_forward_narrow(
    int kind, int n, int channels, int height, int width, int outChannels, int outHeight,
    int outWidth, int kernelHeight, int kernelWidth, int strideHeight, int strideWidth,
    int paddingHeight, int paddingWidth, const float* __restrict__ x,
    const float* __restrict__ weight, const float* __restrict__ bias, float* __restrict__ y) {
  forward<NarrowTile>(kind, n, channels, height, width, outChannels, outHeight, outWidth,
                      kernelHeight, kernelWidth, strideHeight, strideWidth, paddingHeight,
                      paddingWidth, x, weight, bias, y);
}

// x = f(Wᵀy + bias) for more than 32 channels of x
// Cost: 94 B, 2000 FLOP per 1000 products.
extern "C" __global__ void conv_adjoint(int kind, int n, int channels, int height, int width,
                                        int outChannels, int outHeight, int outWidth,
                                        int kernelHeight, int kernelWidth, int strideHeight,
                                        int strideWidth, int paddingHeight, int paddingWidth,
                                        const float* __restrict__ y,
                                        const float* __restrict__ weight,
                                        const float* __restrict__ bias, float* __restrict__ x) {
  adjoint<WideTile>(kind, n, channels, height, width, outChannels, outHeight, outWidth,
                    kernelHeight, kernelWidth, strideHeight, strideWidth, paddingHeight,
                    paddingWidth, y, weight, bias, x);
}

// The same for up to 32
// Cost: 266 B, 2000 FLOP per 1000 products.
extern "C" __global__ void conv_adjoint_narrow(
    int kind, int n, int channels, int height, int width, int outChannels, int outHeight,
    int outWidth, int kernelHeight, int kernelWidth, int strideHeight, int strideWidth,
    int paddingHeight, int paddingWidth, const float* __restrict__ y,
    const float* __restrict__ weight, const float* __restrict__ bias, float* __restrict__ x) {
  adjoint<NarrowTile>(kind, n, channels, height, width, outChannels, outHeight, outWidth,
                      kernelHeight, kernelWidth, strideHeight, strideWidth, paddingHeight,
                      paddingWidth, y, weight, bias, x);
}

// rows[g·ld + oc·C·KH·KW + c·KH·KW + kh·KW + kw] = Σ y·x over the images of group g, `images` each but for the last, which may
// have fewer: a sample's draws, or a part of a batch whose sums column_sums adds up.
// Cost: 156 B, 2000 FLOP per 1000 products.
extern "C" __global__ void conv_weight_gradient(
    int groups, int images, int n, int channels, int height, int width, int outChannels,
    int outHeight, int outWidth, int kernelHeight, int kernelWidth, int strideHeight,
    int strideWidth, int paddingHeight, int paddingWidth, const float* __restrict__ x,
    const float* __restrict__ y, float* __restrict__ rows, long long ld) {
  using T = GradientTile;
  alignas(16) __shared__ T::Shared shared;
  __shared__ int columnAt[T::COLUMNS];  // where a column's channel begins in an image of x
  __shared__ int columnHigh[T::COLUMNS];
  __shared__ int columnWide[T::COLUMNS];
  const int t = threadIdx.x;
  const int taps = kernelHeight * kernelWidth;
  const int columns = channels * taps;
  const int columnTiles = (columns - 1) / T::COLUMNS + 1;
  const int rowTiles = (outChannels - 1) / T::ROWS + 1;
  const unsigned positions = outHeight * outWidth;
  // this thread fetches position k of a step, of every (TILE_THREADS / DEPTH)-th row and column
  const int k = t % DEPTH;
  const int first = t / DEPTH;
  constexpr int EVERY = TILE_THREADS / DEPTH;
  float left[T::LEFT];
  float right[T::RIGHT];
  const long long tiles = (long long)groups * columnTiles * rowTiles;
  for (long long tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const long long group = tile / ((long long)columnTiles * rowTiles);
    const int inGroup = (int)(tile - group * columnTiles * rowTiles);
    const int column0 = inGroup % columnTiles * T::COLUMNS;
    const int row0 = inGroup / columnTiles * T::ROWS;
    const long long firstImage = group * images;
    const long long count = firstImage + images < n ? images : n - firstImage;
    __syncthreads();  // the tile before may still be being read
    if (t < T::COLUMNS) {
      const int column = column0 + t;
      columnAt[t] = column < columns ? column / taps * height * width : -1;
      columnHigh[t] = column % taps / kernelWidth - paddingHeight;
      columnWide[t] = column % kernelWidth - paddingWidth;
    }
    __syncthreads();
    for (long long chunk = 0; chunk < count * positions; chunk += CHUNK) {
      const long long chunkImage = firstImage + chunk / positions;
      const unsigned chunkPosition = (unsigned)(chunk % positions);
      const int length = (int)min((long long)CHUNK, count * positions - chunk);
      float sums[T::HIGH][T::WIDE] = {};

      auto fetch = [&](int p0) {
        const bool inside = p0 + k < length;
        const unsigned ahead = chunkPosition + (inside ? p0 + k : 0);
        const long long image = chunkImage + ahead / positions;
        const int position = ahead % positions;
        const float* yImage = y + image * outChannels * positions + position;
        const float* xImage = x + image * channels * height * width;
        const int i0 = position / outWidth * strideHeight;
        const int j0 = position % outWidth * strideWidth;
        for (int l = 0; l < T::LEFT; l++) {
          const int row = row0 + first + l * EVERY;
          left[l] = inside && row < outChannels ? yImage[row * positions] : 0.0f;
        }
        for (int l = 0; l < T::RIGHT; l++) {
          const int column = first + l * EVERY;
          const int i = i0 + columnHigh[column];
          const int j = j0 + columnWide[column];
          const bool there = inside && columnAt[column] >= 0 && (unsigned)i < (unsigned)height &&
                             (unsigned)j < (unsigned)width;
          right[l] = there ? xImage[columnAt[column] + i * width + j] : 0.0f;
        }
      };

      fetch(0);
      __syncthreads();  // the chunk before may still be being read
      for (int p0 = 0, step = 0; p0 < length; p0 += DEPTH, step ^= 1) {
        for (int l = 0; l < T::LEFT; l++) {
          shared.left[step][k][first + l * EVERY] = left[l];
        }
        for (int l = 0; l < T::RIGHT; l++) {
          shared.right[step][k][first + l * EVERY] = right[l];
        }
        __syncthreads();  // this step is whole
        if (p0 + DEPTH < length) {
          fetch(p0 + DEPTH);
        }
        T::multiply(shared, step, sums);
      }
      for (int i = 0; i < T::HIGH; i++) {
        const int row = row0 + T::firstRow() + i;
        for (int j = 0; j < T::WIDE; j++) {
          const int column = column0 + T::firstColumn() + j * T::ACROSS;
          if (row < outChannels && column < columns) {
            float* target = rows + group * ld + (long long)row * columns + column;
            *target = chunk == 0 ? sums[i][j] : *target + sums[i][j];
          }
        }
      }
    }
  }
}

// Σ of values [N,channels,P] over the images first .. first + images - 1 and the positions of one channel, by a block
static __device__ inline double channelSum(long long first, int images, int channels, int channel,
                                           int positions, const float* __restrict__ values,
                                           double* shared) {
  double sum = 0.0;
  for (int i = 0; i < images; i++) {
    const float* plane = values + ((first + i) * channels + channel) * positions;
    for (int p = threadIdx.x; p < positions; p += SUM_THREADS) {
      sum += plane[p];
    }
  }
  return blockSum(sum, shared);
}

// partial [n,channels] = Σ_p values [n,channels,P]: column_sums_total adds up the images
// Cost: 4 B, 1 FLOP per value.
extern "C" __global__ void plane_sums(int n, int channels, int positions,
                                      const float* __restrict__ values,
                                      double* __restrict__ partial) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < (long long)n * channels; r += gridDim.x) {
    const double sum = channelSum(r / channels, 1, channels, (int)(r % channels), positions,
                                  values, shared);
    if (threadIdx.x == 0) {
      partial[r] = sum;
    }
  }
}

// rows[i·ld + offset + c] = scale·Σ_{r,p} values [(i·rank + r),c,p]: bias gradients, and means of planes
// Cost: 4 B, 1 FLOP per value.
extern "C" __global__ void channel_sum_rows(int n, int rank, int channels, int positions,
                                            double scale, const float* __restrict__ values,
                                            float* __restrict__ rows, long long offset,
                                            long long ld) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < (long long)n * channels; r += gridDim.x) {
    const long long i = r / channels;
    const int channel = (int)(r % channels);
    const double sum = channelSum(i * rank, rank, channels, channel, positions, values, shared);
    if (threadIdx.x == 0) {
      rows[i * ld + offset + channel] = (float)(scale * sum);
    }
  }
}
