package latentrace.influence.fidelity;

import java.util.ArrayList;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.influence.ParameterSelection;
import latentrace.influence.VaeTracIn;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.ModelSpec;

/** What gradients of fewer parameters, such as the last layers', cost and keep of the scores. */
public final class ParameterChoice {
  private ParameterChoice() {}

  /**
   * Scores by all parameters, then by each selection.
   *
   * @param selections e.g. last:2, decoder
   * @param k proponents that recall counts
   * @return one point for all parameters, then one per selection
   */
  public static List<Tradeoff> measure(
      Backend backend,
      ModelSpec spec,
      List<Checkpoint> checkpoints,
      double[] weights,
      Settings settings,
      List<String> selections,
      Dataset train,
      Dataset test,
      int k) {
    List<Tradeoff> curve = new ArrayList<>();
    Tradeoff.Timed<VaeTracIn.Result> all =
        scores(backend, spec, checkpoints, weights, settings, "all", train, test);
    try (VaeTracIn.Result exact = all.value()) {
      curve.add(point("all", all.seconds(), exact, exact, k));
      for (String selection : selections) {
        Tradeoff.Timed<VaeTracIn.Result> some =
            scores(backend, spec, checkpoints, weights, settings, selection, train, test);
        try (VaeTracIn.Result result = some.value()) {
          curve.add(point(selection, some.seconds(), exact, result, k));
        }
      }
    }
    return curve;
  }

  private static Tradeoff.Timed<VaeTracIn.Result> scores(
      Backend backend,
      ModelSpec spec,
      List<Checkpoint> checkpoints,
      double[] weights,
      Settings settings,
      String selection,
      Dataset train,
      Dataset test) {
    Settings selected = settings.withParameters(ParameterSelection.parse(selection));
    VaeTracIn tracIn =
        new VaeTracIn(backend, spec, checkpoints, weights, selected, Listener.SILENT);
    return Tradeoff.Timed.of(() -> tracIn.scores(train, test));
  }

  private static Tradeoff point(
      String selection, double seconds, VaeTracIn.Result exact, VaeTracIn.Result some, int k) {
    return new Tradeoff(
        "parameters " + selection, seconds, Agreement.of(exact.scores(), some.scores(), k));
  }
}
