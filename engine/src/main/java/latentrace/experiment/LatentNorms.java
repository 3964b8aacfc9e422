package latentrace.experiment;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.report.Charts;
import org.knowm.xchart.XYChart;

/** Latent norms of proponents and opponents of images (sections 5.3, B.8). */
final class LatentNorms implements Experiment {
  private static final int SHOWN = 16;
  private static final int EACH = 6;
  private static final List<List<String>> PUBLISHED =
      List.of(
          List.of("4.73 ± 0.78", "4.26 ± 0.91", "4.07 ± 0.83"),
          List.of("5.30 ± 0.71", "4.54 ± 0.65", "4.65 ± 0.64"),
          List.of("4.89 ± 0.78", "4.18 ± 0.88", "4.09 ± 0.93"),
          List.of("5.09 ± 0.75", "4.47 ± 0.78", "4.42 ± 0.79"),
          List.of("5.06 ± 0.72", "3.96 ± 1.00", "4.01 ± 0.89"),
          List.of("5.25 ± 0.75", "4.33 ± 0.94", "4.54 ± 0.81"),
          List.of("4.73 ± 0.66", "3.99 ± 0.80", "3.95 ± 0.82"),
          List.of("5.11 ± 0.76", "4.42 ± 0.73", "4.43 ± 0.74"),
          List.of("5.10 ± 0.72", "4.19 ± 0.88", "4.22 ± 0.84"),
          List.of("5.48 ± 0.62", "4.62 ± 0.69", "4.79 ± 0.64"));
  private static final List<String> CIFAR = List.of("7.42 ± 1.10", "3.89 ± 1.26", "5.06 ± 1.18");

  @Override
  public List<String> ids() {
    List<String> grids = IntStream.rangeClosed(24, 33).mapToObj(k -> "figure" + k).toList();
    return java.util.stream.Stream.concat(
            List.of("table3", "table10", "figure22", "figure23").stream(), grids.stream())
        .toList();
  }

  @Override
  public String title() {
    return "Images: strong proponents have large latent norms";
  }

  @Override
  public Result run(Context context) {
    Result result = new Result();
    Table table =
        new Table(
            "table3",
            "Tables 3 and 10: latent norms of the strongest 0.1 % of proponents (+) and opponents (−) and"
                + " of all training samples (± standard deviation).");
    add(context, Study.cifar(context), -1, CIFAR, table, "figure22", result);
    for (int c = 0; c < context.scale().classes(); c++) {
      Study study = Study.cifarClass(context, c);
      if (study == null) {
        result.note("--data has no images of class " + c);
      } else {
        add(context, study, c, PUBLISHED.get(c), table, "figure" + (24 + c), result);
      }
    }
    return result.with(table);
  }

  private static void add(
      Context context,
      Study study,
      int label,
      List<String> published,
      Table table,
      String figure,
      Result result) {
    Source tests = context.data().testImages(label, context.scale().tests(), study.train());
    Dataset test = tests.data();
    float[][] scores = study.scores(test);
    double[] norms = DoubleStream.of(norms(study.codes(study.train()))).toArray();
    String name = study.name();
    table.spread(name + " (+)", published.get(0), of(norms, Strongest.proponents(scores)));
    table.spread(name + " (−)", published.get(1), of(norms, Strongest.opponents(scores)));
    table.spread(name + " (all)", published.get(2), norms);
    DoubleStream.Builder x = DoubleStream.builder();
    DoubleStream.Builder y = DoubleStream.builder();
    for (float[] row : scores) {
      double[] values = Plots.normalised(row);
      for (int i = 0; i < values.length; i++) {
        x.add(norms[i]);
        y.add(values[i]);
      }
    }
    XYChart chart = Plots.chart(name, "norm in latent space", "influence, normalised");
    Plots.dots(chart, "pair", x.build().toArray(), y.build().toArray(), Charts.BLUE);
    chart.getStyler().setLegendVisible(false);
    String file = SanityChecks.fileName(study);
    result.with(
        Figure.of(
            (label < 0 ? "figure22-" : "figure23-") + file,
            "Figure %d, %s: influence against latent norm.".formatted(label < 0 ? 22 : 23, name),
            chart));
    result.with(
        Figure.of(
            (label < 0 ? "figure4-" : figure + "-") + file,
            "Figure %s, %s: test samples, their strongest proponents and opponents."
                .formatted(label < 0 ? "4" : figure.substring(6), name),
            Plots.neighbours(test, study.train(), scores, SHOWN, EACH, EACH, false)));
    study.notes().forEach(note -> result.note(name + ": " + note));
    if (tests.note() != null) {
      result.note(name + ": " + tests.note());
    }
  }

  private static double[] norms(float[][] codes) {
    return java.util.Arrays.stream(codes).mapToDouble(Strongest::norm).toArray();
  }

  private static double[] of(double[] norms, int[][] chosen) {
    return java.util.Arrays.stream(chosen)
        .flatMapToInt(IntStream::of)
        .mapToDouble(i -> norms[i])
        .toArray();
  }
}
