package latentrace.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import latentrace.data.Dataset;
import latentrace.neighbors.ExampleImportance;
import latentrace.report.Estimate;
import latentrace.report.Picture;
import latentrace.report.Plots;
import latentrace.report.ResultTable.Row;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Figure 2, claim 1.2: training samples that are important for a sample are of its class more often
 * than those that are not.
 */
final class SimilarityRates implements Experiment<PappLab> {
  private static final double[] FRACTIONS = {0.05, 0.1, 0.2, 0.5, 1};
  private static final double SHOWN = 0.1;

  @Override
  public String name() {
    return "figure2";
  }

  @Override
  public String title() {
    return "Figure 2, claim 1.2: important training samples are of the same class";
  }

  private static List<Domain> domains(PappLab lab) {
    return Stream.concat(Stream.of(lab.mnist(), lab.beats()), lab.colours().stream()).toList();
  }

  /** By codes; and by gradients, but for SimCLR's: a sample has no loss of its own there. */
  private static List<Likeness> methods(Domain domain) {
    List<Likeness> methods =
        new ArrayList<>(List.of(Likeness.DKNN, Likeness.COSINE, Likeness.SIMPLEX));
    if (domain.channels() == 1) {
      methods.add(Likeness.TRACIN);
      methods.add(Likeness.INFLUENCE);
    }
    return methods;
  }

  private static Dataset corpus(PappLab lab, Domain domain) {
    return domain.train().range(0, Math.min(lab.scale().corpus(), domain.train().count()));
  }

  private static Dataset queries(PappLab lab, Domain domain) {
    return domain.test().range(0, Math.min(lab.scale().queries(), domain.test().count()));
  }

  private static MatrixStage scores(PappLab lab, Domain domain, Likeness method, int run) {
    return lab.examples(
        lab.examined(domain, run), method, corpus(lab, domain), queries(lab, domain));
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Domain domain : domains(lab)) {
      for (int run : lab.runs().toArray()) {
        for (Likeness method : methods(domain)) {
          stages.add(scores(lab, domain, method, run));
          if (method.published() != method) {
            stages.add(scores(lab, domain, method.published(), run));
          }
        }
      }
    }
    return stages;
  }

  private static SummaryStatistics rates(
      PappLab lab, Domain domain, Likeness method, double fraction, boolean most) {
    SummaryStatistics rates = new SummaryStatistics();
    for (int run : lab.runs().toArray()) {
      rates.addValue(rate(lab, domain, method, run, fraction, most));
    }
    return rates;
  }

  private static double rate(
      PappLab lab, Domain domain, Likeness method, int run, double fraction, boolean most) {
    return ExampleImportance.similarityRate(
        Measures.rows(lab.get(scores(lab, domain, method, run))),
        corpus(lab, domain).labels(),
        queries(lab, domain).labels(),
        fraction,
        most);
  }

  /** The rate of the most important tenth minus that of the least important. */
  private static SummaryStatistics gaps(PappLab lab, Domain domain, Likeness method) {
    SummaryStatistics gaps = new SummaryStatistics();
    for (int run : lab.runs().toArray()) {
      gaps.addValue(
          rate(lab, domain, method, run, SHOWN, true)
              - rate(lab, domain, method, run, SHOWN, false));
    }
    return gaps;
  }

  @Override
  public Finding report(PappLab lab) {
    List<Row> rows = new ArrayList<>();
    int held = 0;
    List<String> notes = new ArrayList<>();
    for (Domain domain : domains(lab)) {
      for (Likeness method : methods(domain)) {
        SummaryStatistics right = gaps(lab, domain, method);
        held += Verdict.above(right, 0) ? 1 : 0;
        rows.add(
            Row.compared(
                "%s, %s: rate of the most minus the least important 10 %%"
                    .formatted(domain.name(), method),
                published(domain, method),
                Estimate.mean(gaps(lab, domain, method.published()), 3),
                Estimate.mean(right, 3)));
      }
      notes.addAll(lab.notesOfExamined(domain));
      notes.add(
          "%s: %,d training samples for %d."
              .formatted(domain.name(), corpus(lab, domain).count(), queries(lab, domain).count()));
    }
    notes.add(
        0,
        Verdict.of(
            "1.2",
            held == rows.size(),
            "the rate falls clearly in %d of %d cases".formatted(held, rows.size())));
    notes.add(
        "As published: SimplEx by 1,000 steps of Adam on a softmax; gradients of one sample at a time"
            + " in training mode, with batch statistics and a corruption of that sample alone;"
            + " influence functions without curvature, which is what LiSSA with the published scale"
            + " of 1000 comes to. Done right: in evaluation mode, by EK-FAC (ECG5000: of squared"
            + " errors).");
    return new Finding(rows, List.of(curves(lab)), notes);
  }

  /** In words: the paper has a figure only. */
  private static String published(Domain domain, Likeness method) {
    boolean series = domain.train().shape().size() < 3;
    return series && method == Likeness.SIMPLEX ? "marginally above 0" : "above 0";
  }

  private Picture curves(PappLab lab) {
    List<Picture> parts = new ArrayList<>();
    double[] x = Arrays.stream(FRACTIONS).map(fraction -> 100 * fraction).toArray();
    for (Domain domain : domains(lab)) {
      for (boolean most : new boolean[] {true, false}) {
        List<Plots.Series> curves = new ArrayList<>();
        for (Likeness method : methods(domain)) {
          Likeness shown = lab.settings().asPublished() ? method.published() : method;
          double[] y =
              Arrays.stream(FRACTIONS)
                  .map(fraction -> rates(lab, domain, shown, fraction, most).getMean())
                  .toArray();
          curves.add(new Plots.Series(shown.toString(), x, y));
        }
        parts.add(
            Plots.curves(
                new Plots.Frame(
                    "part",
                    domain.name() + (most ? ", most important" : ", least important"),
                    "of the training samples (%)",
                    "similarity rate",
                    620,
                    340),
                curves));
      }
    }
    return Picture.panels(name(), title(), 2, parts);
  }
}
