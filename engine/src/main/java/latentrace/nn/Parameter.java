package latentrace.nn;

import java.util.List;
import latentrace.backend.Buffer;

/** A named tensor that is learned, with its place in the flat vector of all parameters. */
public final class Parameter {
  private final String name;
  private final List<Integer> shape;
  private final int size;
  private final int fanIn;
  private long offset;
  private Buffer value;
  private Buffer gradient;

  /**
   * An unbound parameter.
   *
   * @param name last part of its name: weight or bias
   * @param fanIn inputs that add up in one output, for initialisation
   * @param shape row-major
   */
  Parameter(String name, int fanIn, List<Integer> shape) {
    this.name = name;
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
    gradient = gradients.slice(newOffset, size);
  }

  /** Weight or bias. */
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

  /** Its part of the gradients. */
  public Buffer gradient() {
    return gradient;
  }
}
