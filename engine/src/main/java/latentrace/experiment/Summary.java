package latentrace.experiment;

import java.util.List;
import latentrace.data.ClustersGenerator;
import latentrace.data.Dataset;
import latentrace.density.DensityEstimator;
import latentrace.density.KernelDensity;
import latentrace.density.NearestNeighbors;
import latentrace.density.Points;
import latentrace.density.SeparatedMixture;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/** What high self-influence and strong influence go with, in numbers (section 5.4). */
final class Summary implements Experiment {
  private static final int POINTS = 100;
  private static final int NEIGHBOURS = 10;
  private static final double SIGMA = 0.5;

  @Override
  public List<String> ids() {
    return List.of("table4");
  }

  @Override
  public String title() {
    return "Summary: density estimators and VAE";
  }

  @Override
  public Result run(Context context) {
    Dataset data = ClustersGenerator.points(POINTS, context.seed());
    Points points = Points.of(data);
    int[] sizes = new int[6];
    for (int label : data.labels()) {
      sizes[label]++;
    }
    double[][] centres = new double[6][2];
    for (int i = 0; i < POINTS; i++) {
      for (int l = 0; l < 2; l++) {
        centres[data.label(i)][l] += points.point(i)[l] / sizes[data.label(i)];
      }
    }
    DensityEstimator knn = new NearestNeighbors(points, NEIGHBOURS);
    DensityEstimator kde = new KernelDensity(points, SIGMA);
    DensityEstimator gmm = new SeparatedMixture(points, data.labels());
    double[] tens = new double[POINTS];
    double[] knnSelf = new double[POINTS];
    double[] kdeSelf = new double[POINTS];
    double[] density = new double[POINTS];
    double[] gmmSelf = new double[POINTS];
    double[] distance = new double[POINTS];
    for (int i = 0; i < POINTS; i++) {
      int label = data.label(i);
      tens[i] = sizes[label] == NEIGHBOURS ? 1 : 0;
      knnSelf[i] = knn.selfInfluence(i);
      kdeSelf[i] = kde.selfInfluence(i);
      density[i] = -kde.logDensity(points.point(i));
      gmmSelf[i] = gmm.selfInfluence(i) * sizes[label];
      distance[i] =
          Math.hypot(
              points.point(i)[0] - centres[label][0], points.point(i)[1] - centres[label][1]);
    }
    Study digits = Study.digits(context, context.scale().digitLatents().get(0));
    Stages.SelfInfluence self = digits.selfInfluence();
    Dataset tests = context.data().testDigits(context.scale().tests()).data();
    float[][] scores = digits.scores(tests);
    Table table =
        new Table(
                "table4",
                "Table 4: the paper's summary in words, and a number that would contradict it.")
            .row(
                "k-NN, high self-influence",
                "in a cluster of size exactly k",
                rank("cluster of k", knnSelf, tens),
                POINTS)
            .row(
                "KDE, high self-influence",
                "in low density (sparse) region",
                rank("−log density", kdeSelf, density),
                POINTS)
            .row(
                "GMM, high self-influence",
                "far away to cluster centers",
                rank("distance, times N_k", gmmSelf, distance),
                POINTS)
            .row(
                "VAE, high self-influence",
                "large loss",
                rank("loss", Plots.doubles(self.self()), Plots.doubles(self.losses())),
                self.self().length)
            .share(
                "VAE (MNIST), strong proponents",
                "nearest neighbors in the same class",
                TestInfluences.sameClass(digits, tests, Strongest.proponents(scores)),
                tests.count())
            .share(
                "VAE (MNIST), strong opponents",
                "far away samples in the same class",
                TestInfluences.sameClass(digits, tests, Strongest.opponents(scores)),
                tests.count());
    return new Result()
        .with(table)
        .note(
            "Spearman's ρ with what the summary names; for the VAE on MNIST the same-class rates.");
  }

  private static String rank(String with, double[] a, double[] b) {
    return Table.format("ρ = %.2f with %s", new SpearmansCorrelation().correlation(a, b), with);
  }
}
