package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.Dataset;
import latentrace.data.NpyMatrix;
import latentrace.report.Estimate;
import latentrace.report.ImageGrid;
import latentrace.report.ResultTable.Row;

/**
 * Table 6 and Figure 8: mixtures 0.75·x_major + 0.25·x_minor of two training samples, one for every
 * ordered pair of classes, and the ranks of the two among the proponents of their mixture (appendix
 * B.3). The baseline ranks by distance in the code of an auto-encoder.
 */
final class Mixtures implements Experiment<KongLab> {
  private static final double ALPHA = 0.75;
  private static final long PAIRS = 1L << 41;
  private static final double[] QUANTILES = {0.25, 0.5, 0.75};
  private static final List<String> PUBLISHED_BASELINE =
      List.of("0", "0", "1", "0.633", "6943", "13405", "29993");
  private static final List<List<String>> PUBLISHED =
      List.of(
          List.of("0", "2", "146", "0.422", "1097", "5206", "10220"),
          List.of("0", "1", "44", "0.456", "1372", "4283", "15319"),
          List.of("0", "1", "18", "0.467", "1203", "6043", "13873"));

  private final boolean figure;

  /**
   * The table or the figure.
   *
   * @param figure Figure 8, otherwise Table 6
   */
  Mixtures(boolean figure) {
    this.figure = figure;
  }

  @Override
  public String name() {
    return figure ? "figure8" : "table6";
  }

  @Override
  public String title() {
    return figure
        ? "Figure 8: mixtures of two training samples"
        : "Table 6: ranks of the parts of a mixture among its proponents, MNIST";
  }

  /**
   * The samples mixed.
   *
   * @param major positions [90]
   * @param minor positions [90]
   * @param mixed the mixtures, labelled with the class of the major part
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Pairs(int[] major, int[] minor, Dataset mixed) {
    /** One pair for every ordered pair of different labels, its samples at random. */
    static Pairs of(Dataset data, long seed) {
      int classes = Arrays.stream(data.labels()).max().orElse(0) + 1;
      PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, PAIRS);
      List<int[]> pairs = new ArrayList<>();
      for (int a = 0; a < classes; a++) {
        for (int b = 0; b < classes; b++) {
          if (a != b) {
            pairs.add(new int[] {draw(data, a, random), draw(data, b, random)});
          }
        }
      }
      int[] major = pairs.stream().mapToInt(pair -> pair[0]).toArray();
      int[] minor = pairs.stream().mapToInt(pair -> pair[1]).toArray();
      float[] values = new float[major.length * data.sampleSize()];
      for (int p = 0; p < major.length; p++) {
        float[] x = data.sample(major[p]);
        float[] y = data.sample(minor[p]);
        for (int k = 0; k < x.length; k++) {
          values[p * x.length + k] = (float) (ALPHA * x[k] + (1 - ALPHA) * y[k]);
        }
      }
      int[] labels = Arrays.stream(major).map(data::label).toArray();
      return new Pairs(
          major, minor, Dataset.ofFloats("mixtures", data.sampleShape(), values, labels));
    }

    private static int draw(Dataset data, int label, PhiloxRandom random) {
      int[] all = IntStream.range(0, data.count()).filter(i -> data.label(i) == label).toArray();
      return all[random.nextInt(all.length)];
    }
  }

  private static List<Subject> subjects(KongLab lab) {
    return lab.scale().mnistLatents().stream().map(lab::mnist).toList();
  }

  /** Of samples that every model was trained on. */
  private static Pairs pairs(KongLab lab) {
    Dataset least =
        subjects(lab).stream()
            .map(Subject::train)
            .min(java.util.Comparator.comparingInt(Dataset::count))
            .orElseThrow();
    return Pairs.of(least, lab.seed());
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    if (figure) {
      return List.of();
    }
    Dataset mixed = pairs(lab).mixed();
    List<Stage<?>> stages = new ArrayList<>();
    subjects(lab).forEach(subject -> stages.add(subject.scoresOf(mixed)));
    TrainStage baseline = lab.autoEncoder();
    stages.add(lab.codes(baseline, baseline.data()));
    stages.add(lab.codes(baseline, mixed));
    return stages;
  }

  @Override
  public Finding report(KongLab lab) {
    Pairs pairs = pairs(lab);
    if (figure) {
      return Finding.figure(grid(pairs.mixed()), Finding.notes(subjects(lab)));
    }
    List<Row> rows = new ArrayList<>();
    TrainStage baseline = lab.autoEncoder();
    NpyMatrix codes = lab.get(lab.codes(baseline, baseline.data()));
    NpyMatrix mixedCodes = lab.get(lab.codes(baseline, pairs.mixed()));
    addRows(
        rows, "auto-encoder neighbours", closeness(codes, mixedCodes), pairs, PUBLISHED_BASELINE);
    List<Subject> subjects = subjects(lab);
    for (int s = 0; s < subjects.size(); s++) {
      Subject subject = subjects.get(s);
      addRows(
          rows,
          "VAE-TracIn, d = " + subject.latent(),
          Measures.rows(lab.get(subject.scoresOf(pairs.mixed()))),
          pairs,
          PUBLISHED.get(s));
    }
    return Finding.table(
        rows,
        Finding.notes(
            subjects,
            String.format(
                Locale.ROOT,
                "Ranks from 0 among %,d (baseline) and %s training samples (paper: 60,000).",
                baseline.data().count(),
                String.join(
                    ", ",
                    subjects.stream()
                        .map(s -> String.format(Locale.ROOT, "%,d", s.train().count()))
                        .toList())),
            "The baseline is a convolutional auto-encoder trained on squared errors; the paper's"
                + " (PAE-NN) is trained on LPIPS, which needs the weights of a VGG network."));
  }

  /** −‖code − mixture's code‖ [90][N]: high is near. */
  private static float[][] closeness(NpyMatrix codes, NpyMatrix mixed) {
    float[][] all = Measures.rows(codes);
    float[][] closeness = new float[mixed.rows()][all.length];
    for (int p = 0; p < closeness.length; p++) {
      float[] code = mixed.row(p);
      for (int i = 0; i < all.length; i++) {
        closeness[p][i] = (float) -Measures.distance(all[i], code);
      }
    }
    return closeness;
  }

  private static void addRows(
      List<Row> rows, String method, float[][] scores, Pairs pairs, List<String> published) {
    int count = scores.length;
    int[] major = new int[count];
    int[] minor = new int[count];
    for (int p = 0; p < count; p++) {
      major[p] = Measures.rank(scores[p], pairs.major()[p]);
      minor[p] = Measures.rank(scores[p], pairs.minor()[p]);
    }
    for (int q = 0; q < QUANTILES.length; q++) {
      rows.add(quantile(method + ", rank of major", major, QUANTILES[q], published.get(q)));
    }
    long first = Arrays.stream(major).filter(rank -> rank == 0).count();
    rows.add(Row.of(method + ", major first", published.get(3), Estimate.rate(first, count)));
    for (int q = 0; q < QUANTILES.length; q++) {
      rows.add(quantile(method + ", rank of minor", minor, QUANTILES[q], published.get(4 + q)));
    }
  }

  private static Row quantile(String what, int[] ranks, double q, String published) {
    return Row.of(
        "%s, %.0f %%".formatted(what, 100 * q),
        published,
        Estimate.of(Measures.quantile(ranks, q), ranks.length, 0));
  }

  private latentrace.report.Picture grid(Dataset mixed) {
    ImageGrid grid = new ImageGrid(40);
    for (int p = 0; p < mixed.count(); p++) {
      if (p % 18 == 0) {
        grid.row();
      }
      grid.add(mixed, p);
    }
    return grid.picture(name(), "Mixtures of two digits, three quarters of one and one of another");
  }
}
