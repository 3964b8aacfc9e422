package latentrace.experiment;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.report.Statistics;

/** Training again without the samples of highest self-influence (appendix B.6). */
final class Removal implements Experiment {
  private static final List<Integer> REMOVED = List.of(0, 4, 8, 16, 32, 64, 128, 256, 512, 1024);
  private static final List<String> PUBLISHED =
      List.of("4.24", "4.21", "4.18", "4.19", "4.18", "4.21", "4.17", "4.17", "4.18", "4.18");

  @Override
  public List<String> ids() {
    return List.of("table9");
  }

  @Override
  public String title() {
    return "Retraining after removal of high self-influence samples";
  }

  @Override
  public Result run(Context context) {
    Scale scale = context.scale();
    Source digits = context.data().digits(scale.samples());
    Source letters = context.data().letters(scale.extra());
    Dataset mixed = Dataset.concat("digits and letters", digits.data(), letters.data());
    Dataset test =
        context.data().testDigits(scale.equals(Scale.SMOKE) ? scale.tests() : 10_000).data();
    List<String> notes = ExperimentData.notes(digits, letters);
    int latent = scale.digitLatents().get(0);
    String name = "MNIST + EMNIST, d = " + latent;
    Study whole = Study.digits(context, name, latent, mixed, notes, 1);
    int[] ranking = Statistics.ranking(whole.selfInfluence().self());
    Table table =
        new Table(
            "table9",
            "Table 9: mean loss of the test digits after training without the samples of highest"
                + " self-influence. Published: ×10⁻³, on the published code's scale; ours: in nats, as"
                + " trained.");
    Result result = new Result();
    for (int removed : scale.removed()) {
      int[] left = Arrays.stream(ranking, removed, ranking.length).sorted().toArray();
      Study study =
          removed == 0 ? whole : Study.digits(context, name, latent, mixed.select(left), notes, 1);
      double[] losses = Plots.doubles(study.selfInfluence(test).losses());
      long foreign =
          IntStream.range(0, removed).filter(k -> ranking[k] >= digits.data().count()).count();
      int at = REMOVED.indexOf(removed);
      table.mean(
          "%d removed (%d of them letters)".formatted(removed, foreign),
          at < 0 ? null : PUBLISHED.get(at),
          "%.3f",
          losses);
    }
    whole.notes().forEach(note -> result.note(note));
    return result.with(table);
  }
}
