package latentrace.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import latentrace.attribution.FeatureMask;
import latentrace.attribution.Representation.Depth;
import latentrace.attribution.RepresentationShift;
import latentrace.attribution.RepresentationShift.Distance;
import latentrace.attribution.Roar;
import latentrace.data.Dataset;
import latentrace.data.NpyMatrix;
import latentrace.model.Pretext.Task;
import latentrace.report.Estimate;
import latentrace.report.Picture;
import latentrace.report.Plots;
import latentrace.report.ResultTable.Row;
import latentrace.report.Statistics;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Figure 1, claim 1.1: masking the features found important moves the representation more than
 * masking others. Beside the paper: classifiers retrained without the features (ROAR).
 */
final class MaskingShifts implements Experiment<PappLab> {
  private static final List<Importance> METHODS =
      List.of(Importance.SALIENCY, Importance.INTEGRATED_GRADIENTS, Importance.GRADIENT_SHAP);
  private static final double[] FRACTIONS = {0.05, 0.1, 0.2, 0.5, 0.8, 1};
  private static final int SHOWN = 2; // 20 %
  private static final double REMOVED = 0.1;
  private static final List<Importance> RETRAINED =
      List.of(Importance.INTEGRATED_GRADIENTS, Importance.GRADIENT_SHAP, Importance.RANDOM);

  @Override
  public String name() {
    return "figure1";
  }

  @Override
  public String title() {
    return "Figure 1, claim 1.1: shift of the representation when important features are masked";
  }

  private static List<Domain> domains(PappLab lab) {
    return Stream.concat(Stream.of(lab.mnist(), lab.anomalies()), lab.colours().stream()).toList();
  }

  /** Mean shifts by fraction, then the same squared, of a run [1, 2·fractions]. */
  private static MatrixStage shifts(PappLab lab, Domain domain, Importance importance, int run) {
    TrainStage model = lab.examined(domain, run);
    MatrixStage attributions =
        lab.attributions(model, Depth.ENCODER, importance, domain.test(), domain.baseline());
    return lab.matrix(
        "shifts",
        "masking by " + importance,
        model,
        List.of(domain.test()),
        Map.of("attributions", StageStore.key(attributions), "fractions", FRACTIONS),
        () -> {
          float[][] values = Measures.rows(lab.get(attributions));
          FeatureMask mask = new FeatureMask(domain.baseline(), domain.channels());
          return lab.open(
              model,
              Depth.ENCODER,
              f -> {
                float[] means = new float[2 * FRACTIONS.length];
                for (int k = 0; k < means.length; k++) {
                  Distance distance = k < FRACTIONS.length ? Distance.L2 : Distance.SQUARED_L2;
                  double[] moved =
                      new RepresentationShift(mask, distance)
                          .of(f, domain.test(), values, FRACTIONS[k % FRACTIONS.length]);
                  means[k] = (float) Measures.summary(moved).getMean();
                }
                return new float[][] {means};
              });
        });
  }

  /**
   * The test error of a classifier of MNIST retrained without a tenth of the pixels [1,1].
   *
   * @param published whether images are masked by another's attributions, as where those of a
   *     shuffled loader are taken in the order of the data set
   */
  private static MatrixStage retrained(
      PappLab lab, Importance importance, boolean published, int run) {
    Domain mnist = lab.mnist();
    Dataset train =
        mnist.train().range(0, Math.min(mnist.train().count(), lab.scale().retrained().samples()));
    TrainStage model = lab.encoder(mnist, Task.DENOISING, run);
    MatrixStage ofTrain =
        lab.attributions(model, Depth.ENCODER, importance, train, mnist.baseline());
    MatrixStage ofTest =
        lab.attributions(model, Depth.ENCODER, importance, mnist.test(), mnist.baseline());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("importance", importance);
    more.put("removed", REMOVED);
    more.put("training", lab.scale().retrained());
    more.put("asPublished", published);
    return lab.matrix(
        "retrained",
        "retraining without features by " + importance,
        model,
        List.of(train, mnist.test()),
        more,
        () -> {
          float[][] masks = Measures.rows(lab.get(ofTrain));
          Roar roar =
              new Roar(
                  new FeatureMask(mnist.baseline(), mnist.channels()),
                  (masked, test) -> error(lab, lab.retrained(masked, run), test));
          double error =
              roar.error(
                  train,
                  published ? reversed(masks) : masks,
                  mnist.test(),
                  Measures.rows(lab.get(ofTest)),
                  REMOVED);
          return new float[][] {{(float) error}};
        });
  }

  private static float[][] reversed(float[][] rows) {
    float[][] other = new float[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      other[i] = rows[rows.length - 1 - i];
    }
    return other;
  }

  /** The share of samples whose class is not found. */
  private static double error(PappLab lab, TrainStage classifier, Dataset test) {
    float[][] logits = lab.open(classifier, Depth.MODEL, f -> f.of(test));
    int wrong = 0;
    for (int i = 0; i < logits.length; i++) {
      wrong += Statistics.topK(logits[i], 1)[0] == test.label(i) ? 0 : 1;
    }
    return (double) wrong / logits.length;
  }

  private static List<Importance> methods(PappLab lab) {
    List<Importance> methods = new ArrayList<>();
    for (Importance method : METHODS) {
      methods.add(lab.settings().asPublished() ? method.published() : method);
    }
    methods.add(Importance.RANDOM);
    return methods;
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Domain domain : domains(lab)) {
      lab.runs()
          .forEach(
              run -> {
                METHODS.forEach(method -> stages.add(shifts(lab, domain, method, run)));
                stages.add(shifts(lab, domain, Importance.PUBLISHED_GRADIENT_SHAP, run));
                stages.add(shifts(lab, domain, Importance.RANDOM, run));
              });
    }
    for (Importance method : RETRAINED) {
      lab.runs()
          .forEach(
              run -> {
                stages.add(retrained(lab, method, false, run));
                stages.add(retrained(lab, method, true, run));
              });
    }
    return stages;
  }

  @Override
  public Finding report(PappLab lab) {
    List<Row> rows = new ArrayList<>();
    int held = 0;
    int heldAsPublished = 0;
    for (Domain domain : domains(lab)) {
      for (Importance method : METHODS) {
        SummaryStatistics right = ratios(lab, domain, method, SHOWN);
        SummaryStatistics published =
            ratios(lab, domain, method.published(), FRACTIONS.length + SHOWN);
        held += Verdict.above(right, 1) ? 1 : 0;
        heldAsPublished += Verdict.above(published, 1) ? 1 : 0;
        rows.add(
            Row.compared(
                "%s, %s: shift by 20 %%, times random's".formatted(domain.name(), method),
                published(domain, method),
                Estimate.mean(published, 2),
                Estimate.mean(right, 2)));
      }
    }
    int cases = rows.size();
    for (Importance method : RETRAINED) {
      rows.add(
          Row.compared(
              "MNIST, %s: error of a classifier retrained without a tenth".formatted(method),
              "",
              Estimate.mean(errors(lab, method, true), 3),
              Estimate.mean(errors(lab, method, false), 3)));
    }
    List<String> notes = new ArrayList<>();
    notes.add(
        Verdict.of(
            "1.1",
            held == cases,
            "the shift is clearly above random's in %d of %d cases (as published: %d)"
                .formatted(held, cases, heldAsPublished)));
    domains(lab).forEach(domain -> notes.addAll(lab.notesOfExamined(domain)));
    notes.add("Shift: the L2 distance of the text; as published, its square, as in the code.");
    notes.add("Retrained as published: training images masked by the attributions of others.");
    return new Finding(rows, List.of(curves(lab)), notes);
  }

  /** In words: the paper has a figure only. */
  private static String published(Domain domain, Importance method) {
    return domain.channels() == 1 || method == Importance.INTEGRATED_GRADIENTS
        ? "above 1"
        : "not above 1";
  }

  /** Shift over random's, of every run. */
  private static SummaryStatistics ratios(
      PappLab lab, Domain domain, Importance method, int column) {
    SummaryStatistics ratios = new SummaryStatistics();
    lab.runs()
        .forEach(
            run ->
                ratios.addValue(
                    lab.get(shifts(lab, domain, method, run)).row(0)[column]
                        / (double)
                            lab.get(shifts(lab, domain, Importance.RANDOM, run)).row(0)[column]));
    return ratios;
  }

  private static SummaryStatistics errors(PappLab lab, Importance method, boolean published) {
    SummaryStatistics errors = new SummaryStatistics();
    lab.runs()
        .forEach(run -> errors.addValue(lab.get(retrained(lab, method, published, run)).row(0)[0]));
    return errors;
  }

  private Picture curves(PappLab lab) {
    List<Picture> parts = new ArrayList<>();
    for (Domain domain : domains(lab)) {
      List<Plots.Series> curves = new ArrayList<>();
      for (Importance method : methods(lab)) {
        double[] x = new double[FRACTIONS.length];
        double[] y = new double[FRACTIONS.length];
        for (int k = 0; k < x.length; k++) {
          x[k] = 100 * FRACTIONS[k];
          SummaryStatistics means = new SummaryStatistics();
          for (int run : lab.runs().toArray()) {
            NpyMatrix shifts = lab.get(shifts(lab, domain, method, run));
            means.addValue(shifts.row(0)[k]);
          }
          y[k] = means.getMean();
        }
        curves.add(new Plots.Series(method.toString(), x, y));
      }
      parts.add(
          Plots.curves(
              new Plots.Frame(
                  "part", domain.name(), "features masked (%)", "representation shift", 620, 340),
              curves));
    }
    return Picture.panels(name(), title(), 2, parts);
  }
}
