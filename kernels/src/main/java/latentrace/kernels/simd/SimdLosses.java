package latentrace.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.LossOps;
import latentrace.backend.Reconstruction;

/** Value and gradient in one pass; a row's terms are added lane by lane, the lanes in double. */
final class SimdLosses extends LossOps {
  private final WorkerPool pool;
  private final float[][] scratch;

  SimdLosses(Backend owner, WorkerPool pool) {
    super(owner);
    this.pool = pool;
    this.scratch = new float[pool.threads()][Lanes.COUNT];
  }

  @Override
  protected void doReconstruction(
      Reconstruction kind,
      int rows,
      int draws,
      int features,
      Buffer output,
      Buffer target,
      Buffer values,
      double scale,
      Buffer dOutput) {
    SimdBuffer o = (SimdBuffer) output;
    SimdBuffer x = (SimdBuffer) target;
    SimdBuffer v = (SimdBuffer) values;
    SimdBuffer d = (SimdBuffer) dOutput;
    int pieces = Chunks.pieces(pool, rows, 8L * features);
    pool.run(
        pieces,
        (piece, worker) -> {
          int end = (int) ((long) rows * (piece + 1) / pieces);
          for (int r = (int) ((long) rows * piece / pieces); r < end; r++) {
            v.data[v.offset + r] =
                row(
                    kind,
                    o.data,
                    o.offset + r * features,
                    x.data,
                    x.offset + r / draws * features,
                    d == null ? null : d.data,
                    d == null ? 0 : d.offset + r * features,
                    features,
                    (float) scale,
                    scratch[worker]);
          }
        });
  }

  private static float row(
      Reconstruction kind,
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int features,
      float scale,
      float[] lanes) {
    return switch (kind) {
      case BERNOULLI -> bernoulli(o, oAt, x, xAt, d, dAt, features, scale, lanes);
      case GAUSSIAN -> gaussian(o, oAt, x, xAt, d, dAt, features, scale, lanes);
      case MSE -> mse(o, oAt, x, xAt, d, dAt, features, scale, lanes);
    };
  }

  private static float bernoulli(
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int features,
      float scale,
      float[] lanes) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int f = 0;
    for (; f <= features - Lanes.COUNT; f += Lanes.COUNT) {
      FloatVector logit = FloatVector.fromArray(Lanes.SPECIES, o, oAt + f);
      FloatVector goal = FloatVector.fromArray(Lanes.SPECIES, x, xAt + f);
      FloatVector decay = Lanes.decay(logit);
      sum = sum.add(Lanes.softplus(logit, decay).sub(logit.mul(goal)));
      if (d != null) {
        Lanes.sigmoid(logit, decay).sub(goal).mul(scale).intoArray(d, dAt + f);
      }
    }
    if (f < features) {
      VectorMask<Float> rest = Lanes.SPECIES.indexInRange(f, features);
      FloatVector logit = FloatVector.fromArray(Lanes.SPECIES, o, oAt + f, rest);
      FloatVector goal = FloatVector.fromArray(Lanes.SPECIES, x, xAt + f, rest);
      FloatVector decay = Lanes.decay(logit);
      sum = sum.add(Lanes.softplus(logit, decay).sub(logit.mul(goal)), rest);
      if (d != null) {
        Lanes.sigmoid(logit, decay).sub(goal).mul(scale).intoArray(d, dAt + f, rest);
      }
    }
    return (float) Lanes.sum(sum, lanes);
  }

  private static float gaussian(
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int features,
      float scale,
      float[] lanes) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int f = 0;
    for (; f <= features - Lanes.COUNT; f += Lanes.COUNT) {
      FloatVector logit = FloatVector.fromArray(Lanes.SPECIES, o, oAt + f);
      FloatVector s = Lanes.sigmoid(logit, Lanes.decay(logit));
      FloatVector error = s.sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f));
      sum = error.fma(error, sum);
      if (d != null) {
        error.mul(s.mul(s.neg().add(1f))).mul(2 * scale).intoArray(d, dAt + f);
      }
    }
    if (f < features) {
      VectorMask<Float> rest = Lanes.SPECIES.indexInRange(f, features);
      FloatVector logit = FloatVector.fromArray(Lanes.SPECIES, o, oAt + f, rest);
      FloatVector s = Lanes.sigmoid(logit, Lanes.decay(logit));
      FloatVector error = s.sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f, rest));
      sum = sum.blend(error.fma(error, sum), rest);
      if (d != null) {
        error.mul(s.mul(s.neg().add(1f))).mul(2 * scale).intoArray(d, dAt + f, rest);
      }
    }
    return (float) Lanes.sum(sum, lanes);
  }

  private static float mse(
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int features,
      float scale,
      float[] lanes) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int f = 0;
    for (; f <= features - Lanes.COUNT; f += Lanes.COUNT) {
      FloatVector error =
          FloatVector.fromArray(Lanes.SPECIES, o, oAt + f)
              .sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f));
      sum = error.fma(error, sum);
      if (d != null) {
        error.mul(2 * scale).intoArray(d, dAt + f);
      }
    }
    if (f < features) {
      VectorMask<Float> rest = Lanes.SPECIES.indexInRange(f, features);
      FloatVector error =
          FloatVector.fromArray(Lanes.SPECIES, o, oAt + f, rest)
              .sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f, rest));
      sum = sum.blend(error.fma(error, sum), rest);
      if (d != null) {
        error.mul(2 * scale).intoArray(d, dAt + f, rest);
      }
    }
    return (float) Lanes.sum(sum, lanes);
  }

  @Override
  protected void doCrossEntropy(
      int rows,
      int classes,
      Buffer output,
      Buffer labels,
      Buffer values,
      double scale,
      Buffer dOutput) {
    SimdBuffer o = (SimdBuffer) output;
    SimdBuffer y = (SimdBuffer) labels;
    SimdBuffer v = (SimdBuffer) values;
    SimdBuffer d = (SimdBuffer) dOutput;
    for (int r = 0; r < rows; r++) {
      int base = o.offset + r * classes;
      int label = (int) y.data[y.offset + r];
      float max = Float.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        max = Math.max(max, o.data[base + c]);
      }
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp((double) o.data[base + c] - max);
      }
      double logSum = max + Math.log(sum);
      v.data[v.offset + r] = (float) (logSum - o.data[base + label]);
      if (d != null) {
        int dBase = d.offset + r * classes;
        for (int c = 0; c < classes; c++) {
          double softmax = Math.exp(o.data[base + c] - logSum);
          d.data[dBase + c] = (float) (scale * (softmax - (c == label ? 1 : 0)));
        }
      }
    }
  }
}
