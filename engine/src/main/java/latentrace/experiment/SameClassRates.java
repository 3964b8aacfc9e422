package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import latentrace.data.NpyMatrix;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Table 2: how many of the strongest 0.1 % proponents and opponents of MNIST test samples are of
 * their class, and how far they are in latent space (section 5.3).
 */
final class SameClassRates implements Experiment<KongLab> {
  private static final List<List<String>> PUBLISHED =
      List.of(
          List.of("0.819", "0.373", "0.94 ± 0.53", "1.78 ± 0.75", "2.54 ± 0.90"),
          List.of("0.840", "0.433", "0.94 ± 0.55", "1.84 ± 0.78", "2.57 ± 0.91"),
          List.of("0.821", "0.403", "0.76 ± 0.51", "1.29 ± 0.67", "2.23 ± 0.92"));

  @Override
  public String name() {
    return "table2";
  }

  @Override
  public String title() {
    return "Table 2: class and latent distance of proponents and opponents, MNIST";
  }

  private static List<Subject> subjects(KongLab lab) {
    return lab.scale().mnistLatents().stream().map(lab::mnist).toList();
  }

  @Override
  public List<Stage<?>> stages(KongLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Subject subject : subjects(lab)) {
      stages.addAll(List.of(subject.scores(), subject.trainLatents(), subject.testLatents()));
    }
    return stages;
  }

  @Override
  public Finding report(KongLab lab) {
    List<Row> rows = new ArrayList<>();
    List<Subject> subjects = subjects(lab);
    for (int s = 0; s < subjects.size(); s++) {
      addRows(rows, lab, subjects.get(s), PUBLISHED.get(s));
    }
    return Finding.table(
        rows,
        Finding.notes(
            subjects,
            "(+) strongest 0.1 % proponents, (−) strongest 0.1 % opponents of each test sample.",
            "Rates with binomial standard errors; distances as mean ± standard deviation over"
                + " pairs, which is what the paper's ± must be."));
  }

  private static void addRows(
      List<Row> rows, KongLab lab, Subject subject, List<String> published) {
    NpyMatrix scores = lab.get(subject.scores());
    float[][] train = Measures.rows(lab.get(subject.trainLatents()));
    float[][] test = Measures.rows(lab.get(subject.testLatents()));
    int k = Measures.strongest(scores.columns());
    Strongest proponents = new Strongest();
    Strongest opponents = new Strongest();
    SummaryStatistics all = new SummaryStatistics();
    for (int t = 0; t < scores.rows(); t++) {
      float[] row = scores.row(t);
      proponents.add(subject, t, Statistics.topK(row, k), train, test[t]);
      opponents.add(subject, t, Statistics.bottomK(row, k), train, test[t]);
      for (float[] mean : train) {
        all.addValue(Measures.distance(mean, test[t]));
      }
    }
    String d = "d = %d, ".formatted(subject.latent());
    rows.add(Row.of(d + "same class (+)", published.get(0), proponents.rate()));
    rows.add(Row.of(d + "same class (−)", published.get(1), opponents.rate()));
    rows.add(
        Row.of(d + "distance (+)", published.get(2), Estimate.spread(proponents.distances, 2)));
    rows.add(Row.of(d + "distance (−)", published.get(3), Estimate.spread(opponents.distances, 2)));
    rows.add(Row.of(d + "distance (all)", published.get(4), Estimate.spread(all, 2)));
  }

  /** Pairs of a test sample and one of its strongest. */
  private static final class Strongest {
    private final SummaryStatistics distances = new SummaryStatistics();
    private int same;

    void add(Subject subject, int test, int[] positions, float[][] train, float[] mean) {
      for (int i : positions) {
        same += subject.train().label(i) == subject.test().label(test) ? 1 : 0;
        distances.addValue(Measures.distance(train[i], mean));
      }
    }

    Estimate rate() {
      return Estimate.rate(same, distances.getN());
    }
  }
}
