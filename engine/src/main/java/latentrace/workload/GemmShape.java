package latentrace.workload;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.backend.PhiloxRandom;

/**
 * A product C [m,n] = op(A)·op(B), written {@code NT:64x1024x784}: transposes, then m x n x k.
 *
 * @param transA whether A is stored [k,m]
 * @param transB whether B is stored [n,k]
 */
public record GemmShape(boolean transA, boolean transB, int m, int n, int k) {
  private static final Pattern FORM =
      Pattern.compile("([NT])([NT]):([1-9]\\d{0,8})x([1-9]\\d{0,8})x([1-9]\\d{0,8})");

  /**
   * Reads the written form.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static GemmShape parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "shape: found '%s', expected e.g. NT:64x1024x784".formatted(text));
    }
    return new GemmShape(
        form.group(1).equals("T"),
        form.group(2).equals("T"),
        Integer.parseInt(form.group(3)),
        Integer.parseInt(form.group(4)),
        Integer.parseInt(form.group(5)));
  }

  /** Row length of A as it is stored. */
  public int lda() {
    return transA ? m : k;
  }

  /** Row length of B as it is stored. */
  public int ldb() {
    return transB ? k : n;
  }

  /** Floating-point operations: 2·m·n·k. */
  public double operations() {
    return 2.0 * m * n * k;
  }

  /** Random numbers in (−1, 1) for A. */
  public float[] left() {
    return random(Math.multiplyExact(m, k), 0);
  }

  /** Random numbers in (−1, 1) for B. */
  public float[] right() {
    return random(Math.multiplyExact(n, k), 1);
  }

  private static float[] random(int length, int substream) {
    PhiloxRandom random = new PhiloxRandom(1, 0, substream);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }
}
