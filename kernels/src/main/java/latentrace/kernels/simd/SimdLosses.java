package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.LossOps;
import latentrace.backend.Reconstruction;

/** Value and gradient in one pass; a row's terms are added lane by lane, the lanes in double. */
final class SimdLosses extends LossOps {
  private static final int V = Lanes.COUNT;

  /** Elements whose exponentials are kept at a time, a multiple of every vector length. */
  private static final int BLOCK = 1024;

  private static final int COST = 16;

  private final WorkerPool pool;
  private final Scratch[] scratch;
  private final Rows rows = new Rows();
  private final SimdContrastive contrastive;

  SimdLosses(Backend owner, WorkerPool pool, SimdDense dense) {
    super(owner);
    this.pool = pool;
    this.contrastive = new SimdContrastive(owner, pool, dense);
    this.scratch = new Scratch[pool.threads()];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  /** A worker's memory; {@code output} to {@code gradient} hold a row's last, incomplete vector. */
  private static final class Scratch {
    private final float[] decays = new float[BLOCK];
    private final float[] sigmoids = new float[BLOCK];
    private final float[] sums = new float[V];
    private final float[] restSums = new float[V];
    private final float[] output = new float[V];
    private final float[] target = new float[V];
    private final float[] gradient = new float[V];
  }

  private final class Rows extends Loop {
    private Reconstruction kind;
    private int draws;
    private int features;
    private SimdBuffer output;
    private SimdBuffer target;
    private SimdBuffer values;
    private float scale;
    private SimdBuffer dOutput;

    @Override
    void range(int from, int to, int worker) {
      for (int r = from; r < to; r++) {
        values.data[values.offset + r] = (float) row(r, scratch[worker]);
      }
    }

    @Override
    void release() {
      output = null;
      target = null;
      values = null;
      dOutput = null;
    }

    private double row(int r, Scratch s) {
      float[] o = output.data;
      float[] x = target.data;
      float[] d = dOutput == null ? null : dOutput.data;
      int oAt = output.offset + r * features;
      int xAt = target.offset + r / draws * features;
      int dAt = dOutput == null ? 0 : dOutput.offset + r * features;
      int rest = features % V;
      int whole = features - rest;
      Arrays.fill(s.sums, 0);
      for (int f = 0; f < whole; f += BLOCK) {
        int count = Math.min(BLOCK, whole - f);
        terms(kind, o, oAt + f, x, xAt + f, d, dAt + f, count, scale, s, s.sums);
      }
      if (rest > 0) {
        System.arraycopy(o, oAt + whole, s.output, 0, rest);
        System.arraycopy(x, xAt + whole, s.target, 0, rest);
        Arrays.fill(s.output, rest, V, 0);
        Arrays.fill(s.target, rest, V, 0);
        Arrays.fill(s.restSums, 0);
        float[] gradient = d == null ? null : s.gradient;
        terms(kind, s.output, 0, s.target, 0, gradient, 0, V, scale, s, s.restSums);
        for (int i = 0; i < rest; i++) {
          s.sums[i] += s.restSums[i];
        }
        if (d != null) {
          System.arraycopy(gradient, 0, d, dAt + whole, rest);
        }
      }
      double sum = 0;
      for (float lane : s.sums) {
        sum += lane;
      }
      return sum;
    }
  }

  @Override
  protected void doReconstruction(
      Reconstruction kind,
      int count,
      int draws,
      int features,
      Buffer output,
      Buffer target,
      Buffer values,
      double scale,
      Buffer dOutput) {
    rows.kind = kind;
    rows.draws = draws;
    rows.features = features;
    rows.output = (SimdBuffer) output;
    rows.target = (SimdBuffer) target;
    rows.values = (SimdBuffer) values;
    rows.scale = (float) scale;
    rows.dOutput = (SimdBuffer) dOutput;
    rows.over(pool, count, (long) COST * features);
  }

  /** Adds the terms of whole vectors to the lanes' sums; d may be null. */
  private static void terms(
      Reconstruction kind,
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int count,
      float scale,
      Scratch s,
      float[] sums) {
    if (kind == Reconstruction.MSE) {
      mse(o, oAt, x, xAt, d, dAt, count, scale, sums);
      return;
    }
    if (kind == Reconstruction.L1) {
      l1(o, oAt, x, xAt, d, dAt, count, scale, sums);
      return;
    }
    Lanes.decays(1, o, oAt, s.decays, count);
    Lanes.sigmoids(o, oAt, s.decays, s.sigmoids, 0, count);
    if (kind == Reconstruction.BERNOULLI) {
      Lanes.logs(s.decays, s.decays, count);
      bernoulli(o, oAt, x, xAt, d, dAt, count, scale, s.decays, s.sigmoids, sums);
    } else {
      gaussian(x, xAt, d, dAt, count, scale, s.sigmoids, sums);
    }
  }

  /** ln(1 + eᵒ) − o·x = (max(o, 0) − o·x) + ln(1 + e^−|o|), in this order: the first may cancel. */
  private static void bernoulli(
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int count,
      float scale,
      float[] logs,
      float[] sigmoids,
      float[] sums) {
    FloatVector sum = FloatVector.fromArray(Lanes.SPECIES, sums, 0);
    for (int f = 0; f < count; f += V) {
      FloatVector logit = FloatVector.fromArray(Lanes.SPECIES, o, oAt + f);
      FloatVector goal = FloatVector.fromArray(Lanes.SPECIES, x, xAt + f);
      FloatVector linear = logit.max(0f).sub(logit.mul(goal));
      sum = sum.add(linear.add(FloatVector.fromArray(Lanes.SPECIES, logs, f)));
      if (d != null) {
        FloatVector s = FloatVector.fromArray(Lanes.SPECIES, sigmoids, f);
        s.sub(goal).mul(scale).intoArray(d, dAt + f);
      }
    }
    sum.intoArray(sums, 0);
  }

  private static void gaussian(
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int count,
      float scale,
      float[] sigmoids,
      float[] sums) {
    FloatVector sum = FloatVector.fromArray(Lanes.SPECIES, sums, 0);
    for (int f = 0; f < count; f += V) {
      FloatVector s = FloatVector.fromArray(Lanes.SPECIES, sigmoids, f);
      FloatVector error = s.sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f));
      sum = error.fma(error, sum);
      if (d != null) {
        error.mul(s.mul(s.neg().add(1f))).mul(2 * scale).intoArray(d, dAt + f);
      }
    }
    sum.intoArray(sums, 0);
  }

  private static void mse(
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int count,
      float scale,
      float[] sums) {
    FloatVector sum = FloatVector.fromArray(Lanes.SPECIES, sums, 0);
    for (int f = 0; f < count; f += V) {
      FloatVector error =
          FloatVector.fromArray(Lanes.SPECIES, o, oAt + f)
              .sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f));
      sum = error.fma(error, sum);
      if (d != null) {
        error.mul(2 * scale).intoArray(d, dAt + f);
      }
    }
    sum.intoArray(sums, 0);
  }

  private static void l1(
      float[] o,
      int oAt,
      float[] x,
      int xAt,
      float[] d,
      int dAt,
      int count,
      float scale,
      float[] sums) {
    FloatVector sum = FloatVector.fromArray(Lanes.SPECIES, sums, 0);
    for (int f = 0; f < count; f += V) {
      FloatVector error =
          FloatVector.fromArray(Lanes.SPECIES, o, oAt + f)
              .sub(FloatVector.fromArray(Lanes.SPECIES, x, xAt + f));
      sum = sum.add(error.lanewise(VectorOperators.ABS));
      if (d != null) {
        error
            .blend(1f, error.compare(VectorOperators.GT, 0f))
            .blend(-1f, error.compare(VectorOperators.LT, 0f))
            .mul(scale)
            .intoArray(d, dAt + f);
      }
    }
    sum.intoArray(sums, 0);
  }

  @Override
  protected void doContrastive(
      int pairs,
      int features,
      double temperature,
      Buffer z,
      Buffer values,
      double scale,
      Buffer dZ) {
    contrastive.run(
        pairs, features, temperature, (SimdBuffer) z, (SimdBuffer) values, scale, (SimdBuffer) dZ);
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
