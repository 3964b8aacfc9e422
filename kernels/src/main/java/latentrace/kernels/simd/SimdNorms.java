package latentrace.kernels.simd;

import java.util.Arrays;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.NormOps;

/** Channel by channel and row by row, shared out among the threads; statistics in double. */
final class SimdNorms extends NormOps {
  private final WorkerPool pool;
  private final Statistics[] statistics;
  private final Channels channels = new Channels();
  private final Rows rows = new Rows();
  private final RowGradients rowGradients = new RowGradients();
  private float[] means = new float[0];
  private float[] inverses = new float[0];

  SimdNorms(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.statistics = new Statistics[pool.threads()];
    Arrays.setAll(statistics, worker -> new Statistics());
  }

  /** Mean and variance of the elements of some runs, {@code stride} apart. */
  private static final class Statistics {
    private double mean;
    private double variance;

    void of(float[] x, int from, int runs, int run, int stride) {
      double sum = 0;
      for (int r = 0; r < runs; r++) {
        for (int i = from + r * stride; i < from + r * stride + run; i++) {
          sum += x[i];
        }
      }
      mean = sum / ((double) runs * run);
      double squares = 0;
      for (int r = 0; r < runs; r++) {
        for (int i = from + r * stride; i < from + r * stride + run; i++) {
          squares += (x[i] - mean) * (x[i] - mean);
        }
      }
      variance = squares / ((double) runs * run);
    }

    float inverse(double eps) {
      return (float) (1 / Math.sqrt(variance + eps));
    }
  }

  private enum Kind {
    FORWARD,
    INPUT,
    PARAMETERS
  }

  /** Over channels of images [N,C,P]. */
  private final class Channels extends Loop {
    private Kind kind;
    private boolean training;
    private int n;
    private int count;
    private int positions;
    private double eps;
    private double momentum;
    private SimdBuffer x;
    private SimdBuffer weight;
    private SimdBuffer bias;
    private SimdBuffer runningMean;
    private SimdBuffer runningVariance;
    private SimdBuffer y;
    private SimdBuffer dX;
    private boolean accumulate;

    @Override
    void range(int from, int to, int worker) {
      Statistics s = statistics[worker];
      for (int c = from; c < to; c++) {
        if (training) {
          s.of(x.data, x.offset + c * positions, n, positions, count * positions);
        } else {
          s.mean = runningMean.data[runningMean.offset + c];
          s.variance = runningVariance.data[runningVariance.offset + c];
        }
        switch (kind) {
          case FORWARD -> forward(c, s);
          case INPUT -> input(c, s);
          case PARAMETERS -> parameters(c, s);
        }
      }
    }

    private void forward(int c, Statistics s) {
      float mean = (float) s.mean;
      float factor = weight.data[weight.offset + c] * s.inverse(eps);
      float shift = bias.data[bias.offset + c];
      for (int i = 0; i < n; i++) {
        int at = (i * count + c) * positions;
        int from = x.offset + at;
        int to = y.offset + at;
        for (int p = 0; p < positions; p++) {
          y.data[to + p] = factor * (x.data[from + p] - mean) + shift;
        }
      }
      if (training) {
        double size = (double) n * positions;
        mix(runningMean, c, s.mean);
        mix(runningVariance, c, s.variance * size / (size - 1));
      }
    }

    private void mix(SimdBuffer running, int c, double statistic) {
      int at = running.offset + c;
      running.data[at] = (float) ((1 - momentum) * running.data[at] + momentum * statistic);
    }

    /** Here y is dY. */
    private void input(int c, Statistics s) {
      float mean = (float) s.mean;
      float inverse = s.inverse(eps);
      float factor = weight.data[weight.offset + c] * inverse;
      float meanG = 0;
      float slope = 0;
      if (training) {
        double size = (double) n * positions;
        double sum = 0;
        double products = 0;
        for (int i = 0; i < n; i++) {
          int at = (i * count + c) * positions;
          for (int p = at; p < at + positions; p++) {
            double g = y.data[y.offset + p];
            sum += g;
            products += g * (x.data[x.offset + p] - s.mean);
          }
        }
        meanG = (float) (sum / size);
        slope = (float) (products / size / (s.variance + eps));
      }
      for (int i = 0; i < n; i++) {
        int at = (i * count + c) * positions;
        for (int p = at; p < at + positions; p++) {
          float d = x.data[x.offset + p] - mean;
          dX.data[dX.offset + p] = factor * (y.data[y.offset + p] - meanG - d * slope);
        }
      }
    }

    /** Here y is dY, weight dWeight and bias dBias. */
    private void parameters(int c, Statistics s) {
      double sum = 0;
      double products = 0;
      for (int i = 0; i < n; i++) {
        int at = (i * count + c) * positions;
        for (int p = at; p < at + positions; p++) {
          double g = y.data[y.offset + p];
          sum += g;
          products += g * (x.data[x.offset + p] - s.mean);
        }
      }
      add(weight, c, products / Math.sqrt(s.variance + eps));
      add(bias, c, sum);
    }

    private void add(SimdBuffer target, int c, double value) {
      int at = target.offset + c;
      target.data[at] = (float) (accumulate ? target.data[at] + value : value);
    }

    @Override
    void release() {
      x = null;
      weight = null;
      bias = null;
      runningMean = null;
      runningVariance = null;
      y = null;
      dX = null;
    }
  }

  private void channels(
      Kind kind,
      boolean training,
      int n,
      int count,
      int positions,
      double eps,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer y,
      Buffer dX) {
    channels.kind = kind;
    channels.training = training;
    channels.n = n;
    channels.count = count;
    channels.positions = positions;
    channels.eps = eps;
    channels.x = (SimdBuffer) x;
    channels.weight = (SimdBuffer) weight;
    channels.bias = (SimdBuffer) bias;
    channels.runningMean = (SimdBuffer) runningMean;
    channels.runningVariance = (SimdBuffer) runningVariance;
    channels.y = (SimdBuffer) y;
    channels.dX = (SimdBuffer) dX;
    channels.over(pool, count, 4L * n * positions);
  }

  @Override
  protected void doBatchNormForward(
      boolean training,
      int n,
      int count,
      int positions,
      double eps,
      double momentum,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer y) {
    channels.momentum = momentum;
    channels(
        Kind.FORWARD,
        training,
        n,
        count,
        positions,
        eps,
        x,
        weight,
        bias,
        runningMean,
        runningVariance,
        y,
        null);
  }

  @Override
  protected void doBatchNormBackwardInput(
      boolean training,
      int n,
      int count,
      int positions,
      double eps,
      Buffer x,
      Buffer weight,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dX) {
    channels(
        Kind.INPUT,
        training,
        n,
        count,
        positions,
        eps,
        x,
        weight,
        null,
        runningMean,
        runningVariance,
        dY,
        dX);
  }

  @Override
  protected void doBatchNormBackwardParameters(
      boolean training,
      int n,
      int count,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    channels.accumulate = accumulate;
    channels(
        Kind.PARAMETERS,
        training,
        n,
        count,
        positions,
        eps,
        x,
        dWeight,
        dBias,
        runningMean,
        runningVariance,
        dY,
        null);
  }

  /** Over rows [rows,D]. */
  private final class Rows extends Loop {
    private boolean backward;
    private int features;
    private double eps;
    private SimdBuffer x;
    private SimdBuffer weight;
    private SimdBuffer bias;
    private SimdBuffer y;
    private SimdBuffer dX;

    @Override
    void range(int from, int to, int worker) {
      Statistics s = statistics[worker];
      for (int r = from; r < to; r++) {
        int at = r * features;
        s.of(x.data, x.offset + at, 1, features, 0);
        if (backward) {
          backward(at, s);
        } else {
          forward(at, s);
        }
      }
    }

    private void forward(int at, Statistics s) {
      float mean = (float) s.mean;
      float inverse = s.inverse(eps);
      for (int j = 0; j < features; j++) {
        float xHat = (x.data[x.offset + at + j] - mean) * inverse;
        y.data[y.offset + at + j] =
            weight.data[weight.offset + j] * xHat + bias.data[bias.offset + j];
      }
    }

    /** Here y is dY. */
    private void backward(int at, Statistics s) {
      double sum = 0;
      double products = 0;
      for (int j = 0; j < features; j++) {
        double g = (double) weight.data[weight.offset + j] * y.data[y.offset + at + j];
        sum += g;
        products += g * (x.data[x.offset + at + j] - s.mean);
      }
      float mean = (float) s.mean;
      float inverse = s.inverse(eps);
      float meanG = (float) (sum / features);
      float slope = (float) (products / features / (s.variance + eps));
      for (int j = 0; j < features; j++) {
        float g = weight.data[weight.offset + j] * y.data[y.offset + at + j];
        float d = x.data[x.offset + at + j] - mean;
        dX.data[dX.offset + at + j] = (g - meanG - d * slope) * inverse;
      }
    }

    @Override
    void release() {
      x = null;
      weight = null;
      bias = null;
      y = null;
      dX = null;
    }
  }

  private void rows(
      boolean backward,
      int count,
      int features,
      double eps,
      Buffer x,
      Buffer weight,
      Buffer bias,
      Buffer y,
      Buffer dX) {
    rows.backward = backward;
    rows.features = features;
    rows.eps = eps;
    rows.x = (SimdBuffer) x;
    rows.weight = (SimdBuffer) weight;
    rows.bias = (SimdBuffer) bias;
    rows.y = (SimdBuffer) y;
    rows.dX = (SimdBuffer) dX;
    rows.over(pool, count, 4L * features);
  }

  @Override
  protected void doLayerNormForward(
      int count, int features, double eps, Buffer x, Buffer weight, Buffer bias, Buffer y) {
    rows(false, count, features, eps, x, weight, bias, y, null);
  }

  @Override
  protected void doLayerNormBackwardInput(
      int count, int features, double eps, Buffer x, Buffer weight, Buffer dY, Buffer dX) {
    rows(true, count, features, eps, x, weight, null, dY, dX);
  }

  /**
   * Over features (or channels) j: Σ dY·(x − mean)·inverse and Σ dY over the elements of j in the
   * {@code rank} images of each sample.
   */
  private final class RowGradients extends Loop {
    private int n;
    private int rank;
    private int size;
    private int positions;
    private boolean perRow;
    private boolean accumulate;
    private SimdBuffer x;
    private SimdBuffer dY;
    private SimdBuffer weights;
    private SimdBuffer biases;
    private int biasAt;
    private int ld;

    @Override
    void range(int from, int to, int worker) {
      for (int i = 0; i < n; i++) {
        for (int j = from; j < to; j++) {
          double sum = 0;
          double products = 0;
          for (int r = i * rank; r < (i + 1) * rank; r++) {
            int statistic = perRow ? r : j;
            int at = (r * size + j) * positions;
            for (int p = at; p < at + positions; p++) {
              double g = dY.data[dY.offset + p];
              sum += g;
              products +=
                  g * ((double) x.data[x.offset + p] - means[statistic]) * inverses[statistic];
            }
          }
          if (weights != null) {
            put(weights, weights.at((long) i * ld + j), products);
          }
          if (biases != null) {
            put(biases, biases.at((long) i * ld + biasAt + j), sum);
          }
        }
      }
    }

    private void put(SimdBuffer target, int at, double value) {
      target.data[at] = (float) (accumulate ? target.data[at] + value : value);
    }

    @Override
    void release() {
      x = null;
      dY = null;
      weights = null;
      biases = null;
    }
  }

  private void reserve(int count) {
    if (means.length < count) {
      means = new float[count];
      inverses = new float[count];
    }
  }

  private void rowStatistics(int count, int features, double eps, SimdBuffer x) {
    reserve(count);
    Statistics s = statistics[0];
    for (int r = 0; r < count; r++) {
      s.of(x.data, x.at((long) r * features), 1, features, 0);
      means[r] = (float) s.mean;
      inverses[r] = s.inverse(eps);
    }
  }

  private void rowGradients(
      int n,
      int rank,
      int size,
      int positions,
      boolean perRow,
      boolean accumulate,
      Buffer x,
      Buffer dY,
      Buffer weights,
      Buffer biases,
      int biasAt,
      int ld) {
    rowGradients.n = n;
    rowGradients.rank = rank;
    rowGradients.size = size;
    rowGradients.positions = positions;
    rowGradients.perRow = perRow;
    rowGradients.accumulate = accumulate;
    rowGradients.x = (SimdBuffer) x;
    rowGradients.dY = (SimdBuffer) dY;
    rowGradients.weights = (SimdBuffer) weights;
    rowGradients.biases = (SimdBuffer) biases;
    rowGradients.biasAt = biasAt;
    rowGradients.ld = ld;
    rowGradients.over(pool, size, 2L * n * rank * positions);
  }

  @Override
  protected void doBatchNormGradientRows(
      int n,
      int rank,
      int count,
      int positions,
      double eps,
      Buffer x,
      Buffer runningMean,
      Buffer runningVariance,
      Buffer dY,
      boolean weight,
      boolean bias,
      Buffer target,
      int ld) {
    SimdBuffer mean = (SimdBuffer) runningMean;
    SimdBuffer variance = (SimdBuffer) runningVariance;
    reserve(count);
    for (int c = 0; c < count; c++) {
      means[c] = mean.data[mean.offset + c];
      inverses[c] = (float) (1 / Math.sqrt(variance.data[variance.offset + c] + eps));
    }
    int biasAt = weight ? count : 0;
    Buffer weights = weight ? target : null;
    Buffer biases = bias ? target : null;
    rowGradients(n, rank, count, positions, false, false, x, dY, weights, biases, biasAt, ld);
  }

  @Override
  protected void doLayerNormBackwardParameters(
      int count,
      int features,
      double eps,
      Buffer x,
      Buffer dY,
      Buffer dWeight,
      Buffer dBias,
      boolean accumulate) {
    rowStatistics(count, features, eps, (SimdBuffer) x);
    rowGradients(1, count, features, 1, true, accumulate, x, dY, dWeight, dBias, 0, 0);
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
      Buffer target,
      int ld) {
    rowStatistics(n * rank, features, eps, (SimdBuffer) x);
    int biasAt = weight ? features : 0;
    Buffer weights = weight ? target : null;
    Buffer biases = bias ? target : null;
    rowGradients(n, rank, features, 1, true, false, x, dY, weights, biases, biasAt, ld);
  }
}
