package latentrace.experiment;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.Listener;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.backend.Activation;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.neighbors.ExampleImportance;
import latentrace.neighbors.NearestCodes;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/** Which training samples a mixture of two is made of (appendix B.3). */
final class Mixtures implements Experiment {
  private static final double ALPHA = 0.75;
  private static final int CLASSES = 10;
  private static final int ROWS = 256;
  private static final long SUBSTREAM = 1L << 33;
  private static final int BASELINE_PART = 4;

  @Override
  public List<String> ids() {
    return List.of("table6", "figure8");
  }

  @Override
  public String title() {
    return "Mixtures of two digits: ranks of the major and the minor component";
  }

  /** Mixtures, and the positions of what they are of. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data, never compared
  private record Mixed(Dataset samples, int[] major, int[] minor) {}

  @Override
  public Result run(Context context) {
    Result result = new Result();
    Table table =
        new Table(
            "table6",
            "Table 6: quantiles (25, 50, 75 %) of the ranks of both components of a mixture 0.75 major +"
                + " 0.25 minor by influence over it (0 is the highest), and how often the major one is"
                + " first.");
    Dataset train = context.data().digits(context.scale().samples()).data();
    Mixed mixed = mix(train, context.seed());
    add(
        table,
        "nearest in an auto-encoder",
        "0 / 0 / 1",
        "0.633",
        "6943 / 13405 / 29993",
        nearest(context, train, mixed.samples()),
        mixed);
    for (int latent : context.scale().digitLatents()) {
      Study study = Study.digits(context, latent);
      List<String> published =
          switch (latent) {
            case 64 -> List.of("0 / 2 / 146", "0.422", "1097 / 5206 / 10220");
            case 96 -> List.of("0 / 1 / 44", "0.456", "1372 / 4283 / 15319");
            case 128 -> List.of("0 / 1 / 18", "0.467", "1203 / 6043 / 13873");
            default -> List.of("–", "–", "–");
          };
      add(
          table,
          "VAE-TracIn, d = " + latent,
          published.get(0),
          published.get(1),
          published.get(2),
          study.scores(mixed.samples()),
          mixed);
      study.notes().forEach(note -> result.note(study.name() + ": " + note));
    }
    int columns = Math.min(18, mixed.samples().count());
    List<int[]> rows =
        IntStream.range(0, (mixed.samples().count() + columns - 1) / columns)
            .mapToObj(
                r ->
                    IntStream.range(
                            r * columns, Math.min(mixed.samples().count(), (r + 1) * columns))
                        .toArray())
            .toList();
    return result
        .with(table)
        .with(
            Figure.of(
                "figure8",
                "Figure 8: the mixtures.",
                Plots.rows(mixed.samples(), rows.stream().map(r -> "").toList(), rows)))
        .note(
            "The baseline is a plain auto-encoder of the VAE's widths; the paper's PAE has a perceptual loss"
                + " (LPIPS of a VGG network).");
  }

  /** One mixture of each ordered pair of classes that the data have. */
  private static Mixed mix(Dataset train, long seed) {
    int[][] members = new int[CLASSES][];
    for (int c = 0; c < CLASSES; c++) {
      int label = c;
      members[c] = IntStream.range(0, train.count()).filter(i -> train.label(i) == label).toArray();
    }
    PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, SUBSTREAM);
    int most = CLASSES * (CLASSES - 1);
    int[] major = new int[most];
    int[] minor = new int[most];
    float[] values = new float[most * train.sampleSize()];
    int count = 0;
    for (int a = 0; a < CLASSES; a++) {
      for (int b = 0; b < CLASSES; b++) {
        if (a != b && members[a].length > 0 && members[b].length > 0) {
          major[count] = members[a][random.nextInt(members[a].length)];
          minor[count] = members[b][random.nextInt(members[b].length)];
          float[] x = train.sample(major[count]);
          float[] y = train.sample(minor[count]);
          for (int e = 0; e < x.length; e++) {
            values[count * x.length + e] = (float) (ALPHA * x[e] + (1 - ALPHA) * y[e]);
          }
          count++;
        }
      }
    }
    return new Mixed(
        Dataset.ofFloats(
            "mixtures",
            train.sampleShape(),
            Arrays.copyOf(values, count * train.sampleSize()),
            null),
        Arrays.copyOf(major, count),
        Arrays.copyOf(minor, count));
  }

  private static float[][] nearest(Context context, Dataset train, Dataset mixtures) {
    int latent = context.scale().digitLatents().get(0);
    ModelSpec spec =
        new ModelSpec(
            ModelSpec.MLP_AUTOENCODER,
            train.shape(),
            List.of(8 * latent, 4 * latent, 2 * latent),
            latent,
            0,
            Activation.RELU,
            Activation.SIGMOID,
            Reconstruction.MSE,
            ModelSpec.OBJECTIVE_H,
            0,
            0,
            0,
            0,
            1);
    long iterations = Math.max(1, context.scale().digits().iterations() / BASELINE_PART);
    List<Checkpoint> checkpoints =
        context
            .stages()
            .train(spec, TrainingSpec.adam(1e-3, 64, iterations, 1, context.seed()), train);
    try (Model model = Model.create(context.backend(), spec)) {
      checkpoints.get(0).load(model);
      try (Representation f = new Representation(model, Depth.ENCODER, ROWS)) {
        return ExampleImportance.scores(
            NearestCodes.NEGATIVE_DISTANCE, f.of(train), f.of(mixtures), Listener.SILENT);
      }
    }
  }

  private static void add(
      Table table,
      String name,
      String major,
      String top,
      String minor,
      float[][] scores,
      Mixed mixed) {
    double[] majorRanks = ranks(scores, mixed.major());
    double[] minorRanks = ranks(scores, mixed.minor());
    int n = majorRanks.length;
    table.row(name + ": rank of the major", major, quantiles(majorRanks), n);
    table.share(
        name + ": major first",
        top,
        Arrays.stream(majorRanks).filter(r -> r == 0).count() / (double) n,
        n);
    table.row(name + ": rank of the minor", minor, quantiles(minorRanks), n);
  }

  private static double[] ranks(float[][] scores, int[] of) {
    double[] ranks = new double[scores.length];
    for (int t = 0; t < ranks.length; t++) {
      int[] ranking = Statistics.ranking(scores[t]);
      while (ranking[(int) ranks[t]] != of[t]) {
        ranks[t]++;
      }
    }
    return ranks;
  }

  private static String quantiles(double[] ranks) {
    Percentile percentile = new Percentile();
    percentile.setData(ranks);
    return Table.format(
        "%.0f / %.0f / %.0f",
        percentile.evaluate(25), percentile.evaluate(50), percentile.evaluate(75));
  }
}
