package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;

/**
 * What one pass through a {@link Sequential} leaves: each layer's input and output, what a {@link
 * SavingLayer} keeps, and after backward the gradient at each layer's pre-activation. Made once for
 * a capacity of rows and reused; two tapes keep two passes apart.
 */
public final class Tape implements AutoCloseable {
  private final List<Layer> layers;
  private final int capacity;
  private final Buffer[] outputs;
  private final Buffer[] deltas;
  private final SavingLayer.Saved[] saved;
  private final Buffer firstInputGradient;
  private final boolean[] aliases;
  private final Cleanup cleanup = new Cleanup();
  private Buffer input;
  private int rows;

  /**
   * Allocates it.
   *
   * @param capacity most rows of a pass
   * @param inputGradient whether backward will be asked for the gradient at the input
   */
  public Tape(Backend backend, Sequential sequential, int capacity, boolean inputGradient) {
    this.layers = sequential.layers();
    this.capacity = capacity;
    this.outputs = new Buffer[layers.size()];
    this.deltas = new Buffer[layers.size()];
    this.saved = new SavingLayer.Saved[layers.size()];
    this.aliases = new boolean[layers.size()];
    try {
      for (int k = 0; k < layers.size(); k++) {
        long elements = (long) capacity * layers.get(k).outputSize();
        aliases[k] = layers.get(k) instanceof Reshaping;
        if (!aliases[k]) {
          outputs[k] = allocate(backend, elements);
        }
        // a reshaping layer hands its gradient on as it is: both are one buffer
        deltas[k] = aliases[k] && k > 0 ? deltas[k - 1] : allocate(backend, elements);
        if (layers.get(k) instanceof SavingLayer saving) {
          saved[k] = cleanup.add(saving.newSaved(backend, capacity), SavingLayer.Saved::close);
        }
      }
      this.firstInputGradient =
          !inputGradient
              ? null
              : aliases[0]
                  ? deltas[0]
                  : allocate(backend, (long) capacity * sequential.inputSize());
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  private Buffer allocate(Backend backend, long length) {
    return cleanup.add(backend.allocate(length), Buffer::close);
  }

  void begin(int newRows, Buffer x) {
    if (newRows < 1 || newRows > capacity) {
      throw new IllegalArgumentException(
          "tape: %d rows, its capacity is %d".formatted(newRows, capacity));
    }
    rows = newRows;
    input = x;
  }

  /** Rows of the last pass. */
  public int rows() {
    return rows;
  }

  /** What layer {@code k} read: [rows,in], factor a. */
  public Buffer input(int k) {
    return k == 0 ? input : output(k - 1);
  }

  /** What layer {@code k} wrote: [rows,out]. */
  public Buffer output(int k) {
    return aliases[k] ? input(k) : outputs[k];
  }

  /** What layer {@code k} keeps; null unless it is a {@link SavingLayer}. */
  SavingLayer.Saved saved(int k) {
    return saved[k];
  }

  /**
   * Writes samples' gradients of layer {@code k}'s parameters as rows, after backward, see {@link
   * ParametricLayer#gradientRows} and {@link SavingLayer.Saved#gradientRows}.
   *
   * @param from first sample
   * @param n samples
   * @param rank rows of the pass per sample
   * @param wanted of each parameter of the layer, whether its part is written
   * @param target [n,≥columns], the first columns of each row overwritten
   * @param ld distance between rows
   */
  public void gradientRows(
      Backend backend, int k, int from, int n, int rank, boolean[] wanted, Buffer target, int ld) {
    Layer layer = layers.get(k);
    int first = Math.multiplyExact(from, rank);
    Buffer x = input(k).slice((long) first * layer.inputSize());
    if (saved[k] != null) {
      saved[k].gradientRows(first, n, rank, x, wanted, target, ld);
    } else {
      Buffer delta = delta(k).slice((long) first * layer.outputSize());
      boolean bias = wanted.length > 1 && wanted[1];
      ((ParametricLayer) layer)
          .gradientRows(backend, n, rank, x, delta, wanted[0], bias, target, ld);
    }
  }

  /**
   * The gradient at layer {@code k}'s pre-activation, after backward: [rows,out], factor δ. A
   * {@link SavingLayer} keeps its own.
   */
  public Buffer delta(int k) {
    return deltas[k];
  }

  /** Where the caller puts the gradient at the output before backward. */
  public Buffer outputGradient() {
    return deltas[deltas.length - 1];
  }

  /** The gradient at the input, after a backward that was asked for it. */
  public Buffer inputGradient() {
    return inputGradient(0);
  }

  Buffer inputGradient(int k) {
    if (k == 0 && firstInputGradient == null) {
      throw new IllegalStateException("this tape was made without the gradient at the input");
    }
    return k == 0 ? firstInputGradient : deltas[k - 1];
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
