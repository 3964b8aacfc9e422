package latentrace.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.stream.IntStream;
import latentrace.data.AtomicFiles;
import latentrace.data.Dataset;

/**
 * One self-contained {@code report.html}: figures, proponents and opponents, self-influence,
 * detection of intruders, training curve, provenance. It opens offline; a section whose inputs are
 * missing is left out.
 */
public final class InfluenceReport {
  /** The most test samples that get a row of proponents and opponents. */
  public static final int MAX_TEST_ROWS = 50;

  private static final int STRIP_LENGTH = 24;

  private InfluenceReport() {}

  /**
   * One point of the training curve; the three terms are in the same unit.
   *
   * @param iteration from the start of training
   * @param loss reconstruction and KL terms together, as minimised
   * @param reconstruction reconstruction term
   * @param kl KL term
   */
  public record TrainingPoint(long iteration, double loss, double reconstruction, double kl) {}

  /**
   * What is reported. Arrays are kept, not copied.
   *
   * @param title heading of the page
   * @param summary a sentence or two on model and data, or null
   * @param train training samples, N
   * @param test test samples, T, or null
   * @param scores [T][N], or null
   * @param selfInfluence [N], or null
   * @param losses [N], or null
   * @param intruders [N], true where a sample is one, or null
   * @param history by rising iteration, or null
   * @param provenance name and value, or null
   * @param k proponents and opponents shown for each test sample, at least 1
   */
  @SuppressWarnings("ArrayRecordComponent") // a parameter object, never compared
  public record Inputs(
      String title,
      String summary,
      Dataset train,
      Dataset test,
      float[][] scores,
      float[] selfInfluence,
      float[] losses,
      boolean[] intruders,
      List<TrainingPoint> history,
      SortedMap<String, String> provenance,
      int k) {
    /**
     * Checks that the parts fit each other.
     *
     * @throws IllegalArgumentException naming the part that does not
     */
    public Inputs {
      int count = train.count();
      requireCount("self-influence", selfInfluence == null ? count : selfInfluence.length, count);
      requireCount("losses", losses == null ? count : losses.length, count);
      requireCount("intruders", intruders == null ? count : intruders.length, count);
      if (scores != null) {
        for (int t = 0; t < scores.length; t++) {
          requireCount("scores of test sample " + t, scores[t].length, count);
        }
        if (test != null) {
          Statistics.requireLength("scores", scores.length, "test samples", test.count());
        }
      }
      if (k < 1) {
        throw new IllegalArgumentException("k=" + k + ", expected at least 1");
      }
    }

    private static void requireCount(String what, int actual, int count) {
      Statistics.requireLength(what, actual, "training samples", count);
    }
  }

  private record Figure(String value, String name, String note) {}

  private record Chart(String svg, String alt, String note) {}

  private record Influence(Pages.Grid grid, String note) {}

  private record Strips(List<Pages.Tile> highest, List<Pages.Tile> lowest, boolean intruders) {}

  private record Fact(String name, String value) {}

  private record Provenance(List<Fact> facts) {}

  private record Page(
      String title,
      String summary,
      List<Figure> figures,
      Influence influence,
      Strips strips,
      Chart scatter,
      Chart detection,
      boolean charts,
      Chart training,
      Provenance provenance) {}

  /**
   * Writes the report.
   *
   * @throws IllegalArgumentException if a score or self-influence is NaN, or a loss beside
   *     self-influences not finite
   * @throws java.io.UncheckedIOException if the file cannot be written
   */
  public static void write(Path target, Inputs inputs) {
    AtomicFiles.writeString(target, html(inputs));
  }

  static String html(Inputs in) {
    List<Figure> figures = new ArrayList<>();
    figures.add(new Figure(count(in.train().count()), "training samples", null));
    if (in.scores() != null) {
      figures.add(new Figure(count(in.scores().length), "test samples", null));
    }
    Influence influence = influence(in, figures);
    Chart scatter = scatter(in, figures);
    Chart detection = detection(in, figures);
    return Pages.render(
        "report",
        new Page(
            in.title(),
            in.summary(),
            figures,
            influence,
            strips(in),
            scatter,
            detection,
            scatter != null || detection != null,
            training(in),
            provenance(in)));
  }

  private static Influence influence(Inputs in, List<Figure> figures) {
    float[][] scores = in.scores();
    if (scores == null || scores.length == 0) {
      return null;
    }
    if (in.test() != null && in.test().hasLabels() && in.train().hasLabels()) {
      int[] trainLabels = in.train().labels();
      int[] testLabels = in.test().labels();
      figures.add(
          new Figure(
              percent(Statistics.sameClassRate(scores, trainLabels, testLabels)),
              "same class",
              "strongest proponents with their test sample's label; by chance "
                  + percent(Statistics.sameClassChance(trainLabels, testLabels))));
    }
    int shown = Math.min(scores.length, MAX_TEST_ROWS);
    float[][] first = Arrays.copyOf(scores, shown);
    String note =
        shown == scores.length
            ? null
            : "The first %s of %s test samples are shown."
                .formatted(count(shown), count(scores.length));
    return new Influence(
        Pages.grid(TopTable.top(first, in.k()), in.train(), in.test(), in.intruders()), note);
  }

  private static Strips strips(Inputs in) {
    float[] values = in.selfInfluence();
    int length = Math.min(STRIP_LENGTH, in.train().count() / 2);
    if (values == null || length == 0) {
      return null;
    }
    return new Strips(
        strip(in, Statistics.topK(values, length)),
        strip(in, Statistics.bottomK(values, length)),
        hasIntruders(in));
  }

  private static List<Pages.Tile> strip(Inputs in, int[] positions) {
    return Arrays.stream(positions)
        .mapToObj(
            i ->
                Pages.selfInfluenceTile(
                    in.train(),
                    i,
                    in.selfInfluence()[i],
                    in.intruders() != null && in.intruders()[i]))
        .toList();
  }

  private static Chart scatter(Inputs in, List<Figure> figures) {
    if (in.selfInfluence() == null || in.losses() == null || in.train().count() == 0) {
      return null;
    }
    double rSquared = Statistics.rSquared(in.losses(), in.selfInfluence());
    String shown = Double.isNaN(rSquared) ? "undefined" : decimal(rSquared, 2);
    figures.add(new Figure(shown, "R²", "self-influence explained by loss"));
    String note =
        in.train().count() <= Charts.MAX_SCATTER_POINTS
            ? null
            : "An evenly thinned-out set of at most %s samples is drawn; R² is of all %s."
                .formatted(count(Charts.MAX_SCATTER_POINTS), count(in.train().count()));
    return new Chart(
        Charts.selfInfluenceAgainstLoss(
            in.losses(), in.selfInfluence(), hasIntruders(in) ? in.intruders() : null),
        "Scatter chart of self-influence against loss of the training samples, R² " + shown,
        note);
  }

  private static Chart detection(Inputs in, List<Figure> figures) {
    if (in.selfInfluence() == null || !hasIntruders(in)) {
      return null;
    }
    double[] found = Statistics.detectionCurve(in.selfInfluence(), in.intruders());
    int intruders = (int) IntStream.range(0, found.length).filter(i -> in.intruders()[i]).count();
    String area = decimal(Statistics.areaUnderCurve(found), 3);
    double best = 1 - (intruders - 1) / (2.0 * found.length);
    figures.add(
        new Figure(
            area,
            "AUC",
            "detection of intruders; %s at best, 0.5 at random".formatted(decimal(best, 3))));
    int tenth = Math.max(1, found.length / 10);
    return new Chart(
        Charts.detection(found),
        "Detection curve of intruders by falling self-influence, AUC " + area,
        "Here %s of %s samples are intruders; the first %s inspected hold %s of them."
            .formatted(
                count(intruders), count(found.length), count(tenth), percent(found[tenth - 1])));
  }

  private static boolean hasIntruders(Inputs in) {
    return in.intruders() != null
        && IntStream.range(0, in.intruders().length).anyMatch(i -> in.intruders()[i]);
  }

  private static Chart training(Inputs in) {
    List<TrainingPoint> history = in.history();
    if (history == null || history.size() < 2) {
      return null;
    }
    TrainingPoint last = history.get(history.size() - 1);
    return new Chart(
        Charts.training(history),
        "Line chart of loss, reconstruction and KL terms by iteration; the loss ends at %s"
            .formatted(decimal(last.loss(), 3)),
        null);
  }

  private static Provenance provenance(Inputs in) {
    if (in.provenance() == null || in.provenance().isEmpty()) {
      return null;
    }
    return new Provenance(
        in.provenance().entrySet().stream()
            .map(entry -> new Fact(entry.getKey(), entry.getValue()))
            .toList());
  }

  private static String count(int value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f\u202f%%", 100 * share);
  }

  private static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
