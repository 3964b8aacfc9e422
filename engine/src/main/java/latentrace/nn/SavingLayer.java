package latentrace.nn;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;

/**
 * A layer whose backward pass needs more of the forward pass than its input and output. It works in
 * a {@link Saved}, which the tape owns. Outside of one, forward keeps nothing and backward computes
 * again what it needs.
 */
public interface SavingLayer extends Layer {
  /** Memory for passes of up to {@code capacity} rows. */
  Saved newSaved(Backend backend, int capacity);

  @Override
  default void forward(Backend backend, int rows, Buffer x, Buffer y) {
    try (Saved saved = newSaved(backend, rows)) {
      saved.forward(rows, x, y);
    }
  }

  @Override
  default void backward(
      Backend backend,
      int rows,
      Buffer x,
      Buffer y,
      Buffer dY,
      Buffer dX,
      ParameterGradients mode) {
    try (Saved saved = newSaved(backend, rows)) {
      saved.forward(rows, x, y);
      saved.backward(rows, x, y, dY, dX, mode);
    }
  }

  /** What one pass leaves of the layer, and the layer's functions that make and use it. */
  interface Saved extends AutoCloseable {
    /** {@link Layer#forward}, keeping what backward needs. */
    void forward(int rows, Buffer x, Buffer y);

    /** {@link Layer#backward}, keeping the gradients at the pre-activations. */
    void backward(
        int rows, Buffer x, Buffer y, Buffer dY, Buffer dX, Layer.ParameterGradients mode);

    /**
     * Writes each sample's gradient as a row, after a backward pass: rows[i, ..] = those of the
     * parameters that are wanted, in order, summed over the sample's {@code rank} rows of x, which
     * stand together.
     *
     * @param first row of the pass that the first sample begins with
     * @param n samples
     * @param rank rows of x per sample
     * @param x what forward read, from that row on [n·rank,inputSize], read
     * @param wanted of each parameter, whether its part is written
     * @param rows [n,≥columns], the first columns of each row overwritten
     * @param ld distance between rows
     */
    void gradientRows(int first, int n, int rank, Buffer x, boolean[] wanted, Buffer rows, int ld);

    @Override
    void close();
  }
}
