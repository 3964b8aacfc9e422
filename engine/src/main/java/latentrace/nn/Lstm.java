package latentrace.nn;

import java.util.List;
import latentrace.backend.Backend;

/**
 * A long short-term memory over sequences of T steps, from zero states: PyTorch's {@code nn.LSTM}
 * of one layer, {@code batch_first}, see {@link latentrace.backend.RecurrentOps} for a step. A row
 * of input is [T,in]; of output [T,H], all h_t, or [H], h_T alone.
 *
 * <p>Parameters are PyTorch's, gates in the order i, f, g, o: weight_ih_l0 [4H,in], weight_hh_l0
 * [4H,H], bias_ih_l0 and bias_hh_l0 [4H]. All begin as U(−1/√H, 1/√H).
 */
public final class Lstm implements SavingLayer {
  /** Gates of a unit. */
  static final int GATES = 4;

  final int steps;
  final int in;
  final int hidden;
  final boolean sequence;
  final Parameter inputWeight;
  final Parameter hiddenWeight;
  final Parameter inputBias;
  final Parameter hiddenBias;
  private final List<Parameter> parameters;

  /**
   * A memory of {@code hidden} units.
   *
   * @param steps T
   * @param in features of a step
   * @param hidden H
   * @param sequence whether the output is all h_t instead of the last
   */
  public Lstm(int steps, int in, int hidden, boolean sequence) {
    if (steps < 1 || in < 1 || hidden < 1) {
      throw new IllegalArgumentException(
          "Lstm(%d, %d, %d): sizes must be positive".formatted(steps, in, hidden));
    }
    this.steps = steps;
    this.in = in;
    this.hidden = hidden;
    this.sequence = sequence;
    int gates = Math.multiplyExact(GATES, hidden);
    this.inputWeight = parameter("weight_ih_l0", List.of(gates, in));
    this.hiddenWeight = parameter("weight_hh_l0", List.of(gates, hidden));
    this.inputBias = parameter("bias_ih_l0", List.of(gates));
    this.hiddenBias = parameter("bias_hh_l0", List.of(gates));
    this.parameters = List.of(inputWeight, hiddenWeight, inputBias, hiddenBias);
  }

  private Parameter parameter(String name, List<Integer> shape) {
    return new Parameter(name, hidden, shape, Parameter.Start.PYTORCH_DEFAULT);
  }

  /** T. */
  public int steps() {
    return steps;
  }

  @Override
  public int inputSize() {
    return Math.multiplyExact(steps, in);
  }

  @Override
  public int outputSize() {
    return sequence ? Math.multiplyExact(steps, hidden) : hidden;
  }

  /** Of the gates: 4H at every step. */
  @Override
  public long widest() {
    return Math.max(inputSize(), (long) steps * GATES * hidden);
  }

  @Override
  public String describe() {
    return "Lstm(%d, %d, %d steps%s)".formatted(in, hidden, steps, sequence ? "" : ", last");
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public Saved newSaved(Backend backend, int capacity) {
    return new LstmSaved(this, backend, capacity);
  }
}
