package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.Dataset;
import latentrace.report.Statistics;

/** How often a training sample is the strongest proponent of itself (sections 5.1, B.3). */
final class SanityChecks implements Experiment {
  private static final int SHOWN = 12;
  private static final int EACH = 8;
  private static final List<String> SUBCLASSES =
      List.of(
          "1.000", "1.000", "0.992", "1.000", "0.984", "1.000", "1.000", "1.000", "1.000", "1.000");

  @Override
  public List<String> ids() {
    return List.of("table1", "table5", "figure1");
  }

  @Override
  public String title() {
    return "Sanity check: is a training sample its own strongest proponent?";
  }

  @Override
  public Result run(Context context) {
    Result result = new Result();
    Table main =
        new Table(
            "table1",
            "Table 1: how often the strongest proponent of a training sample, among all of them, is itself.");
    for (int latent : context.scale().digitLatents()) {
      Study study = Study.digits(context, latent);
      add(context, study, main, latent == 64 ? "0.992" : latent == 128 ? "1.000" : null, result);
    }
    add(context, Study.cifar(context), main, "0.609 (d = 64)", result);
    Table classes = new Table("table5", "Table 5: the same of the subclasses of CIFAR-10.");
    List<Double> all = new ArrayList<>();
    for (int c = 0; c < context.scale().classes(); c++) {
      Study study = Study.cifarClass(context, c);
      if (study != null) {
        all.add(add(context, study, classes, SUBCLASSES.get(c), result));
      }
    }
    if (all.isEmpty()) {
      result.note("Table 5: --data has no classes of CIFAR-10 (data_batch_1.bin to 5)");
    } else {
      main.mean(
          "CIFAR subclasses, averaged",
          "0.998",
          "%.3f",
          all.stream().mapToDouble(v -> v).toArray());
      result.with(classes);
    }
    return result.with(main);
  }

  private static double add(
      Context context, Study study, Table table, String published, Result result) {
    int tests = Math.min(context.scale().tests(), study.train().count());
    Dataset test = study.train().range(0, tests);
    float[][] scores = study.scores(test);
    int itself = 0;
    for (int t = 0; t < tests; t++) {
      itself += Statistics.topK(scores[t], 1)[0] == t ? 1 : 0;
    }
    double share = (double) itself / tests;
    table.share(study.name() + ", N = " + study.train().count(), published, share, tests);
    study.notes().forEach(note -> result.note(study.name() + ": " + note));
    result.with(
        Figure.of(
            "figure1-" + fileName(study),
            "Figure 1, %s: training samples and their strongest proponents; green where the first is itself."
                .formatted(study.name()),
            Plots.neighbours(test, study.train(), scores, SHOWN, EACH, 0, true)));
    return share;
  }

  static String fileName(Study study) {
    return study.name().toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
  }
}
