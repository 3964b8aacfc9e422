package latentrace.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import latentrace.checkpoint.TrainingSpec;
import latentrace.nn.Linear;
import latentrace.nn.Parameters;
import latentrace.nn.Sequential;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.Test;

/** Three steps of each optimiser as PyTorch documents them, by hand on f(p) = p²/2 at p = 1. */
class OptimizerTest {
  private static TrainingSpec spec(
      String optimizer, double momentum, boolean nesterov, double weightDecay) {
    TrainingSpec base =
        optimizer.equals(TrainingSpec.ADAM)
            ? TrainingSpec.adam(0.1, 1, 3, 1, 0)
            : TrainingSpec.sgd(0.1, 1, 3, 1, 0);
    return new TrainingSpec(
        optimizer,
        base.learningRate(),
        base.schedule(),
        momentum,
        nesterov,
        weightDecay,
        0.5,
        0.75,
        1e-8,
        1,
        3,
        1,
        0,
        base.noise(),
        base.initialisation(),
        true,
        true,
        0,
        3);
  }

  /** Parameters after each of three steps with gradient = p, rates 0.1, 0.1, 0.05. */
  private static void check(TrainingSpec spec, int stateVectors, double... expected) {
    try (EjmlBackend backend = new EjmlBackend(1);
        Parameters parameters =
            new Parameters(backend, List.of(new Sequential("a", List.of(new Linear(1, 1)))));
        Optimizer optimizer = new Optimizer(backend, parameters, spec)) {
      assertEquals(stateVectors, optimizer.state().size());
      parameters.values().upload(1.0, -1.0);
      double[] found = new double[3];
      double[] rates = {0.1, 0.1, 0.05};
      for (int step = 1; step <= 3; step++) {
        parameters.gradients().copyFrom(parameters.values());
        optimizer.step(step, rates[step - 1]);
        double[] values = parameters.values().toDoubles();
        found[step - 1] = values[0];
        assertEquals(-values[0], values[1]);
      }
      assertArrayEquals(expected, found, 1e-14);
    }
  }

  @Test
  void sgd() {
    check(spec("sgd", 0, false, 0), 0, 0.9, 0.81, 0.7695);
    // weight decay 1 doubles the gradient
    check(spec("sgd", 0, false, 1), 0, 0.8, 0.64, 0.576);
  }

  @Test
  void momentum() {
    // v: 1, 0.5 + 0.9 = 1.4, 0.7 + 0.76 = 1.46; p: 0.9, 0.76, 0.76 - 0.073
    check(spec("sgd", 0.5, false, 0), 1, 0.9, 0.76, 0.687);
    // g + v/2: 1.5; v = 0.5 + 0.85 = 1.35, 0.85 + 0.675; v = 0.675 + 0.6975, 0.6975 + 0.68625
    check(spec("sgd", 0.5, true, 0), 1, 0.85, 0.6975, 0.6283125);
  }

  @Test
  void adam() {
    // step 1: m̂ = g, v̂ = g²: 0.1·1/(1 + 1e-8)
    double p1 = 1 - 0.1 / (1 + 1e-8);
    double m2 = 0.25 + 0.5 * p1;
    double v2 = 0.75 * 0.25 + 0.25 * p1 * p1;
    double p2 = p1 - 0.1 * (m2 / 0.75) / (Math.sqrt(v2 / (1 - 0.5625)) + 1e-8);
    double m3 = 0.5 * m2 + 0.5 * p2;
    double v3 = 0.75 * v2 + 0.25 * p2 * p2;
    double p3 = p2 - 0.05 * (m3 / 0.875) / (Math.sqrt(v3 / (1 - 0.421875)) + 1e-8);
    check(spec("adam", 0, false, 0), 2, p1, p2, p3);
  }
}
