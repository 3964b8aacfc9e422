package latentrace.influence.fidelity;

import java.util.ArrayList;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Cleanup;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.ModelSpec;

/**
 * Which few checkpoints keep the ranking that all of them give: greedily, each time that one whose
 * scores, added to those of the ones chosen before, come closest to the whole sum by Spearman's
 * correlation.
 */
public final class CheckpointSelection {
  /**
   * One more checkpoint.
   *
   * @param ordinal of the checkpoint added
   * @param tradeoff of all chosen so far
   */
  public record Step(int ordinal, Tradeoff tradeoff) {}

  private final List<Step> steps = new ArrayList<>();

  /**
   * Scores by every checkpoint and chooses until all are chosen.
   *
   * @param k proponents that recall counts
   */
  public CheckpointSelection(
      Backend backend,
      ModelSpec spec,
      List<Checkpoint> checkpoints,
      double[] weights,
      Settings settings,
      Dataset train,
      Dataset test,
      int k,
      Listener listener) {
    try (Cleanup cleanup = new Cleanup()) {
      List<ScoreMatrix> single = new ArrayList<>();
      List<Double> seconds = new ArrayList<>();
      ScoreMatrix all = own(cleanup, test.count(), train.count());
      for (int c = 0; c < checkpoints.size(); c++) {
        VaeTracIn tracIn =
            new VaeTracIn(
                backend,
                spec,
                List.of(checkpoints.get(c)),
                new double[] {weights[c]},
                settings.withNoise(settings.noise().startingAt(c)),
                listener);
        Tradeoff.Timed<VaeTracIn.Result> scored =
            Tradeoff.Timed.of(() -> tracIn.scores(train, test));
        single.add(cleanup.add(scored.value().scores(), ScoreMatrix::close));
        seconds.add(scored.seconds());
        add(all, single.get(c));
      }
      choose(single, seconds, all, own(cleanup, test.count(), train.count()), k);
    }
  }

  private static ScoreMatrix own(Cleanup cleanup, int tests, int samples) {
    return cleanup.add(new ScoreMatrix(tests, samples), ScoreMatrix::close);
  }

  private void choose(
      List<ScoreMatrix> single, List<Double> seconds, ScoreMatrix all, ScoreMatrix sum, int k) {
    List<Integer> left = new ArrayList<>();
    for (int c = 0; c < single.size(); c++) {
      left.add(c);
    }
    double spent = 0;
    while (!left.isEmpty()) {
      int best = -1;
      Agreement closest = null;
      for (int c : left) {
        try (ScoreMatrix candidate = new ScoreMatrix(sum.tests(), sum.samples())) {
          add(candidate, sum);
          add(candidate, single.get(c));
          Agreement agreement = Agreement.of(all, candidate, k);
          if (closest == null || agreement.spearman() > closest.spearman()) {
            best = c;
            closest = agreement;
          }
        }
      }
      add(sum, single.get(best));
      left.remove(Integer.valueOf(best));
      spent += seconds.get(best);
      String setting = "%d of %d checkpoints".formatted(steps.size() + 1, single.size());
      steps.add(new Step(best, new Tradeoff(setting, spent, closest)));
    }
  }

  private static void add(ScoreMatrix target, ScoreMatrix added) {
    double[] sums = new double[target.samples()];
    double[] more = new double[target.samples()];
    for (int t = 0; t < target.tests(); t++) {
      target.sums(t, sums);
      added.sums(t, more);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += more[i];
      }
      target.setSums(t, sums);
    }
  }

  /** The checkpoints in the order chosen; the last step is all of them. */
  public List<Step> steps() {
    return List.copyOf(steps);
  }
}
