package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/** A differentiable function on rows of {@code inputSize} features. */
public interface Layer {
  /** What becomes of parameter gradients in backward. */
  enum ParameterGradients {
    /** Not computed. */
    NONE,
    /** Batch sums replace what was there. */
    OVERWRITE,
    /** Batch sums are added. */
    ACCUMULATE
  }

  /** Features of a row of input. */
  int inputSize();

  /** Features of a row of output. */
  int outputSize();

  /** Features of a row of the largest array that a pass makes. */
  default long widest() {
    return outputSize();
  }

  /** Name with its sizes, for people. */
  String describe();

  /** Its parameters in order (weights, biases), or none. Bound to memory by {@link Parameters}. */
  List<Parameter> parameters();

  /** Name of one of its parameters or statistics within it. */
  default String nameOf(Parameter parameter) {
    return parameter.name();
  }

  /** Running statistics: kept in checkpoints, not learned. */
  default List<Parameter> statistics() {
    return List.of();
  }

  /** Whether passes from now on are training steps; off at first. */
  default void training(boolean on) {
    // most layers do the same in both
  }

  /**
   * y = f(x).
   *
   * @param x [rows,inputSize], read
   * @param y [rows,outputSize], overwritten
   */
  void forward(Backend backend, int rows, Buffer x, Buffer y);

  /**
   * The backward pass of the last forward.
   *
   * @param x what forward read
   * @param y what forward wrote
   * @param dY gradient at y [rows,outputSize], read; a layer with parameters leaves the gradient at
   *     its pre-activation here
   * @param dX gradient at x [rows,inputSize], overwritten; null if not wanted
   */
  void backward(
      Backend backend, int rows, Buffer x, Buffer y, Buffer dY, Buffer dX, ParameterGradients mode);

  /**
   * The backward pass of the last forward and a step of gradient descent, θ ← (1 − lr·decay)·θ −
   * lr·∇θ. The gradient at x is that before the step. What is left in the parameters' gradients is
   * open: a layer that can saves the way through memory.
   *
   * @param x what forward read
   * @param y what forward wrote
   * @param dY gradient at y [rows,outputSize], read and overwritten
   * @param dX gradient at x [rows,inputSize], overwritten; null if not wanted
   * @param lr learning rate
   * @param decay weight decay (L2)
   */
  default void descend(
      Backend backend,
      int rows,
      Buffer x,
      Buffer y,
      Buffer dY,
      Buffer dX,
      double lr,
      double decay) {
    backward(backend, rows, x, y, dY, dX, ParameterGradients.OVERWRITE);
    step(backend, lr, decay);
  }

  /** The step of gradient descent, after a backward pass. */
  default void step(Backend backend, double lr, double decay) {
    List<Parameter> parameters = parameters();
    for (int i = 0; i < parameters.size(); i++) {
      Parameter p = parameters.get(i);
      backend.optimizers().sgd(p.size(), p.value(), p.gradient(), null, lr, 0, false, decay);
    }
  }
}
