package latentrace.nn;

import java.util.List;
import latentrace.backend.Buffer;

/**
 * A named tensor that is learned (or a running statistic), with its place in the flat vector of all
 * of its kind.
 */
public final class Parameter {
  /** How a parameter begins, where it does not follow the scheme of {@link Initialisation}. */
  enum Start {
    /** As the scheme says. */
    SCHEME,
    /** U(−1/√fanIn, 1/√fanIn) under every scheme. */
    PYTORCH_DEFAULT,
    /** 1. */
    ONES,
    /** 0. */
    ZEROS
  }

  private final String name;
  private final List<Integer> shape;
  private final int size;
  private final int fanIn;
  private final Start start;
  private long offset;
  private Buffer value;
  private Buffer gradient;

  /**
   * An unbound parameter.
   *
   * @param name last part of its name: weight, bias, running_mean or running_var
   * @param fanIn inputs that add up in one output, for initialisation
   * @param shape row-major
   */
  Parameter(String name, int fanIn, List<Integer> shape) {
    this(name, fanIn, shape, Start.SCHEME);
  }

  Parameter(String name, int fanIn, List<Integer> shape, Start start) {
    this.name = name;
    this.start = start;
    this.fanIn = fanIn;
    this.shape = List.copyOf(shape);
    int product = 1;
    for (int extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    this.size = product;
  }

  void bind(long newOffset, Buffer values, Buffer gradients) {
    offset = newOffset;
    value = values.slice(newOffset, size);
    gradient = gradients == null ? null : gradients.slice(newOffset, size);
  }

  /** Last part of its name. */
  public String name() {
    return name;
  }

  /** Row-major shape, e.g. [out,in]. */
  public List<Integer> shape() {
    return shape;
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** Inputs that add up in one output of its layer. */
  public int fanIn() {
    return fanIn;
  }

  Start start() {
    return start;
  }

  /** Whether it is a bias. */
  public boolean isBias() {
    return shape.size() == 1;
  }

  /** First element in the flat vector. */
  public long offset() {
    return offset;
  }

  /** Its part of the values. */
  public Buffer value() {
    return value;
  }

  /** Its part of the gradients; null for a running statistic. */
  public Buffer gradient() {
    return gradient;
  }
}
