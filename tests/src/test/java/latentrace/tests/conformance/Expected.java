package latentrace.tests.conformance;

/**
 * What an output should hold: per element the value, Σ|terms| of the sum it is, and how many terms.
 * An element with a negative magnitude must not have been touched.
 */
final class Expected {
  static final double UNTOUCHED = -1;

  final double[] value;
  final double[] magnitude;
  final int terms;

  Expected(int length, int terms) {
    this.value = new double[length];
    this.magnitude = new double[length];
    this.terms = terms;
  }

  /** An output that held {@code before} and of which nothing is touched so far. */
  Expected(double[] before, int terms) {
    this.value = before.clone();
    this.magnitude = new double[before.length];
    this.terms = terms;
    java.util.Arrays.fill(magnitude, UNTOUCHED);
  }

  /** Element {@code i} becomes {@code start} plus what is added from now on. */
  Expected begin(int i, double start) {
    value[i] = start;
    magnitude[i] = Math.abs(start);
    return this;
  }

  /** Adds a term to element {@code i}. */
  void add(int i, double term) {
    value[i] += term;
    magnitude[i] += Math.abs(term);
  }

  /** Element {@code i} is {@code f}, computed from terms that add up to {@code size}. */
  void set(int i, double f, double size) {
    value[i] = f;
    magnitude[i] = size;
  }
}
