package latentrace.tests.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/**
 * The buffers of one call under test, each between guard bands. Random values are single-precision
 * numbers, so that every backend computes on the same ones. {@link #verify} checks that no band and
 * no read-only argument has changed.
 */
final class Arena implements AutoCloseable {
  private static final int BAND = 13;
  private static final double MARK = -12345.5;

  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Entry(String name, Buffer whole, double[] before, int lead, boolean readOnly) {}

  final Backend backend;
  private final int lead;
  private final Random random;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * An empty arena.
   *
   * @param offset whether buffers are slices that begin inside an allocation, at an odd position
   */
  Arena(Backend backend, boolean offset, long seed) {
    this.backend = backend;
    this.lead = offset ? BAND : 0;
    this.random = new Random(seed);
  }

  /** Random single-precision numbers, most within ±2·scale, none 0. */
  double[] noise(int length, double scale) {
    double[] values = new double[length];
    Arrays.setAll(values, i -> (float) (scale * (random.nextGaussian() + 1e-3)));
    return values;
  }

  /** As {@link #noise(int, double)}, scale 1. */
  double[] noise(int length) {
    return noise(length, 1);
  }

  private Buffer place(String name, double[] content, boolean readOnly) {
    double[] before = new double[lead + content.length + BAND];
    Arrays.fill(before, MARK);
    System.arraycopy(content, 0, before, lead, content.length);
    Buffer whole = backend.allocate(before.length);
    whole.upload(before);
    entries.add(new Entry(name, whole, before, lead, readOnly));
    return whole.slice(lead, content.length);
  }

  /** An argument that is read only. */
  Buffer in(String name, double[] content) {
    return place(name, content, true);
  }

  /** An argument that is accumulated or updated. */
  Buffer inOut(String name, double[] content) {
    return place(name, content, false);
  }

  /** An argument that is overwritten: holds NaN. */
  Buffer out(String name, int length) {
    return place(name, nans(length), false);
  }

  static double[] nans(int length) {
    double[] values = new double[length];
    Arrays.fill(values, Double.NaN);
    return values;
  }

  /** Compares an output with what it should hold. */
  void expect(String what, Buffer actual, Expected expected) {
    Closeness.check(backend.precision(), what, actual.toDoubles(), expected);
  }

  /** Guard bands and read-only arguments are as they were. */
  void verify(String what) {
    for (Entry entry : entries) {
      double[] now = entry.whole.toDoubles();
      int length = now.length - entry.lead - BAND;
      for (int i = 0; i < now.length; i++) {
        boolean band = i < entry.lead || i >= entry.lead + length;
        if ((band || entry.readOnly)
            && Double.doubleToLongBits(now[i]) != Double.doubleToLongBits(entry.before[i])) {
          throw new AssertionError(
              "%s: %s of %s changed at %d from %s to %s"
                  .formatted(
                      what,
                      band ? "guard band" : "read-only argument",
                      entry.name,
                      i - entry.lead,
                      entry.before[i],
                      now[i]));
        }
      }
    }
  }

  @Override
  public void close() {
    entries.forEach(entry -> entry.whole.close());
  }
}
