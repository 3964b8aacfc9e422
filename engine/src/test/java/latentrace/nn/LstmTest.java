package latentrace.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import latentrace.backend.Buffer;
import latentrace.nn.Layer.ParameterGradients;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;

/** The recurrent layer beyond its gradients, which {@link LayerGradientTest} takes. */
class LstmTest {
  private final EjmlBackend backend = new EjmlBackend(1);
  private final Random random = new Random(5);

  private Buffer noise(int length) {
    return of(random.doubles(length, -1, 1).toArray());
  }

  private Buffer of(double... values) {
    Buffer buffer = backend.allocate(values.length);
    buffer.upload(values);
    return buffer;
  }

  private static void check(double[] expected, Buffer actual) {
    assertArrayEquals(expected, actual.toDoubles(), 1e-14);
  }

  /**
   * T = 2, H = 1, x = (1, 0), no bias. Step 1: z = (ln 3, 0, ln 2, ln 3), so i = ¾, f = ½, g = 3/5,
   * o = ¾, c = 9/20. Step 2: W_hh·h₁ = (ln 3, 0, ln 2, −ln 3), so o = ¼ and c = 27/40.
   */
  @Test
  void twoStepsByHand() {
    double ln2 = Math.log(2);
    double ln3 = Math.log(3);
    double tanh1 = Math.tanh(9 / 20.0);
    double tanh2 = Math.tanh(27 / 40.0);
    double h1 = 0.75 * tanh1;
    double[] ofInput = {ln3, 0, ln2, ln3};
    double[] ofHidden = {ln3 / h1, 0, ln2 / h1, -ln3 / h1};
    Lstm lstm = new Lstm(2, 1, 1, false);
    Sequential chain = new Sequential("a", List.of(lstm));
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, 1, true)) {
      assertEquals(16, parameters.count());
      lstm.parameters().get(0).value().upload(ofInput);
      lstm.parameters().get(1).value().upload(ofHidden);
      check(new double[] {0.25 * tanh2}, chain.forward(backend, tape, 1, of(1, 0)));

      tape.outputGradient().fill(1);
      chain.backward(backend, tape, true, ParameterGradients.OVERWRITE);
      double e2 = 0.25 * (1 - tanh2 * tanh2);
      double[] delta2 = {
        e2 * 0.6 * 0.75 * 0.25, e2 * 0.45 * 0.25, e2 * 0.75 * 0.64, tanh2 * 0.25 * 0.75
      };
      double dH1 = delta2[0] * ofHidden[0] + delta2[2] * ofHidden[2] + delta2[3] * ofHidden[3];
      double e1 = e2 * 0.5 + dH1 * 0.75 * (1 - tanh1 * tanh1);
      double[] delta1 = {e1 * 0.6 * 0.75 * 0.25, 0, e1 * 0.75 * 0.64, dH1 * tanh1 * 0.75 * 0.25};
      double[] sums = new double[4];
      double[] products = new double[4];
      double[] dX = new double[2];
      for (int k = 0; k < 4; k++) {
        sums[k] = delta1[k] + delta2[k];
        products[k] = delta2[k] * h1;
        dX[0] += delta1[k] * ofInput[k];
        dX[1] += delta2[k] * ofInput[k];
      }
      check(delta1, lstm.parameters().get(0).gradient());
      check(products, lstm.parameters().get(1).gradient());
      check(sums, lstm.parameters().get(2).gradient());
      check(sums, lstm.parameters().get(3).gradient());
      check(dX, tape.inputGradient());
    }
  }

  /**
   * Of samples with two rows each, all tensors or some: what a pass of the sample alone sums to.
   */
  @Test
  void gradientRowsAreThoseOfTheSampleAlone() {
    boolean[][] selections = {
      {true, true, true, true}, {false, true, false, true}, {true, false, false, false}
    };
    for (boolean sequence : new boolean[] {true, false}) {
      Lstm lstm = new Lstm(3, 2, 4, sequence);
      Sequential chain = new Sequential("a", List.of(lstm));
      try (Parameters parameters = new Parameters(backend, List.of(chain));
          Tape tape = new Tape(backend, chain, 8, false);
          Tape alone = new Tape(backend, chain, 2, false)) {
        parameters.values().copyFrom(noise((int) parameters.count()));
        Buffer x = noise(8 * lstm.inputSize());
        Buffer dY = noise(8 * lstm.outputSize());
        chain.forward(backend, tape, 8, x);
        tape.outputGradient().copyFrom(dY);
        chain.backward(backend, tape, false, ParameterGradients.NONE);
        for (boolean[] wanted : selections) {
          int columns = 0;
          for (int p = 0; p < 4; p++) {
            columns += wanted[p] ? lstm.parameters().get(p).size() : 0;
          }
          int ld = columns + 3;
          Buffer rows = backend.allocate(2L * ld);
          rows.fill(Double.NaN);
          tape.gradientRows(backend, 0, 1, 2, 2, wanted, rows, ld);
          for (int i = 0; i < 2; i++) {
            chain.forward(backend, alone, 2, x.slice(2L * (i + 1) * lstm.inputSize()));
            alone
                .outputGradient()
                .copyFrom(dY.slice(2L * (i + 1) * lstm.outputSize(), 2L * lstm.outputSize()));
            chain.backward(backend, alone, false, ParameterGradients.OVERWRITE);
            double[] row = rows.slice((long) i * ld, ld).toDoubles();
            int at = 0;
            for (int p = 0; p < 4; p++) {
              if (wanted[p]) {
                double[] expected = lstm.parameters().get(p).gradient().toDoubles();
                double[] actual = Arrays.copyOfRange(row, at, at + expected.length);
                assertArrayEquals(expected, actual, 1e-13, "sample " + i + " tensor " + p);
                at += expected.length;
              }
            }
            assertArrayEquals(
                new double[] {Double.NaN, Double.NaN, Double.NaN},
                Arrays.copyOfRange(row, at, ld),
                "past the columns");
          }
        }
      }
    }
  }

  /** What an earlier, larger pass has left is not seen. */
  @Test
  void aSmallerPassAfterALargerOne() {
    Sequential chain =
        new Sequential("a", List.of(new Lstm(3, 2, 4, true), new Lstm(3, 4, 2, false)));
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape used = new Tape(backend, chain, 5, true);
        Tape fresh = new Tape(backend, chain, 2, true)) {
      parameters.values().copyFrom(noise((int) parameters.count()));
      Buffer x = noise(5 * 6);
      run(chain, used, 5, x, noise(5 * 2));
      Buffer dY = noise(2 * 2);
      run(chain, fresh, 2, x, dY);
      double[] expected = parameters.gradients().toDoubles();
      double[] dX = fresh.inputGradient().toDoubles();
      run(chain, used, 2, x, dY);
      assertArrayEquals(expected, parameters.gradients().toDoubles());
      assertArrayEquals(dX, used.inputGradient().slice(0, dX.length).toDoubles());
    }
  }

  private void run(Sequential chain, Tape tape, int rows, Buffer x, Buffer dY) {
    chain.forward(backend, tape, rows, x);
    tape.outputGradient().slice(0, dY.length()).copyFrom(dY);
    chain.backward(backend, tape, true, ParameterGradients.OVERWRITE);
  }

  /** As any layer, without a tape: backward computes again what it needs. */
  @Test
  void withoutATape() {
    Lstm lstm = new Lstm(3, 2, 4, true);
    Sequential chain = new Sequential("a", List.of(lstm));
    try (Parameters parameters = new Parameters(backend, List.of(chain));
        Tape tape = new Tape(backend, chain, 2, true)) {
      parameters.values().copyFrom(noise((int) parameters.count()));
      Buffer x = noise(12);
      Buffer dY = noise(24);
      run(chain, tape, 2, x, dY);
      double[] expected = parameters.gradients().toDoubles();
      Buffer y = backend.allocate(24);
      Buffer dX = backend.allocate(12);
      lstm.forward(backend, 2, x, y);
      assertArrayEquals(tape.output(0).toDoubles(), y.toDoubles());
      lstm.backward(backend, 2, x, y, dY, dX, ParameterGradients.OVERWRITE);
      assertArrayEquals(expected, parameters.gradients().toDoubles());
      assertArrayEquals(tape.inputGradient().toDoubles(), dX.toDoubles());
    }
  }

  /** U(−1/√H, 1/√H) for all four tensors under either scheme, and PyTorch's names. */
  @Test
  void beginsAsPyTorchs() {
    Sequential chain = new Sequential("encoder", Map.of("rnn1", new Lstm(3, 50, 25, true)));
    for (Initialisation scheme : Initialisation.values()) {
      try (Parameters parameters = new Parameters(backend, List.of(chain))) {
        parameters.initialise(scheme, 3);
        assertEquals(
            List.of(
                "encoder.rnn1.weight_ih_l0",
                "encoder.rnn1.weight_hh_l0",
                "encoder.rnn1.bias_ih_l0",
                "encoder.rnn1.bias_hh_l0"),
            List.copyOf(parameters.named().keySet()));
        parameters
            .named()
            .forEach(
                (name, p) -> {
                  double largest =
                      Arrays.stream(p.value().toDoubles()).map(Math::abs).max().orElseThrow();
                  assertTrue(largest <= 0.2 * (1 + 1e-7), name + " leaves its bounds");
                  assertTrue(largest >= 0.19, name + " is too small");
                });
      }
    }
  }

  @Test
  void sizes() {
    assertEquals(
        "Lstm(2, 0, 3): sizes must be positive",
        assertThrows(IllegalArgumentException.class, () -> new Lstm(2, 0, 3, true)).getMessage());
    assertEquals("Lstm(5, 3, 7 steps, last)", new Lstm(7, 5, 3, false).describe());
    assertEquals(84, new Lstm(7, 5, 3, false).widest());
  }
}
