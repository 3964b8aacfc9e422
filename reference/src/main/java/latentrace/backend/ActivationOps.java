package latentrace.backend;

/** Element-wise activations, see {@link Activation} for the functions. */
public abstract class ActivationOps {
  private final Backend owner;

  /** For backends. */
  protected ActivationOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * y = f(x).
   *
   * @param length number of elements
   * @param x read
   * @param y overwritten; may be x
   */
  public final void forward(Activation activation, long length, Buffer x, Buffer y) {
    Checks.notNegative("activationForward", "length", length);
    Checks.holds(owner, "activationForward", "x", "[length]", x, length);
    Checks.holds(owner, "activationForward", "y", "[length]", y, length);
    doForward(activation, length, x, y);
  }

  /**
   * y = f(a + b): where the two branches of a residual block meet. Its backward pass is {@link
   * #backward}, whose dX is the gradient at both.
   *
   * @param length number of elements
   * @param a read
   * @param b read
   * @param y overwritten; may be a or b
   */
  public final void add(Activation activation, long length, Buffer a, Buffer b, Buffer y) {
    Checks.notNegative("activationAdd", "length", length);
    Checks.holds(owner, "activationAdd", "a", "[length]", a, length);
    Checks.holds(owner, "activationAdd", "b", "[length]", b, length);
    Checks.holds(owner, "activationAdd", "y", "[length]", y, length);
    doAdd(activation, length, a, b, y);
  }

  /**
   * dX = dY·f'(x), with f' taken from y = f(x).
   *
   * @param length number of elements
   * @param y the forward result, read
   * @param dY read
   * @param dX overwritten; may be dY
   */
  public final void backward(Activation activation, long length, Buffer y, Buffer dY, Buffer dX) {
    Checks.notNegative("activationBackward", "length", length);
    Checks.holds(owner, "activationBackward", "y", "[length]", y, length);
    Checks.holds(owner, "activationBackward", "dY", "[length]", dY, length);
    Checks.holds(owner, "activationBackward", "dX", "[length]", dX, length);
    doBackward(activation, length, y, dY, dX);
  }

  /** {@link #forward}, unchecked. */
  protected abstract void doForward(Activation activation, long length, Buffer x, Buffer y);

  /** {@link #add}, unchecked. */
  protected abstract void doAdd(Activation activation, long length, Buffer a, Buffer b, Buffer y);

  /** {@link #backward}, unchecked. */
  protected abstract void doBackward(
      Activation activation, long length, Buffer y, Buffer dY, Buffer dX);
}
