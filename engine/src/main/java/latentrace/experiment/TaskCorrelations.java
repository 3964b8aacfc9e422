package latentrace.experiment;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.Listener;
import latentrace.attribution.Representation.Depth;
import latentrace.data.Dataset;
import latentrace.model.Pretext.Task;
import latentrace.neighbors.ExampleImportance;
import latentrace.neighbors.NearestCodes;
import latentrace.report.Estimate;
import latentrace.report.ResultTable.Row;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Tables 1 to 3, claims 2.1 and 2.2: Pearson's correlation between the importances, of features or
 * of examples, that encoders trained for different tasks give.
 */
final class TaskCorrelations implements Experiment<PappLab> {
  /** Which of the tables. */
  enum Kind {
    /** Table 1: MNIST, features and examples. */
    MNIST(1),
    /** Table 2: CIFAR-10 and CIFAR-100, examples. */
    CIFAR_EXAMPLES(2),
    /** Table 3: CIFAR-10 and CIFAR-100, features. */
    CIFAR_FEATURES(3);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    /** Of features or of examples, in the order of the pairs. */
    List<String> published(Domain domain, boolean features) {
      boolean hundred = domain.classes() > PappScale.CLASSES;
      return switch (this) {
        case MNIST ->
            features
                ? List.of("0.41", "0.34", "0.31", "0.44", "0.39", "0.32")
                : List.of("0.10", "0.06", "0.10", "0.06", "0.07", "0.06");
        case CIFAR_EXAMPLES ->
            hundred
                ? List.of("0.91", "0.89", "0.93", "0.20", "0.20", "0.19")
                : List.of("0.88", "0.92", "0.90", "0.16", "0.15", "0.15");
        case CIFAR_FEATURES ->
            hundred
                ? List.of("0.35", "0.31", "0.42", "0.21", "0.22", "0.20")
                : List.of("0.29", "0.30", "0.28", "0.19", "0.21", "0.18");
      };
    }

    boolean hasFeatures() {
      return this != CIFAR_EXAMPLES;
    }

    boolean hasExamples() {
      return this != CIFAR_FEATURES;
    }
  }

  /** Two tasks, in the order of the published numbers. */
  private record Pair(Task first, Task second) {
    boolean isSupervised() {
      return Tasks.isSupervised(first) || Tasks.isSupervised(second);
    }
  }

  private static final List<Pair> PAIRS =
      List.of(
          new Pair(Task.RECONSTRUCTION, Task.DENOISING),
          new Pair(Task.RECONSTRUCTION, Task.INPAINTING),
          new Pair(Task.DENOISING, Task.INPAINTING),
          new Pair(Task.RECONSTRUCTION, Task.CLASSIFICATION),
          new Pair(Task.DENOISING, Task.CLASSIFICATION),
          new Pair(Task.INPAINTING, Task.CLASSIFICATION));

  /** The factor that makes [0,1] the bytes that the published code feeds. */
  private static final float UNSCALED = 255;

  private final Kind kind;

  /** One of the tables. */
  TaskCorrelations(Kind kind) {
    this.kind = kind;
  }

  @Override
  public String name() {
    return "table" + kind.number;
  }

  @Override
  public String title() {
    return switch (kind) {
      case MNIST ->
          "Table 1, claims 2.1 and 2.2: correlation of importances between pretext tasks, MNIST";
      case CIFAR_EXAMPLES ->
          "Table 2: correlation of example importance between pretext tasks, CIFAR";
      case CIFAR_FEATURES ->
          "Table 3: correlation of feature importance between pretext tasks, CIFAR";
    };
  }

  private List<Domain> domains(PappLab lab) {
    return kind == Kind.MNIST ? List.of(lab.mnist()) : lab.colours();
  }

  private static MatrixStage features(
      PappLab lab, Domain domain, Task task, boolean published, int run) {
    return lab.attributions(
        lab.encoder(domain, task, run),
        Depth.ENCODER,
        published ? Importance.PUBLISHED_GRADIENT_SHAP : Importance.GRADIENT_SHAP,
        domain.test(),
        new float[domain.test().sampleSize()]);
  }

  /** Whether the published code feeds bytes: for MNIST only. */
  private boolean unscaled(boolean published) {
    return published && kind == Kind.MNIST;
  }

  private LatentStage codes(
      PappLab lab, Domain domain, Task task, boolean ofCorpus, boolean published, int run) {
    Dataset all = ofCorpus ? domain.train() : domain.test();
    int count = ofCorpus ? lab.scale().corpus() : lab.scale().tests();
    Dataset some = all.range(0, Math.min(count, all.count()));
    return lab.codes(
        lab.encoder(domain, task, run), unscaled(published) ? times(some, UNSCALED) : some);
  }

  private static Dataset times(Dataset data, float factor) {
    float[] values = new float[data.count() * data.sampleSize()];
    for (int i = 0; i < data.count(); i++) {
      data.copySample(i, values, i * data.sampleSize());
    }
    for (int e = 0; e < values.length; e++) {
      values[e] *= factor;
    }
    return Dataset.ofFloats(data.name() + "-unscaled", data.sampleShape(), values, data.labels());
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Domain domain : domains(lab)) {
      for (Task task : Task.values()) {
        for (int run : lab.runs().toArray()) {
          addStages(stages, lab, domain, task, run);
        }
      }
    }
    return stages;
  }

  private void addStages(List<Stage<?>> stages, PappLab lab, Domain domain, Task task, int run) {
    for (boolean published : new boolean[] {false, true}) {
      if (kind.hasFeatures()) {
        stages.add(features(lab, domain, task, published, run));
      }
      if (kind.hasExamples()) {
        stages.add(codes(lab, domain, task, true, published, run));
        stages.add(codes(lab, domain, task, false, published, run));
      }
    }
  }

  private float[][] importances(
      PappLab lab, Domain domain, boolean features, Task task, boolean published, int run) {
    return features
        ? Measures.rows(lab.get(features(lab, domain, task, published, run)))
        : ExampleImportance.scores(
            NearestCodes.INVERSE_SQUARE,
            Measures.rows(lab.get(codes(lab, domain, task, true, published, run))),
            Measures.rows(lab.get(codes(lab, domain, task, false, published, run))),
            Listener.SILENT);
  }

  /** Of all values of both, pooled. */
  static double correlation(float[][] a, float[][] b) {
    return new PearsonsCorrelation().correlation(pooled(a), pooled(b));
  }

  private static double[] pooled(float[][] rows) {
    double[] all = new double[rows.length * rows[0].length];
    for (int i = 0; i < all.length; i++) {
      all[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return all;
  }

  @Override
  public Finding report(PappLab lab) {
    List<Row> rows = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (Domain domain : domains(lab)) {
      if (kind.hasFeatures()) {
        notes.add(add(rows, lab, domain, true));
      }
      if (kind.hasExamples()) {
        notes.add(add(rows, lab, domain, false));
      }
      notes.addAll(domain.notes());
    }
    if (kind != Kind.MNIST && domains(lab).size() == 1) {
      notes.add("CIFAR-100 is left out: no train.bin and test.bin of it in --data.");
    }
    if (kind.hasFeatures()) {
      notes.add("As published: gradient SHAP explains draws by other samples' representations.");
    }
    if (kind.hasExamples()) {
      notes.add(
          unscaled(true)
              ? "As published: images of 0 to 255 for encoders that were trained on 0 to 1."
              : "For CIFAR the published code feeds images as they should be.");
    }
    return Finding.table(rows, notes);
  }

  /** The correlations of all runs. */
  private record Correlations(
      Map<Pair, SummaryStatistics> byPair, SummaryStatistics unsupervised, SummaryStatistics fall) {
    /** Nothing yet. */
    Correlations() {
      this(new LinkedHashMap<>(), new SummaryStatistics(), new SummaryStatistics());
      PAIRS.forEach(pair -> byPair.put(pair, new SummaryStatistics()));
    }

    /**
     * Adds those of a run: of each pair, of the unsupervised, and how far supervision lowers it.
     */
    void add(Map<Task, float[][]> importances) {
      SummaryStatistics without = new SummaryStatistics();
      SummaryStatistics with = new SummaryStatistics();
      for (Pair pair : PAIRS) {
        double value = correlation(importances.get(pair.first()), importances.get(pair.second()));
        byPair.get(pair).addValue(value);
        (pair.isSupervised() ? with : without).addValue(value);
      }
      unsupervised.addValue(without.getMean());
      fall.addValue(without.getMean() - with.getMean());
    }
  }

  private Correlations correlations(
      PappLab lab, Domain domain, boolean features, boolean published) {
    Correlations all = new Correlations();
    for (int run : lab.runs().toArray()) {
      Map<Task, float[][]> importances = new EnumMap<>(Task.class);
      for (Task task : Task.values()) {
        importances.put(task, importances(lab, domain, features, task, published, run));
      }
      all.add(importances);
    }
    return all;
  }

  /** Adds the rows of features or examples, and says what they mean. */
  private String add(List<Row> rows, PappLab lab, Domain domain, boolean features) {
    Correlations right = correlations(lab, domain, features, false);
    Correlations again = correlations(lab, domain, features, true);
    for (int k = 0; k < PAIRS.size(); k++) {
      Pair pair = PAIRS.get(k);
      rows.add(
          Row.compared(
              "%s, %s, %s–%s"
                  .formatted(
                      domain.name(),
                      features ? "saliency maps" : "example importance",
                      Tasks.label(pair.first()),
                      Tasks.label(pair.second())),
              kind.published(domain, features).get(k),
              Estimate.mean(again.byPair().get(pair), 3),
              Estimate.mean(right.byPair().get(pair), 3)));
    }
    if (features) {
      return Verdict.of(
          "2.1 (supervision does not lower the correlation), %s,".formatted(domain.name()),
          !Verdict.above(right.fall(), 0),
          "unsupervised pairs minus supervised ones: %s; as published %s"
              .formatted(Verdict.text(right.fall()), Verdict.text(again.fall())));
    }
    return Verdict.of(
        "2.2 (low correlation between unsupervised tasks, below 0.2), %s,".formatted(domain.name()),
        Verdict.below(right.unsupervised(), 0.2),
        "%s; as published %s"
            .formatted(Verdict.text(right.unsupervised()), Verdict.text(again.unsupervised())));
  }
}
