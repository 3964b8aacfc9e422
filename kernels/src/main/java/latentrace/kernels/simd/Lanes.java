package latentrace.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import latentrace.backend.Activation;

/**
 * The vector shape and elementary functions on arrays in whole vectors. Their loops call the Vector
 * API only and no methods of ours: the JIT promises to inline the former, and a vector that is
 * handed to a call that it does not inline becomes an object. Every function is made of additions,
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

  /** to[i] = e^{−rate·|x[at+i]|} to 2 ulp, not below e^−87, so that nothing is denormal. */
  static void decays(float rate, float[] x, int at, float[] to, int count) {
    FloatVector c0 = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector c1 = FloatVector.broadcast(SPECIES, 0.16666666f);
    FloatVector c2 = FloatVector.broadcast(SPECIES, 4.1665796e-2f);
    FloatVector c3 = FloatVector.broadcast(SPECIES, 8.333452e-3f);
    FloatVector c4 = FloatVector.broadcast(SPECIES, 1.3981999e-3f);
    FloatVector c5 = FloatVector.broadcast(SPECIES, 1.9875691e-4f);
    FloatVector log2 = FloatVector.broadcast(SPECIES, LOG2_E);
    FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
    FloatVector minusHigh = FloatVector.broadcast(SPECIES, -LN2_HIGH);
    FloatVector minusLow = FloatVector.broadcast(SPECIES, -LN2_LOW);
    for (int i = 0; i < count; i += COUNT) {
      FloatVector size = FloatVector.fromArray(SPECIES, x, at + i).lanewise(VectorOperators.ABS);
      FloatVector t = size.mul(-rate).max(-87f);
      FloatVector n = t.fma(log2, rounder);
      FloatVector k = n.sub(rounder);
      FloatVector r = k.fma(minusLow, k.fma(minusHigh, t));
      FloatVector p = c5.fma(r, c4).fma(r, c3).fma(r, c2).fma(r, c1).fma(r, c0);
      FloatVector power = p.fma(r.mul(r), r).add(1f);
      power
          .mul(
              n.reinterpretAsInts()
                  .lanewise(VectorOperators.LSHL, 23)
                  .add(0x3f800000)
                  .reinterpretAsFloats())
          .intoArray(to, i);
    }
  }

  /** to[i] = 1/(1 + e^{−x[at+i]}), given {@code decays = e^−|x|}. */
  static void sigmoids(float[] x, int at, float[] decays, float[] to, int toAt, int count) {
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    for (int i = 0; i < count; i += COUNT) {
      FloatVector value = FloatVector.fromArray(SPECIES, x, at + i);
      FloatVector decay = FloatVector.fromArray(SPECIES, decays, i);
      FloatVector positive = one.div(decay.add(one));
      positive
          .blend(positive.mul(decay), value.compare(VectorOperators.LT, 0f))
          .intoArray(to, toAt + i);
    }
  }

  /**
   * to[i] = ln(1 + e^{x[at+i]}), given {@code decays = e^−|x|}: max(x, 0) + 2·artanh(e/(2 + e)).
   */
  static void softpluses(float[] x, int at, float[] decays, float[] to, int toAt, int count) {
    FloatVector c1 = FloatVector.broadcast(SPECIES, 1 / 3f);
    FloatVector c2 = FloatVector.broadcast(SPECIES, 1 / 5f);
    FloatVector c3 = FloatVector.broadcast(SPECIES, 1 / 7f);
    FloatVector c4 = FloatVector.broadcast(SPECIES, 1 / 9f);
    FloatVector c5 = FloatVector.broadcast(SPECIES, 1 / 11f);
    FloatVector c6 = FloatVector.broadcast(SPECIES, 1 / 13f);
    FloatVector c7 = FloatVector.broadcast(SPECIES, 1 / 15f);
    for (int i = 0; i < count; i += COUNT) {
      FloatVector value = FloatVector.fromArray(SPECIES, x, at + i);
      FloatVector decay = FloatVector.fromArray(SPECIES, decays, i);
      FloatVector s = decay.div(decay.add(2f));
      FloatVector z = s.mul(s);
      FloatVector p = c7.fma(z, c6).fma(z, c5).fma(z, c4).fma(z, c3).fma(z, c2).fma(z, c1);
      FloatVector twice = s.add(s);
      value.max(0f).add(twice.fma(z.mul(p), twice)).intoArray(to, toAt + i);
    }
  }

  /** to[i] = tanh x[at+i], given {@code decays = e^−2|x|}. */
  private static void tanhs(float[] x, int at, float[] decays, float[] to, int toAt, int count) {
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    FloatVector c1 = FloatVector.broadcast(SPECIES, -0.3333328f);
    FloatVector c2 = FloatVector.broadcast(SPECIES, 0.13331442f);
    FloatVector c3 = FloatVector.broadcast(SPECIES, -5.3739715e-2f);
    FloatVector c4 = FloatVector.broadcast(SPECIES, 2.0639088e-2f);
    FloatVector c5 = FloatVector.broadcast(SPECIES, -5.7049887e-3f);
    for (int i = 0; i < count; i += COUNT) {
      FloatVector value = FloatVector.fromArray(SPECIES, x, at + i);
      FloatVector decay = FloatVector.fromArray(SPECIES, decays, i);
      FloatVector far = one.sub(decay).div(decay.add(one));
      far = far.blend(far.neg(), value.compare(VectorOperators.LT, 0f));
      FloatVector z = value.mul(value);
      FloatVector p = c5.fma(z, c4).fma(z, c3).fma(z, c2).fma(z, c1);
      FloatVector near = p.mul(z).fma(value, value);
      FloatVector size = value.lanewise(VectorOperators.ABS);
      far.blend(near, size.compare(VectorOperators.LT, 0.625f)).intoArray(to, toAt + i);
    }
  }

  /** y[i] = f(x[i]) for whole vectors; {@code f} is TANH, SIGMOID or SOFTPLUS. */
  private static void curve(
      Activation f, float[] x, int xAt, float[] y, int yAt, int count, float[] decays) {
    decays(f == Activation.TANH ? 2 : 1, x, xAt, decays, count);
    switch (f) {
      case TANH -> tanhs(x, xAt, decays, y, yAt, count);
      case SIGMOID -> sigmoids(x, xAt, decays, y, yAt, count);
      case SOFTPLUS -> softpluses(x, xAt, decays, y, yAt, count);
      case IDENTITY, RELU, LEAKY_RELU -> throw new IllegalArgumentException(f + " is no curve");
    }
  }

  /**
   * y[i] = f(x[i]); the arrays may be the same.
   *
   * @param scratch at least two vectors, overwritten
   */
  static void activate(
      Activation f, float[] x, int xAt, float[] y, int yAt, int length, float[] scratch) {
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
        int block = (scratch.length / COUNT - 1) * COUNT;
        int rest = length % COUNT;
        int whole = length - rest;
        for (int i = 0; i < whole; i += block) {
          curve(f, x, xAt + i, y, yAt + i, Math.min(block, whole - i), scratch);
        }
        if (rest > 0) {
          System.arraycopy(x, xAt + whole, scratch, block, rest);
          Arrays.fill(scratch, block + rest, block + COUNT, 0);
          curve(f, scratch, block, scratch, block, COUNT, scratch);
          System.arraycopy(scratch, block, y, yAt + whole, rest);
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
