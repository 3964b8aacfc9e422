package latentrace.attribution;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.nn.Layer.ParameterGradients;
import latentrace.nn.Sequential;
import latentrace.nn.Tape;

/**
 * A representation in two: its affine first layer A from [D] to [P], and the rest from [P] to [H].
 */
final class AffineStart implements AutoCloseable {
  private final Backend backend;
  private final Sequential affine;
  private final Representation rest;
  private final Tape tape;
  private final Buffer input;
  private final Cleanup cleanup = new Cleanup();

  /**
   * Memory for passes.
   *
   * @param rest owned from now on
   */
  AffineStart(Backend backend, Sequential affine, Representation rest) {
    this.backend = backend;
    this.affine = affine;
    this.rest = cleanup.add(rest, Representation::close);
    try {
      tape = cleanup.add(new Tape(backend, affine, rest.capacity(), true), Tape::close);
      long inputs = (long) rest.capacity() * affine.inputSize();
      input = cleanup.add(backend.allocate(inputs), Buffer::close);
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /** P. */
  int size() {
    return affine.outputSize();
  }

  /** What comes behind A. */
  Representation rest() {
    return rest;
  }

  /**
   * y = A(x).
   *
   * @param x [count,D], row-major
   * @param y [count,P], overwritten
   */
  void forward(float[] x, int count, float[] y) {
    input.upload(x, 0, 0, count * affine.inputSize());
    affine.forward(backend, tape, count, input).download(0, y, 0, count * size());
  }

  /**
   * dX = Aᵀ dY, without A's constant.
   *
   * @param dY [count][P]
   * @param dX [count][D], overwritten
   */
  void adjoint(float[][] dY, float[][] dX) {
    int d = affine.inputSize();
    // sets the tape's rows: what the input is does not matter to an affine layer's gradient
    affine.forward(backend, tape, dY.length, input);
    for (int i = 0; i < dY.length; i++) {
      tape.outputGradient().upload(dY[i], 0, (long) i * size(), size());
    }
    affine.backward(backend, tape, true, ParameterGradients.NONE);
    for (int i = 0; i < dX.length; i++) {
      tape.inputGradient().download((long) i * d, dX[i], 0, d);
    }
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
