package latentrace.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import latentrace.backend.Activation;

/**
 * The vector shape and elementary functions on vectors. Every function is made of additions,
 * multiplications and the like, whose results IEEE 754 prescribes: the same bits interpreted or
 * compiled, in every lane. (The Vector API's own EXP and reduceLanes promise neither.)
 */
final class Lanes {
  /** The widest shape the machine prefers, at most 512 bits. */
  static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  /** Floats per vector. */
  static final int COUNT = SPECIES.length();

  private static final float LEAKY_SLOPE = (float) Activation.LEAKY_SLOPE;
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.12194440e-4f;

  /** 1.5·2²³: adding it rounds to an integer that then stands in the low bits. */
  private static final float ROUNDER = 12582912f;

  private Lanes() {}

  private static FloatVector all(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /** eˣ to 2 ulp; x is limited to −87..88, so that nothing overflows or is denormal. */
  static FloatVector exp(FloatVector x) {
    FloatVector t = x.max(-87f).min(88f);
    FloatVector n = t.fma(all(LOG2_E), all(ROUNDER));
    FloatVector k = n.sub(ROUNDER);
    FloatVector r = k.fma(all(-LN2_HIGH), t);
    r = k.fma(all(-LN2_LOW), r);
    FloatVector p = all(1.9875691e-4f);
    p = p.fma(r, all(1.3981999e-3f));
    p = p.fma(r, all(8.333452e-3f));
    p = p.fma(r, all(4.1665796e-2f));
    p = p.fma(r, all(0.16666666f));
    p = p.fma(r, all(0.5f));
    FloatVector power = p.fma(r.mul(r), r).add(1f);
    return power.mul(
        n.reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, 23)
            .add(0x3f800000)
            .reinterpretAsFloats());
  }

  /** ln(1 + e) for 0 ≤ e ≤ 1: 2·artanh(e/(2 + e)). */
  static FloatVector log1p(FloatVector e) {
    FloatVector s = e.div(e.add(2f));
    FloatVector z = s.mul(s);
    FloatVector p = all(1 / 15f);
    p = p.fma(z, all(1 / 13f));
    p = p.fma(z, all(1 / 11f));
    p = p.fma(z, all(1 / 9f));
    p = p.fma(z, all(1 / 7f));
    p = p.fma(z, all(1 / 5f));
    p = p.fma(z, all(1 / 3f));
    FloatVector twice = s.add(s);
    return twice.fma(z.mul(p), twice);
  }

  /** e^−|x|. */
  static FloatVector decay(FloatVector x) {
    return exp(x.lanewise(VectorOperators.ABS).neg());
  }

  /** 1/(1 + e⁻ˣ), given {@code decay = e^−|x|}. */
  static FloatVector sigmoid(FloatVector x, FloatVector decay) {
    FloatVector positive = all(1f).div(decay.add(1f));
    return positive.blend(positive.mul(decay), x.compare(VectorOperators.LT, 0f));
  }

  /** ln(1 + eˣ), given {@code decay = e^−|x|}. */
  static FloatVector softplus(FloatVector x, FloatVector decay) {
    return x.max(0f).add(log1p(decay));
  }

  static FloatVector tanh(FloatVector x) {
    FloatVector size = x.lanewise(VectorOperators.ABS);
    FloatVector e = exp(size.mul(-2f));
    FloatVector far = all(1f).sub(e).div(e.add(1f));
    far = far.blend(far.neg(), x.compare(VectorOperators.LT, 0f));
    FloatVector z = x.mul(x);
    FloatVector p = all(-5.7049887e-3f);
    p = p.fma(z, all(2.0639088e-2f));
    p = p.fma(z, all(-5.3739715e-2f));
    p = p.fma(z, all(0.13331442f));
    p = p.fma(z, all(-0.3333328f));
    FloatVector near = p.mul(z).fma(x, x);
    return far.blend(near, size.compare(VectorOperators.LT, 0.625f));
  }

  /** f(x); {@code f} is TANH, SIGMOID or SOFTPLUS. */
  private static FloatVector curve(Activation f, FloatVector x) {
    return switch (f) {
      case TANH -> tanh(x);
      case SIGMOID -> sigmoid(x, decay(x));
      case SOFTPLUS -> softplus(x, decay(x));
      case IDENTITY, RELU, LEAKY_RELU -> throw new IllegalArgumentException(f + " is no curve");
    };
  }

  /** y[i] = f(x[i]); the arrays may be the same. */
  static void activate(Activation f, float[] x, int xAt, float[] y, int yAt, int length) {
    switch (f) {
      case IDENTITY -> System.arraycopy(x, xAt, y, yAt, length);
      case RELU -> {
        int i = 0;
        for (; i <= length - COUNT; i += COUNT) {
          FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
          v.blend(0f, v.compare(VectorOperators.LE, 0f)).intoArray(y, yAt + i);
        }
        for (; i < length; i++) {
          float v = x[xAt + i];
          y[yAt + i] = v <= 0 ? 0 : v;
        }
      }
      case LEAKY_RELU -> {
        int i = 0;
        for (; i <= length - COUNT; i += COUNT) {
          FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
          v.mul(LEAKY_SLOPE).blend(v, v.compare(VectorOperators.GT, 0f)).intoArray(y, yAt + i);
        }
        for (; i < length; i++) {
          float v = x[xAt + i];
          y[yAt + i] = v > 0 ? v : LEAKY_SLOPE * v;
        }
      }
      case TANH, SIGMOID, SOFTPLUS -> {
        int i = 0;
        for (; i <= length - COUNT; i += COUNT) {
          curve(f, FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        if (i < length) {
          VectorMask<Float> rest = SPECIES.indexInRange(i, length);
          curve(f, FloatVector.fromArray(SPECIES, x, xAt + i, rest)).intoArray(y, yAt + i, rest);
        }
      }
    }
  }

  /** The lanes' sum, in double and in the order of the lanes. */
  static double sum(FloatVector v, float[] scratch) {
    v.intoArray(scratch, 0);
    double sum = 0;
    for (int i = 0; i < COUNT; i++) {
      sum += scratch[i];
    }
    return sum;
  }
}
