package latentrace.kernels.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions on vectors of doubles, made of correctly rounded operations only, like those
 * of {@link Lanes}. Series are Taylor's, cut where the next term is below 1e-16.
 */
final class Doubles {
  static final VectorSpecies<Double> SPECIES =
      VectorSpecies.of(double.class, Lanes.SPECIES.vectorShape());

  /** Doubles per vector. */
  static final int COUNT = SPECIES.length();

  /** 1.5·2⁵²: adding it rounds to an integer that then stands in the low bits. */
  private static final double ROUNDER = 0x1.8p52;

  private static final long ROUNDER_BITS = Double.doubleToRawLongBits(ROUNDER);
  private static final double LOG2_E = 1 / Math.log(2);

  /** ln 2 = HIGH + LOW, HIGH with zeros at its end, so that its small multiples are exact. */
  private static final double LN2_HIGH = 0x1.62e42feep-1;

  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;
  private static final double LOWEST = -708;
  private static final double HIGHEST = 709;
  private static final int MANTISSA_BITS = 52;
  private static final int BIAS = 1023;
  private static final long ROOT_HALF_BITS = Double.doubleToRawLongBits(Math.sqrt(0.5));

  private Doubles() {}

  /** The length of {@code count} doubles in whole vectors. */
  static int padded(int count) {
    return (count + COUNT - 1) / COUNT * COUNT;
  }

  /**
   * to[i] = e^{factor·x[at+i]} for i &lt; count; {@code to} holds {@link #padded} elements. Above
   * e^709 infinity, not below e^−708.
   */
  static void exp(double factor, float[] x, int at, int count, double[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = factor * x[at + i];
    }
    int end = padded(count);
    for (int i = count; i < end; i++) {
      to[i] = 0;
    }
    exp(to, end);
  }

  /** In place, whole vectors. */
  static void exp(double[] x, int count) {
    DoubleVector c0 = DoubleVector.broadcast(SPECIES, 1);
    DoubleVector c1 = DoubleVector.broadcast(SPECIES, 1);
    DoubleVector c2 = DoubleVector.broadcast(SPECIES, 0.5);
    DoubleVector c3 = DoubleVector.broadcast(SPECIES, 1 / 6.0);
    DoubleVector c4 = DoubleVector.broadcast(SPECIES, 1 / 24.0);
    DoubleVector c5 = DoubleVector.broadcast(SPECIES, 1 / 120.0);
    DoubleVector c6 = DoubleVector.broadcast(SPECIES, 1 / 720.0);
    DoubleVector c7 = DoubleVector.broadcast(SPECIES, 1 / 5040.0);
    DoubleVector c8 = DoubleVector.broadcast(SPECIES, 1 / 40320.0);
    DoubleVector c9 = DoubleVector.broadcast(SPECIES, 1 / 362880.0);
    DoubleVector c10 = DoubleVector.broadcast(SPECIES, 1 / 3628800.0);
    DoubleVector c11 = DoubleVector.broadcast(SPECIES, 1 / 39916800.0);
    DoubleVector c12 = DoubleVector.broadcast(SPECIES, 1 / 479001600.0);
    DoubleVector c13 = DoubleVector.broadcast(SPECIES, 1 / 6227020800.0);
    DoubleVector log2 = DoubleVector.broadcast(SPECIES, LOG2_E);
    DoubleVector rounder = DoubleVector.broadcast(SPECIES, ROUNDER);
    DoubleVector minusHigh = DoubleVector.broadcast(SPECIES, -LN2_HIGH);
    DoubleVector minusLow = DoubleVector.broadcast(SPECIES, -LN2_LOW);
    for (int i = 0; i < count; i += COUNT) {
      DoubleVector value = DoubleVector.fromArray(SPECIES, x, i);
      DoubleVector t = value.max(LOWEST).min(HIGHEST);
      DoubleVector n = t.fma(log2, rounder);
      DoubleVector k = n.sub(rounder);
      DoubleVector r = k.fma(minusLow, k.fma(minusHigh, t));
      DoubleVector p =
          c13.fma(r, c12)
              .fma(r, c11)
              .fma(r, c10)
              .fma(r, c9)
              .fma(r, c8)
              .fma(r, c7)
              .fma(r, c6)
              .fma(r, c5)
              .fma(r, c4)
              .fma(r, c3)
              .fma(r, c2)
              .fma(r, c1)
              .fma(r, c0);
      p.mul(
              n.reinterpretAsLongs()
                  .sub(ROUNDER_BITS)
                  .add(BIAS)
                  .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                  .reinterpretAsDoubles())
          .blend(Double.POSITIVE_INFINITY, value.compare(VectorOperators.GT, HIGHEST))
          .intoArray(x, i);
    }
  }

  /**
   * √(−2·ln u) in place, whole vectors, u in (0, 1] and normal. ln u = e·ln 2 + 2·artanh((f − 1)/(f
   * + 1)) with u = 2ᵉ·f, √½ ≤ f &lt; √2.
   */
  static void radii(double[] u, int count) {
    DoubleVector c1 = DoubleVector.broadcast(SPECIES, 1 / 3.0);
    DoubleVector c2 = DoubleVector.broadcast(SPECIES, 1 / 5.0);
    DoubleVector c3 = DoubleVector.broadcast(SPECIES, 1 / 7.0);
    DoubleVector c4 = DoubleVector.broadcast(SPECIES, 1 / 9.0);
    DoubleVector c5 = DoubleVector.broadcast(SPECIES, 1 / 11.0);
    DoubleVector c6 = DoubleVector.broadcast(SPECIES, 1 / 13.0);
    DoubleVector c7 = DoubleVector.broadcast(SPECIES, 1 / 15.0);
    DoubleVector c8 = DoubleVector.broadcast(SPECIES, 1 / 17.0);
    DoubleVector c9 = DoubleVector.broadcast(SPECIES, 1 / 19.0);
    DoubleVector c10 = DoubleVector.broadcast(SPECIES, 1 / 21.0);
    DoubleVector high = DoubleVector.broadcast(SPECIES, LN2_HIGH);
    DoubleVector low = DoubleVector.broadcast(SPECIES, LN2_LOW);
    for (int i = 0; i < count; i += COUNT) {
      LongVector bits = DoubleVector.fromArray(SPECIES, u, i).reinterpretAsLongs();
      LongVector e = bits.sub(ROOT_HALF_BITS).lanewise(VectorOperators.ASHR, MANTISSA_BITS);
      DoubleVector f =
          bits.sub(e.lanewise(VectorOperators.LSHL, MANTISSA_BITS)).reinterpretAsDoubles();
      DoubleVector exponent = e.add(ROUNDER_BITS).reinterpretAsDoubles().sub(ROUNDER);
      DoubleVector s = f.sub(1).div(f.add(1));
      DoubleVector z = s.mul(s);
      DoubleVector p =
          c10.fma(z, c9)
              .fma(z, c8)
              .fma(z, c7)
              .fma(z, c6)
              .fma(z, c5)
              .fma(z, c4)
              .fma(z, c3)
              .fma(z, c2)
              .fma(z, c1);
      DoubleVector twice = s.add(s);
      DoubleVector small = exponent.fma(low, twice.mul(z).mul(p));
      exponent.fma(high, twice.add(small)).mul(-2).lanewise(VectorOperators.SQRT).intoArray(u, i);
    }
  }

  /**
   * sines[i] = sin 2πu[i], cosines[i] = cos 2πu[i], whole vectors, 0 ≤ u ≤ 1.
   *
   * @param u overwritten with the nearest quarters of a turn
   * @param angles overwritten with what is left, in −π/4..π/4
   */
  static void circle(double[] u, double[] angles, double[] sines, double[] cosines, int count) {
    for (int i = 0; i < count; i += COUNT) {
      DoubleVector quarters = DoubleVector.fromArray(SPECIES, u, i).mul(4);
      DoubleVector whole = quarters.add(ROUNDER).sub(ROUNDER);
      whole.intoArray(u, i);
      quarters.sub(whole).mul(Math.PI / 2).intoArray(angles, i);
    }
    sines(angles, sines, count);
    cosines(angles, cosines, count);
    turn(u, sines, cosines, count);
  }

  private static void sines(double[] angles, double[] to, int count) {
    DoubleVector c1 = DoubleVector.broadcast(SPECIES, -1 / 6.0);
    DoubleVector c2 = DoubleVector.broadcast(SPECIES, 1 / 120.0);
    DoubleVector c3 = DoubleVector.broadcast(SPECIES, -1 / 5040.0);
    DoubleVector c4 = DoubleVector.broadcast(SPECIES, 1 / 362880.0);
    DoubleVector c5 = DoubleVector.broadcast(SPECIES, -1 / 39916800.0);
    DoubleVector c6 = DoubleVector.broadcast(SPECIES, 1 / 6227020800.0);
    DoubleVector c7 = DoubleVector.broadcast(SPECIES, -1 / 1307674368000.0);
    DoubleVector c8 = DoubleVector.broadcast(SPECIES, 1 / 355687428096000.0);
    for (int i = 0; i < count; i += COUNT) {
      DoubleVector r = DoubleVector.fromArray(SPECIES, angles, i);
      DoubleVector z = r.mul(r);
      DoubleVector p =
          c8.fma(z, c7).fma(z, c6).fma(z, c5).fma(z, c4).fma(z, c3).fma(z, c2).fma(z, c1);
      p.mul(z).fma(r, r).intoArray(to, i);
    }
  }

  private static void cosines(double[] angles, double[] to, int count) {
    DoubleVector c0 = DoubleVector.broadcast(SPECIES, 1);
    DoubleVector c1 = DoubleVector.broadcast(SPECIES, -0.5);
    DoubleVector c2 = DoubleVector.broadcast(SPECIES, 1 / 24.0);
    DoubleVector c3 = DoubleVector.broadcast(SPECIES, -1 / 720.0);
    DoubleVector c4 = DoubleVector.broadcast(SPECIES, 1 / 40320.0);
    DoubleVector c5 = DoubleVector.broadcast(SPECIES, -1 / 3628800.0);
    DoubleVector c6 = DoubleVector.broadcast(SPECIES, 1 / 479001600.0);
    DoubleVector c7 = DoubleVector.broadcast(SPECIES, -1 / 87178291200.0);
    DoubleVector c8 = DoubleVector.broadcast(SPECIES, 1 / 20922789888000.0);
    for (int i = 0; i < count; i += COUNT) {
      DoubleVector r = DoubleVector.fromArray(SPECIES, angles, i);
      DoubleVector z = r.mul(r);
      c8.fma(z, c7)
          .fma(z, c6)
          .fma(z, c5)
          .fma(z, c4)
          .fma(z, c3)
          .fma(z, c2)
          .fma(z, c1)
          .fma(z, c0)
          .intoArray(to, i);
    }
  }

  /** Turns (cos, sin) by quarters. */
  private static void turn(double[] quarters, double[] sines, double[] cosines, int count) {
    for (int i = 0; i < count; i += COUNT) {
      DoubleVector turns = DoubleVector.fromArray(SPECIES, quarters, i);
      VectorMask<Double> odd =
          turns.sub(2).lanewise(VectorOperators.ABS).compare(VectorOperators.EQ, 1.0);
      LongVector quadrant = turns.add(ROUNDER).reinterpretAsLongs();
      LongVector cosSign = quadrant.add(1).and(2).lanewise(VectorOperators.LSHL, Long.SIZE - 2);
      LongVector sinSign = quadrant.and(2).lanewise(VectorOperators.LSHL, Long.SIZE - 2);
      DoubleVector sin = DoubleVector.fromArray(SPECIES, sines, i);
      DoubleVector cos = DoubleVector.fromArray(SPECIES, cosines, i);
      cos.blend(sin, odd)
          .reinterpretAsLongs()
          .lanewise(VectorOperators.XOR, cosSign)
          .reinterpretAsDoubles()
          .intoArray(cosines, i);
      sin.blend(cos, odd)
          .reinterpretAsLongs()
          .lanewise(VectorOperators.XOR, sinSign)
          .reinterpretAsDoubles()
          .intoArray(sines, i);
    }
  }
}
