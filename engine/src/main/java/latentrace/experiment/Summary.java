package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import latentrace.data.NpyMatrix;
import latentrace.density.DensityEstimator;
import latentrace.report.ResultTable.Row;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Table 4: the paper's words about density estimators and VAEs, each beside the number of ours that
 * bears it out or does not.
 */
final class Summary implements Experiment<KongLab> {
  @Override
  public String name() {
    return "table4";
  }

  @Override
  public String title() {
    return "Table 4: what influence means, in density estimators and VAEs";
  }

  private static Subject mnist(KongLab lab) {
    return lab.mnist(lab.scale().mnistLatents().get(0));
  }

  private static Subject cifar(KongLab lab) {
    return lab.cifar(128);
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    return List.of(
        mnist(lab).self(),
        mnist(lab).scores(),
        mnist(lab).trainLatents(),
        mnist(lab).testLatents(),
        cifar(lab).scores(),
        cifar(lab).trainLatents());
  }

  @Override
  public Finding report(KongLab lab) {
    List<Row> rows = new ArrayList<>();
    addClusterRows(rows, new Clusters(Clusters.COUNT, lab.seed()));
    SelfStage.Values self = lab.get(mnist(lab).self());
    rows.add(
        Row.text(
            "VAE, high self-influence",
            "large loss",
            "rank correlation with loss %s, %s"
                .formatted(
                    two(spearman(Measures.doubles(self.self()), Measures.doubles(self.losses()))),
                    mnist(lab).label())));
    rows.add(mnistRow(lab));
    rows.add(cifarRow(lab));
    return Finding.table(
        rows,
        Finding.notes(
            List.of(mnist(lab), cifar(lab)),
            "Rank correlations are Spearman's; nearest are the strongest 0.1 %."));
  }

  private static void addClusterRows(List<Row> rows, Clusters clusters) {
    DensityEstimator neighbours = clusters.estimators().get(Clusters.NEAREST_NEIGHBOURS);
    DensityEstimator kernel = clusters.estimators().get(Clusters.KERNEL);
    DensityEstimator mixture = clusters.estimators().get(Clusters.MIXTURE);
    double[] distances = clusters.distances(Clusters.test());
    rows.add(
        Row.text(
            "k-NN, high self-influence",
            "in a cluster of size exactly k",
            "%d of the ten highest are of the cluster of ten"
                .formatted(
                    highest(clusters.self(neighbours), Clusters.NEIGHBOURS)
                        .filter(i -> clusters.label(i) == 4)
                        .count())));
    rows.add(
        Row.text(
            "KDE, high self-influence",
            "in low density (sparse) region",
            "rank correlation with log-likelihood "
                + two(spearman(clusters.self(kernel), clusters.logLikelihood(kernel)))));
    rows.add(
        Row.text(
            "GMM, high self-influence",
            "far away to cluster centers",
            "rank correlation with log-likelihood "
                + two(spearman(clusters.self(mixture), clusters.logLikelihood(mixture)))));
    rows.add(
        Row.text(
            "k-NN, strong proponents",
            "k nearest neighbours",
            "%d of the ten strongest are of the ten nearest"
                .formatted(shared(clusters.influence(neighbours), distances))));
    rows.add(
        Row.text(
            "KDE, strong proponents; opponents",
            "nearest neighbours; farthest samples",
            "rank correlation of influence with distance "
                + two(spearman(clusters.influence(kernel), distances))));
    double[] influence = clusters.influence(mixture);
    double[] negative = Arrays.stream(influence).map(value -> -value).toArray();
    rows.add(
        Row.text(
            "GMM, strong opponents",
            "possibly far away samples in the same class",
            "%d of the five strongest are of the test point's cluster"
                .formatted(highest(negative, 5).filter(i -> clusters.label(i) == 0).count())));
  }

  private static Row mnistRow(KongLab lab) {
    Subject subject = mnist(lab);
    NpyMatrix scores = lab.get(subject.scores());
    float[][] train = Measures.rows(lab.get(subject.trainLatents()));
    float[][] test = Measures.rows(lab.get(subject.testLatents()));
    SummaryStatistics proponents = new SummaryStatistics();
    SummaryStatistics opponents = new SummaryStatistics();
    SummaryStatistics all = new SummaryStatistics();
    int k = Measures.strongest(scores.columns());
    for (int t = 0; t < scores.rows(); t++) {
      for (int i : Statistics.topK(scores.row(t), k)) {
        proponents.addValue(Measures.distance(train[i], test[t]));
      }
      for (int i : Statistics.bottomK(scores.row(t), k)) {
        opponents.addValue(Measures.distance(train[i], test[t]));
      }
      for (float[] mean : train) {
        all.addValue(Measures.distance(mean, test[t]));
      }
    }
    return Row.text(
        "VAE (MNIST), strong proponents; opponents",
        "nearest neighbors in the same class; far away samples in the same class",
        "mean latent distance %s; %s; of all samples %s"
            .formatted(two(proponents.getMean()), two(opponents.getMean()), two(all.getMean())));
  }

  private static Row cifarRow(KongLab lab) {
    Subject subject = cifar(lab);
    NpyMatrix scores = lab.get(subject.scores());
    double[] norms = Measures.norms(lab.get(subject.trainLatents()));
    SummaryStatistics proponents = new SummaryStatistics();
    int k = Measures.strongest(scores.columns());
    for (int t = 0; t < scores.rows(); t++) {
      Arrays.stream(Statistics.topK(scores.row(t), k)).forEach(i -> proponents.addValue(norms[i]));
    }
    return Row.text(
        "VAE (CIFAR), strong proponents",
        "large norms and similar colors",
        "mean latent norm %s; of all samples %s"
            .formatted(two(proponents.getMean()), two(Measures.summary(norms).getMean())));
  }

  private static IntStream highest(double[] values, int count) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -values[i]))
        .limit(count)
        .mapToInt(i -> i);
  }

  private static long shared(double[] influence, double[] distances) {
    double[] closeness = Arrays.stream(distances).map(distance -> -distance).toArray();
    List<Integer> nearest = highest(closeness, Clusters.NEIGHBOURS).boxed().toList();
    return highest(influence, Clusters.NEIGHBOURS).filter(nearest::contains).count();
  }

  private static double spearman(double[] x, double[] y) {
    return new SpearmansCorrelation().correlation(x, y);
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value).replace('-', '\u2212');
  }
}
