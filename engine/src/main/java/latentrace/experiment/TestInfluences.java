package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.report.Charts;
import latentrace.report.Statistics;
import org.knowm.xchart.XYChart;

/** Classes and latent distances of proponents and opponents of digits (sections 5.3, B.7). */
final class TestInfluences implements Experiment {
  private static final int PAIRS = 40_000;
  private static final int SHOWN = 32;
  private static final int EACH = 6;

  /** Same class (+), (−), distances (+), (−), (all), by latent size. */
  private static final Map<Integer, List<String>> PUBLISHED =
      Map.of(
          64, List.of("0.819", "0.373", "0.94 ± 0.53", "1.78 ± 0.75", "2.54 ± 0.90"),
          96, List.of("0.840", "0.433", "0.94 ± 0.55", "1.84 ± 0.78", "2.57 ± 0.91"),
          128, List.of("0.821", "0.403", "0.76 ± 0.51", "1.29 ± 0.67", "2.23 ± 0.92"));

  private static final List<String> NONE = List.of("–", "–", "–", "–", "–");

  @Override
  public List<String> ids() {
    return List.of("table2", "figure4", "figure18", "figure19", "figure20", "figure21");
  }

  @Override
  public String title() {
    return "Digits: proponents and opponents of test samples";
  }

  @Override
  public Result run(Context context) {
    Result result = new Result();
    Table table =
        new Table(
            "table2",
            "Table 2: share of the strongest 0.1 % of proponents (+) and opponents (−) that have the test"
                + " sample's class, and latent distances to them (± standard deviation, which the paper"
                + " calls standard error).");
    for (int latent : context.scale().digitLatents()) {
      Study study = Study.digits(context, latent);
      Source tests = context.data().testDigits(context.scale().tests());
      float[][] scores = study.scores(tests.data());
      add(study, tests.data(), scores, PUBLISHED.getOrDefault(latent, NONE), table);
      if (latent == context.scale().digitLatents().get(0)) {
        figures(study, tests.data(), scores, result);
      }
      study.notes().forEach(note -> result.note(study.name() + ": " + note));
    }
    return result.with(table);
  }

  private static void add(
      Study study, Dataset tests, float[][] scores, List<String> published, Table table) {
    int[][] best = Strongest.proponents(scores);
    int[][] worst = Strongest.opponents(scores);
    float[][] codes = study.codes(study.train());
    float[][] testCodes = study.codes(tests);
    String name = study.name() + ": ";
    int pairs = best.length * best[0].length;
    table.share(name + "same class (+)", published.get(0), sameClass(study, tests, best), pairs);
    table.share(name + "same class (−)", published.get(1), sameClass(study, tests, worst), pairs);
    table.row(
        name + "same class, all",
        null,
        Table.format("%.3f", Statistics.sameClassChance(study.train().labels(), tests.labels())),
        tests.count());
    table.spread(name + "distance (+)", published.get(2), distances(best, codes, testCodes));
    table.spread(name + "distance (−)", published.get(3), distances(worst, codes, testCodes));
    int step = Math.max(1, (int) ((long) codes.length * testCodes.length / PAIRS));
    List<Double> all = new ArrayList<>();
    for (long pair = 0; pair < (long) codes.length * testCodes.length; pair += step) {
      all.add(
          Strongest.distance(
              testCodes[(int) (pair / codes.length)], codes[(int) (pair % codes.length)]));
    }
    table.spread(
        name + "distance (all)", published.get(4), all.stream().mapToDouble(v -> v).toArray());
  }

  static double sameClass(Study study, Dataset tests, int[][] chosen) {
    int same = 0;
    int count = 0;
    for (int t = 0; t < chosen.length; t++) {
      for (int i : chosen[t]) {
        same += study.train().label(i) == tests.label(t) ? 1 : 0;
        count++;
      }
    }
    return (double) same / count;
  }

  private static double[] distances(int[][] chosen, float[][] codes, float[][] testCodes) {
    DoubleStream.Builder all = DoubleStream.builder();
    for (int t = 0; t < chosen.length; t++) {
      for (int i : chosen[t]) {
        all.add(Strongest.distance(testCodes[t], codes[i]));
      }
    }
    return all.build().toArray();
  }

  private static void figures(Study study, Dataset tests, float[][] scores, Result result) {
    int classes = 10;
    for (int c = 0; c < classes; c++) {
      DoubleStream.Builder same = DoubleStream.builder();
      DoubleStream.Builder other = DoubleStream.builder();
      for (int t = 0; t < scores.length; t++) {
        if (tests.label(t) == c) {
          double[] values = Plots.normalised(scores[t]);
          for (int i = 0; i < values.length; i++) {
            (study.train().label(i) == c ? same : other).add(values[i]);
          }
        }
      }
      double[] sameValues = same.build().toArray();
      if (sameValues.length == 0) {
        result.note("Figure 19: there is no test sample of class " + c);
        continue;
      }
      XYChart chart =
          Plots.densities(
              "Influence over tests of class " + c,
              "influence, normalised",
              List.of("same class", "another class"),
              List.of(sameValues, other.build().toArray()),
              List.of(Charts.ORANGE, Charts.BLUE));
      result.with(
          Figure.of(
              "figure19-" + c,
              "%s: influence of training samples of the same and of other classes over tests of class %d."
                  .formatted(c == 0 ? "Figures 18 and 19" : "Figure 19", c),
              chart));
    }
    float[][] codes = study.codes(study.train());
    float[][] testCodes = study.codes(tests);
    int n = codes.length;
    int step = Math.max(1, (int) ((long) n * testCodes.length / PAIRS)) | 1;
    DoubleStream.Builder x = DoubleStream.builder();
    DoubleStream.Builder y = DoubleStream.builder();
    for (int t = 0; t < scores.length; t++) {
      double[] values = Plots.normalised(scores[t]);
      for (int i = t % step; i < n; i += step) {
        x.add(Strongest.distance(testCodes[t], codes[i]));
        y.add(values[i]);
      }
    }
    XYChart chart = Plots.chart(study.name(), "distance in latent space", "influence, normalised");
    Plots.dots(chart, "pair", x.build().toArray(), y.build().toArray(), Charts.BLUE);
    chart.getStyler().setLegendVisible(false);
    result.with(Figure.of("figure20", "Figure 20: influence against latent distance.", chart));
    result.with(
        Figure.of(
            "figure21",
            "Figures 4 and 21: test samples, their strongest proponents and opponents.",
            Plots.neighbours(tests, study.train(), scores, SHOWN, EACH, EACH, false)));
  }
}
