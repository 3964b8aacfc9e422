package latentrace.nn;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.DenseOps;
import latentrace.nn.Layer.ParameterGradients;

/**
 * Passes of an {@link Lstm}, and their memory. The input's products of all steps are one; those of
 * the hidden state are one a step, forwards and backwards through time. With δ_t the gradient at a
 * step's pre-activations, the weights' gradients are Σ_t δ_t·x_tᵀ and Σ_t δ_t·h_{t−1}ᵀ: those of a
 * linear layer with T rows a sample.
 */
final class LstmSaved implements SavingLayer.Saved {
  private final Lstm lstm;
  private final Backend backend;
  private final int gateColumns;
  private final int gatesApart;
  private final int statesApart;
  private final Cleanup cleanup = new Cleanup();

  /** The gates' activations [rows,T,4H]. */
  private final Buffer gates;

  /** The cell states c_t [rows,T,H]. */
  private final Buffer cells;

  /** The state before each step, h_{t−1} [rows,T,H]: zeros at the first, which nobody writes. */
  private final Buffer before;

  /** δ_t [rows,T,4H]. */
  private final Buffer deltas;

  /** What arrives at a cell state from the step after [rows,H]. */
  private final Buffer dCell;

  /** Where only h_T is given out: what arrives at another h_t [rows,H]. */
  private final Buffer dHidden;

  private final Steps gateSteps;
  private final Steps cellSteps;
  private final Steps beforeSteps;
  private final Steps deltaSteps;
  private final Steps outputSteps;
  private final Steps outputGradientSteps;

  LstmSaved(Lstm lstm, Backend backend, int capacity) {
    this.lstm = lstm;
    this.backend = backend;
    int steps = lstm.steps;
    int hidden = lstm.hidden;
    this.gateColumns = Lstm.GATES * hidden;
    this.gatesApart = Math.multiplyExact(steps, gateColumns);
    this.statesApart = steps * hidden;
    try {
      gates = allocate((long) capacity * gatesApart);
      deltas = allocate((long) capacity * gatesApart);
      cells = allocate((long) capacity * statesApart);
      before = allocate((long) capacity * statesApart);
      dCell = allocate((long) capacity * hidden);
      dHidden = allocate(lstm.sequence ? 0 : (long) capacity * hidden);
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
    gateSteps = new Steps(steps, gateColumns);
    deltaSteps = new Steps(steps, gateColumns);
    cellSteps = new Steps(steps, hidden);
    beforeSteps = new Steps(steps, hidden);
    outputSteps = new Steps(steps, hidden);
    outputGradientSteps = new Steps(steps, hidden);
  }

  private Buffer allocate(long length) {
    return cleanup.add(backend.allocate(length), Buffer::close);
  }

  @Override
  public void forward(int rows, Buffer x, Buffer y) {
    backend
        .dense()
        .linearForward(
            Math.multiplyExact(rows, lstm.steps),
            lstm.in,
            gateColumns,
            x,
            lstm.inputWeight.value(),
            lstm.inputBias.value(),
            Activation.IDENTITY,
            gates);
    for (int t = 0; t < lstm.steps; t++) {
      if (t > 0) {
        addHiddenProduct(rows, t);
      }
      boolean last = t == lstm.steps - 1;
      Buffer next = last ? null : beforeSteps.at(t + 1, before);
      boolean isGivenOut = lstm.sequence || last;
      backend
          .recurrent()
          .lstmCellForward(
              rows,
              lstm.hidden,
              gateSteps.at(t, gates),
              gatesApart,
              lstm.hiddenBias.value(),
              t == 0 ? null : cellSteps.at(t - 1, cells),
              cellSteps.at(t, cells),
              statesApart,
              !isGivenOut ? next : lstm.sequence ? outputSteps.at(t, y) : y,
              !isGivenOut || lstm.sequence ? statesApart : lstm.hidden,
              isGivenOut ? next : null,
              statesApart);
    }
  }

  /** z_t += h_{t−1}·W_hhᵀ. */
  private void addHiddenProduct(int rows, int t) {
    backend
        .dense()
        .gemm(
            false,
            true,
            rows,
            gateColumns,
            lstm.hidden,
            1,
            beforeSteps.at(t, before),
            statesApart,
            lstm.hiddenWeight.value(),
            lstm.hidden,
            1,
            gateSteps.at(t, gates),
            gatesApart);
  }

  @Override
  public void backward(
      int rows, Buffer x, Buffer y, Buffer dY, Buffer dX, ParameterGradients mode) {
    dCell.fill(0);
    for (int t = lstm.steps - 1; t >= 0; t--) {
      boolean last = t == lstm.steps - 1;
      Buffer dH = lstm.sequence ? outputGradientSteps.at(t, dY) : last ? dY : dHidden;
      int apart = lstm.sequence ? statesApart : lstm.hidden;
      if (!last) {
        backThroughHiddenProduct(rows, t + 1, dH, apart);
      }
      backend
          .recurrent()
          .lstmCellBackward(
              rows,
              lstm.hidden,
              gateSteps.at(t, gates),
              deltaSteps.at(t, deltas),
              gatesApart,
              t == 0 ? null : cellSteps.at(t - 1, cells),
              cellSteps.at(t, cells),
              statesApart,
              dH,
              apart,
              dCell);
    }
    int allSteps = Math.multiplyExact(rows, lstm.steps);
    if (dX != null) {
      backend
          .dense()
          .linearBackwardInput(
              allSteps, lstm.in, gateColumns, deltas, lstm.inputWeight.value(), dX);
    }
    if (mode != ParameterGradients.NONE) {
      double beta = mode == ParameterGradients.ACCUMULATE ? 1 : 0;
      DenseOps dense = backend.dense();
      dense.linearBackwardParameters(
          allSteps,
          lstm.in,
          gateColumns,
          1,
          x,
          deltas,
          beta,
          lstm.inputWeight.gradient(),
          lstm.inputBias.gradient());
      dense.linearBackwardParameters(
          allSteps,
          lstm.hidden,
          gateColumns,
          1,
          before,
          deltas,
          beta,
          lstm.hiddenWeight.gradient(),
          lstm.hiddenBias.gradient());
    }
  }

  /** dH_{t−1} (+)= δ_t·W_hh, added where the output's gradient stands. */
  private void backThroughHiddenProduct(int rows, int t, Buffer dH, int apart) {
    backend
        .dense()
        .gemm(
            false,
            false,
            rows,
            lstm.hidden,
            gateColumns,
            1,
            deltaSteps.at(t, deltas),
            gatesApart,
            lstm.hiddenWeight.value(),
            lstm.hidden,
            lstm.sequence ? 1 : 0,
            dH,
            apart);
  }

  @Override
  public void gradientRows(
      int first, int n, int rank, Buffer x, boolean[] wanted, Buffer rows, int ld) {
    Buffer h = before.slice((long) first * statesApart);
    Buffer delta = deltas.slice((long) first * gatesApart);
    int all = Math.multiplyExact(rank, lstm.steps);
    long offset = 0;
    for (int p = 0; p < wanted.length; p++) {
      Parameter parameter = lstm.parameters().get(p);
      if (wanted[p]) {
        boolean bias = parameter.isBias();
        boolean ofHidden = parameter == lstm.hiddenWeight;
        Buffer a = ofHidden ? h : x;
        int in = ofHidden ? lstm.hidden : lstm.in;
        backend
            .gradients()
            .materialize(n, all, in, gateColumns, a, delta, !bias, bias, rows.slice(offset), ld);
        offset += parameter.size();
      }
    }
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
