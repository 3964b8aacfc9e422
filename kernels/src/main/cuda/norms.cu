// Batch and layer normalisation: x̂ = (x − mean)·inverse, inverse = 1/√(variance + eps), y = weight·x̂ + bias.
//
// Statistics are sums in double of d = x − shift, shift one of the values themselves, so that Σd² − (Σd)²/count loses nothing that
// single precision has; taken by one block in a fixed order, or by several and then added up in theirs. Backward takes them
// again from x. Outputs are overwritten unless `accumulate` says otherwise; dX may be dY.
#include "common.cuh"

// Sums over some values and the gradients at them.
struct NormSums {
  double d, dd, g, gd;  // Σd, Σd², Σg, Σg·d
};

// What follows from them.
struct NormStatistics {
  double mean, inverse;
  double g, gx;  // Σg, Σg·x̂
};

static __device__ inline void add(NormSums& sums, double d, double g) {
  sums.d += d;
  sums.dd += d * d;
  sums.g += g;
  sums.gd += g * d;
}

// Every thread's sums added up, returned to all of them.
static __device__ inline NormSums blockSums(const NormSums& sums, double* shared) {
  return {blockSum(sums.d, shared), blockSum(sums.dd, shared), blockSum(sums.g, shared),
          blockSum(sums.gd, shared)};
}

static __device__ inline double variance(const NormSums& sums, double count) {
  const double squares = sums.dd - sums.d * sums.d / count;
  return squares < 0.0 ? 0.0 : squares / count;  // NaN stays NaN
}

// shift + offset is the mean
static __device__ inline NormStatistics statistics(const NormSums& sums, double shift,
                                                   double offset, double variance, double eps) {
  const double inverse = 1.0 / sqrt(variance + eps);
  return {shift + offset, inverse, sums.g, (sums.gd - offset * sums.g) * inverse};
}

// partial [groups,C,4]: the sums of each channel over groups of `images` images [N,C,P], the last of fewer; dY null for none. One block per
// sum. They are relative to the channel's first value.
// Cost: 8 B, 7 FLOP per element.
extern "C" __global__ void batch_norm_sums(int n, int images, int channels, int positions,
                                           const float* __restrict__ x,
                                           const float* __restrict__ dY,
                                           double* __restrict__ partial) {
  __shared__ double shared[SUM_THREADS];
  const long long groups = (n - 1) / images + 1;
  for (long long r = blockIdx.x; r < groups * channels; r += gridDim.x) {
    const long long channel = r % channels;
    const long long first = r / channels * images;
    const long long end = min(first + images, (long long)n);
    const double shift = x[channel * positions];
    NormSums sums = {};
    for (long long i = first; i < end; i++) {
      const long long plane = (i * channels + channel) * positions;
      for (int p = threadIdx.x; p < positions; p += SUM_THREADS) {
        add(sums, x[plane + p] - shift, dY == nullptr ? 0.0 : (double)dY[plane + p]);
      }
    }
    const NormSums total = blockSums(sums, shared);
    if (threadIdx.x == 0) {
      partial[4 * r] = total.d;
      partial[4 * r + 1] = total.dd;
      partial[4 * r + 2] = total.g;
      partial[4 * r + 3] = total.gd;
    }
  }
}

// statistics [C,4] = mean, inverse, Σg, Σg·x̂ of each channel, from its partial sums: the batch's in training, else with the running mean and
// variance. momentum > 0: the running ones [C] = (1 − momentum)·running + momentum·statistic, the variance unbiased.
// Cost: 32 B, 4 FLOP per partial sum.
extern "C" __global__ void batch_norm_statistics(int training, int groups, int channels,
                                                 double count, double eps, double momentum,
                                                 const float* __restrict__ x, int positions,
                                                 const double* __restrict__ partial,
                                                 float* __restrict__ runningMean,
                                                 float* __restrict__ runningVariance,
                                                 double* __restrict__ statistic) {
  GRID_STRIDE(c, channels) {
    NormSums sums = {};
    for (long long r = 0; r < groups; r++) {
      const double* from = partial + 4 * (r * channels + c);
      sums.d += from[0];
      sums.dd += from[1];
      sums.g += from[2];
      sums.gd += from[3];
    }
    const double shift = groups > 0 ? (double)x[c * positions] : 0.0;
    const double spread = training ? variance(sums, count) : (double)runningVariance[c];
    const double offset = training ? sums.d / count : runningMean[c] - shift;
    const NormStatistics s = statistics(sums, shift, offset, spread, eps);
    statistic[4 * c] = s.mean;
    statistic[4 * c + 1] = s.inverse;
    statistic[4 * c + 2] = s.g;
    statistic[4 * c + 3] = s.gx;
    if (training && momentum > 0.0) {
      runningMean[c] = (float)((1.0 - momentum) * runningMean[c] + momentum * s.mean);
      runningVariance[c] = (float)((1.0 - momentum) * runningVariance[c] +
                                   momentum * spread * count / (count - 1.0));
    }
  }
}

// y [N,C,P] = weight·x̂ + bias; one block per plane
// Cost: 8 B, 3 FLOP per element.
extern "C" __global__ void batch_norm_forward(int n, int channels, int positions,
                                              const float* __restrict__ x,
                                              const float* __restrict__ weight,
                                              const float* __restrict__ bias,
                                              const double* __restrict__ statistic,
                                              float* __restrict__ y) {
  for (long long r = blockIdx.x; r < (long long)n * channels; r += gridDim.x) {
    const long long c = r % channels;
    const float mean = (float)statistic[4 * c];
    const float factor = (float)(weight[c] * statistic[4 * c + 1]);
    const float shift = bias[c];
    for (int p = threadIdx.x; p < positions; p += SUM_THREADS) {
      y[r * positions + p] = factor * (x[r * positions + p] - mean) + shift;
    }
  }
}

// dX [N,C,P] = weight·inverse·(dY − (Σg + x̂·Σg·x̂)/count), the second part in training only; one block per plane
// Cost: 12 B, 5 FLOP per element.
extern "C" __global__ void batch_norm_backward_input(int training, int n, int channels,
                                                     int positions, const float* __restrict__ x,
                                                     const float* __restrict__ weight,
                                                     const double* __restrict__ statistic,
                                                     const float* dY, float* dX) {
  const double count = (double)n * positions;
  for (long long r = blockIdx.x; r < (long long)n * channels; r += gridDim.x) {
    const long long c = r % channels;
    const float mean = (float)statistic[4 * c];
    const double inverse = statistic[4 * c + 1];
    const float factor = (float)(weight[c] * inverse);
    const float meanG = training ? (float)(statistic[4 * c + 2] / count) : 0.0f;
    const float slope = training ? (float)(statistic[4 * c + 3] * inverse / count) : 0.0f;
    for (int p = threadIdx.x; p < positions; p += SUM_THREADS) {
      const long long at = r * positions + p;
      dX[at] = factor * (dY[at] - meanG - (x[at] - mean) * slope);
    }
  }
}

// dWeight [C] (+)= Σg·x̂, dBias [C] (+)= Σg
// Cost: 24 B, 2 FLOP per channel.
extern "C" __global__ void batch_norm_parameters(int channels, int accumulate,
                                                 const double* __restrict__ statistic,
                                                 float* __restrict__ dWeight,
                                                 float* __restrict__ dBias) {
  GRID_STRIDE(c, channels) {
    const double weight = statistic[4 * c + 3];
    const double bias = statistic[4 * c + 2];
    dWeight[c] = (float)(accumulate ? dWeight[c] + weight : weight);
    dBias[c] = (float)(accumulate ? dBias[c] + bias : bias);
  }
}

// rows[i·ld + ..] = Σg·x̂ [C] of sample i's `rank` images, if `weight`, then Σg [C], if `bias`, by the running statistics; one block per sample
// and channel
// Cost: 8 B, 4 FLOP per element.
extern "C" __global__ void batch_norm_gradient_rows(int n, int rank, int channels, int positions,
                                                    double eps, const float* __restrict__ x,
                                                    const float* __restrict__ runningMean,
                                                    const float* __restrict__ runningVariance,
                                                    const float* __restrict__ dY, int weight,
                                                    int bias, float* __restrict__ rows,
                                                    long long ld) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < (long long)n * channels; r += gridDim.x) {
    const long long sample = r / channels;
    const long long c = r % channels;
    const double mean = runningMean[c];
    double sum = 0.0;
    double products = 0.0;
    for (long long i = sample * rank; i < (sample + 1) * rank; i++) {
      const long long plane = (i * channels + c) * positions;
      for (int p = threadIdx.x; p < positions; p += SUM_THREADS) {
        const double g = dY[plane + p];
        sum += g;
        products += g * (x[plane + p] - mean);
      }
    }
    const double totalG = blockSum(sum, shared);
    const double totalGx = blockSum(products, shared) / sqrt(runningVariance[c] + eps);
    if (threadIdx.x == 0) {
      if (weight) {
        rows[sample * ld + c] = (float)totalGx;
      }
      if (bias) {
        rows[sample * ld + (weight ? channels : 0) + c] = (float)totalG;
      }
    }
  }
}

// The statistics of row [D] and of the gradients g = weight·dY there, dY null for none, by a block.
static __device__ inline NormStatistics rowStatistics(int features, double eps,
                                                      const float* __restrict__ row,
                                                      const float* __restrict__ weight,
                                                      const float* dY, double* shared) {
  const double shift = row[0];
  NormSums sums = {};
  for (int j = threadIdx.x; j < features; j += SUM_THREADS) {
    add(sums, row[j] - shift, dY == nullptr ? 0.0 : (double)weight[j] * dY[j]);
  }
  const NormSums total = blockSums(sums, shared);
  return statistics(total, shift, total.d / features, variance(total, features), eps);
}

// y [rows,D] = weight [D]·x̂ + bias [D]; one block per row
// Cost: 12 B, 7 FLOP per element.
extern "C" __global__ void layer_norm_forward(int rows, int features, double eps,
                                              const float* __restrict__ x,
                                              const float* __restrict__ weight,
                                              const float* __restrict__ bias,
                                              float* __restrict__ y) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* row = x + r * features;
    const NormStatistics s = rowStatistics(features, eps, row, nullptr, nullptr, shared);
    const float mean = (float)s.mean;
    const float inverse = (float)s.inverse;
    for (int j = threadIdx.x; j < features; j += SUM_THREADS) {
      y[r * features + j] = weight[j] * ((row[j] - mean) * inverse) + bias[j];
    }
  }
}

// dX [rows,D] = inverse·(g − (Σg + x̂·Σg·x̂)/D), g = weight·dY; one block per row
// Cost: 20 B, 14 FLOP per element.
extern "C" __global__ void layer_norm_backward_input(int rows, int features, double eps,
                                                     const float* __restrict__ x,
                                                     const float* __restrict__ weight,
                                                     const float* dY, float* dX) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    const float* row = x + r * features;
    const float* dRow = dY + r * features;
    const NormStatistics s = rowStatistics(features, eps, row, weight, dRow, shared);
    const float mean = (float)s.mean;
    const float inverse = (float)s.inverse;
    const float meanG = (float)(s.g / features);
    const float slope = (float)(s.gx * s.inverse / features);
    for (int j = threadIdx.x; j < features; j += SUM_THREADS) {
      dX[r * features + j] = inverse * (weight[j] * dRow[j] - meanG - (row[j] - mean) * slope);
    }
  }
}

// statistic [rows,2] = mean, inverse; one block per row
// Cost: 4 B, 3 FLOP per element.
extern "C" __global__ void layer_norm_statistics(int rows, int features, double eps,
                                                 const float* __restrict__ x,
                                                 double* __restrict__ statistic) {
  __shared__ double shared[SUM_THREADS];
  for (long long r = blockIdx.x; r < rows; r += gridDim.x) {
    const NormStatistics s =
        rowStatistics(features, eps, x + r * features, nullptr, nullptr, shared);
    if (threadIdx.x == 0) {
      statistic[2 * r] = s.mean;
      statistic[2 * r + 1] = s.inverse;
    }
  }
}

// gradients[i·ld + ..] = Σg·x̂ [D] over the i-th `rank` of the rows, the last of fewer, if `weight`, then Σg [D], if `bias`
// Cost: 8 B, 4 FLOP per element.
extern "C" __global__ void layer_norm_gradient_rows(int rows, int rank, int features,
                                                    const float* __restrict__ x,
                                                    const double* __restrict__ statistic,
                                                    const float* __restrict__ dY, int weight,
                                                    int bias, float* __restrict__ gradients,
                                                    long long ld) {
  const long long groups = (rows - 1) / rank + 1;
  GRID_STRIDE(at, groups * features) {
    const long long i = at / features;
    const long long j = at % features;
    const long long end = min((i + 1) * rank, (long long)rows);
    double sum = 0.0;
    double products = 0.0;
    for (long long r = i * rank; r < end; r++) {
      const double g = dY[r * features + j];
      sum += g;
      products += g * ((x[r * features + j] - statistic[2 * r]) * statistic[2 * r + 1]);
    }
    if (weight) {
      gradients[i * ld + j] = (float)products;
    }
    if (bias) {
      gradients[i * ld + (weight ? features : 0) + j] = (float)sum;
    }
  }
}

// dWeight [D] (+)= the sum of the first half of each of partial [groups,2·D], dBias [D] (+)= that of the second
// Cost: 8 B, 2 FLOP per partial sum.
extern "C" __global__ void layer_norm_parameters(int groups, int features, int accumulate,
                                                 const float* __restrict__ partial,
                                                 float* __restrict__ dWeight,
                                                 float* __restrict__ dBias) {
  GRID_STRIDE(j, features) {
    double weight = accumulate ? dWeight[j] : 0.0;
    double bias = accumulate ? dBias[j] : 0.0;
    for (long long r = 0; r < groups; r++) {
      weight += partial[2 * r * features + j];
      bias += partial[(2 * r + 1) * features + j];
    }
    dWeight[j] = (float)weight;
    dBias[j] = (float)bias;
  }
}
