package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.NormOps;

/** Channel by channel, row by row; each statistic in two passes. */
final class EjmlNorms extends NormOps {
  EjmlNorms(Backend owner) {
    super(owner);
  }

  /**
   * The elements that share a statistic: element q = 0..count-1 stands at {@code from + q / run ·
   * stride + q % run}.
   */
  private record Group(int from, int count, int run, int stride) {
    int at(int q) {
      return from + q / run * stride + q % run;
    }

    /** A channel of images [N,C,P]. */
    static Group channel(int c, int firstImage, int images, int channels, int positions) {
      return new Group(
          (firstImage * channels + c) * positions,
          images * positions,
          positions,
          channels * positions);
    }

    /** A row of D features. */
    static Group row(int r, int features) {
      return new Group(r * features, features, features, features);
    }
  }

  private static double get(Buffer buffer, int at) {
    EjmlBuffer b = (EjmlBuffer) buffer;
    return b.data[b.offset + at];
  }

  private static void set(Buffer buffer, int at, double value) {
    EjmlBuffer b = (EjmlBuffer) buffer;
    b.data[b.offset + at] = value;
  }

  private static double mean(Buffer x, Group group) {
    double sum = 0;
    for (int q = 0; q < group.count; q++) {
      sum += get(x, group.at(q));
    }
    return sum / group.count;
  }

  private static double variance(Buffer x, Group group, double mean) {
    double sum = 0;
    for (int q = 0; q < group.count; q++) {
      double d = get(x, group.at(q)) - mean;
      sum += d * d;
    }
    return sum / group.count;
  }

  @Override
  protected void doBatchNormForward(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      double momentum,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer y) {
    for (int c = 0; c < channels; c++) {
      Group group = Group.channel(c, 0, n, channels, positions);
      double mean = training ? mean(x, group) : get(runningMean, c);
      double variance = training ? variance(x, group, mean) : get(runningVariance, c);
      double inverse = 1 / Math.sqrt(variance + eps);
      for (int q = 0; q < group.count; q++) {
        double xHat = (get(x, group.at(q)) - mean) * inverse;
        set(y, group.at(q), get(weight, c) * xHat + get(bias, c));
      }
      if (training) {
        double unbiased = variance * group.count / (group.count - 1);
        set(runningMean, c, (1 - momentum) * get(runningMean, c) + momentum * mean);
        set(runningVariance, c, (1 - momentum) * get(runningVariance, c) + momentum * unbiased);
      }
    }
  }

  @Override
  protected void doBatchNormBackwardInput(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer weight,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dX) {
    for (int c = 0; c < channels; c++) {
      Group group = Group.channel(c, 0, n, channels, positions);
      double mean = training ? mean(x, group) : get(runningMean, c);
      double variance = training ? variance(x, group, mean) : get(runningVariance, c);
      double inverse = 1 / Math.sqrt(variance + eps);
      double meanG = 0;
      double meanGx = 0;
      if (training) {
        for (int q = 0; q < group.count; q++) {
          meanG += get(dY, group.at(q)) / group.count;
          meanGx += get(dY, group.at(q)) * (get(x, group.at(q)) - mean) * inverse / group.count;
        }
      }
      for (int q = 0; q < group.count; q++) {
        double xHat = (get(x, group.at(q)) - mean) * inverse;
        double g = get(dY, group.at(q)) - meanG - xHat * meanGx;
        set(dX, group.at(q), get(weight, c) * inverse * g);
      }
    }
  }

  @Override
  protected void doBatchNormBackwardParameters(
      boolean training,
      int n,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    for (int c = 0; c < channels; c++) {
      Group group = Group.channel(c, 0, n, channels, positions);
      double mean = training ? mean(x, group) : get(runningMean, c);
      double variance = training ? variance(x, group, mean) : get(runningVariance, c);
      double inverse = 1 / Math.sqrt(variance + eps);
      double sum = accumulate ? get(dWeight, c) : 0;
      double biasSum = accumulate ? get(dBias, c) : 0;
      for (int q = 0; q < group.count; q++) {
        double g = get(dY, group.at(q));
        sum += g * (get(x, group.at(q)) - mean) * inverse;
        biasSum += g;
      }
      set(dWeight, c, sum);
      set(dBias, c, biasSum);
    }
  }

  @Override
  protected void doBatchNormGradientRows(
      int n,
      int rank,
      int channels,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < channels; c++) {
        Group group = Group.channel(c, i * rank, rank, channels, positions);
        double inverse = 1 / Math.sqrt(get(runningVariance, c) + eps);
        double sum = 0;
        double biasSum = 0;
        for (int q = 0; q < group.count; q++) {
          double g = get(dY, group.at(q));
          sum += g * (get(x, group.at(q)) - get(runningMean, c)) * inverse;
          biasSum += g;
        }
        if (weight) {
          set(rows, i * ld + c, sum);
        }
        if (bias) {
          set(rows, i * ld + (weight ? channels : 0) + c, biasSum);
        }
      }
    }
  }

  @Override
  protected void doLayerNormForward(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer bias, Buffer y) {
    for (int r = 0; r < rows; r++) {
      Group row = Group.row(r, features);
      double mean = mean(x, row);
      double inverse = 1 / Math.sqrt(variance(x, row, mean) + eps);
      for (int j = 0; j < features; j++) {
        double xHat = (get(x, row.at(j)) - mean) * inverse;
        set(y, row.at(j), get(weight, j) * xHat + get(bias, j));
      }
    }
  }

  @Override
  protected void doLayerNormBackwardInput(
      int rows, int features, double eps, Buffer x, Buffer weight, Buffer dY, Buffer dX) {
    for (int r = 0; r < rows; r++) {
      Group row = Group.row(r, features);
      double mean = mean(x, row);
      double inverse = 1 / Math.sqrt(variance(x, row, mean) + eps);
      double meanG = 0;
      double meanGx = 0;
      for (int j = 0; j < features; j++) {
        double g = get(weight, j) * get(dY, row.at(j));
        meanG += g / features;
        meanGx += g * (get(x, row.at(j)) - mean) * inverse / features;
      }
      for (int j = 0; j < features; j++) {
        double g = get(weight, j) * get(dY, row.at(j));
        double xHat = (get(x, row.at(j)) - mean) * inverse;
        set(dX, row.at(j), (g - meanG - xHat * meanGx) * inverse);
      }
    }
  }

  @Override
  protected void doLayerNormBackwardParameters(
      int rows,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    if (!accumulate) {
      dWeight.slice(0, features).fill(0);
      dBias.slice(0, features).fill(0);
    }
    for (int r = 0; r < rows; r++) {
      Group row = Group.row(r, features);
      double mean = mean(x, row);
      double inverse = 1 / Math.sqrt(variance(x, row, mean) + eps);
      for (int j = 0; j < features; j++) {
        double g = get(dY, row.at(j));
        set(dWeight, j, get(dWeight, j) + g * (get(x, row.at(j)) - mean) * inverse);
        set(dBias, j, get(dBias, j) + g);
      }
    }
  }

  @Override
  protected void doLayerNormGradientRows(
      int n,
      int rank,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer rows,
      int ld) {
    int biasAt = weight ? features : 0;
    for (int i = 0; i < n; i++) {
      rows.slice((long) i * ld, biasAt + (bias ? features : 0)).fill(0);
      for (int r = i * rank; r < (i + 1) * rank; r++) {
        Group row = Group.row(r, features);
        double mean = mean(x, row);
        double inverse = 1 / Math.sqrt(variance(x, row, mean) + eps);
        for (int j = 0; j < features; j++) {
          double g = get(dY, row.at(j));
          if (weight) {
            int at = i * ld + j;
            set(rows, at, get(rows, at) + g * (get(x, row.at(j)) - mean) * inverse);
          }
          if (bias) {
            int at = i * ld + biasAt + j;
            set(rows, at, get(rows, at) + g);
          }
        }
      }
    }
  }
}
