package latentrace.experiment;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import latentrace.attribution.LatentUnits;
import latentrace.attribution.LatentUnits.Similarity;
import latentrace.report.Estimate;
import latentrace.report.Picture;
import latentrace.report.Plots;
import latentrace.report.ResultTable.Row;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * Figure 3, claim 3: a larger β does not make the latent units of a β-VAE or a TC-VAE rest on
 * features that differ more.
 */
final class Disentanglement implements Experiment<PappLab> {
  /** What is measured of all pairs of units, or of all features. */
  private enum Measure {
    PEARSON("Pearson"),
    SPEARMAN("Spearman"),
    COSINE("cosine"),
    ENTROPY("entropy"),
    ACTIVE("active units");

    private final String label;

    Measure(String label) {
      this.label = label;
    }

    double of(double[][] units) {
      return switch (this) {
        case PEARSON -> LatentUnits.similarity(units, Similarity.PEARSON);
        case SPEARMAN -> LatentUnits.similarity(units, Similarity.SPEARMAN);
        case COSINE -> LatentUnits.similarity(units, Similarity.COSINE);
        case ENTROPY -> LatentUnits.entropy(units);
        case ACTIVE -> LatentUnits.activeUnits(units);
      };
    }
  }

  /** The two kinds of disentangled VAEs. */
  private enum Kind {
    BETA("β-VAE"),
    TOTAL_CORRELATION("TC-VAE");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    TrainStage train(PappLab lab, Domain domain, double beta, int run) {
      return lab.vae(domain, this == TOTAL_CORRELATION, beta, run);
    }
  }

  @Override
  public String name() {
    return "figure3";
  }

  @Override
  public String title() {
    return "Figure 3, claim 3: correlation of importances between the latent units of β-VAEs and TC-VAEs";
  }

  private static MatrixStage unit(
      PappLab lab, Domain domain, Kind kind, double beta, int unit, boolean published, int run) {
    return lab.attributions(
        kind.train(lab, domain, beta, run),
        published ? Importance.GRADIENT_SHAP : Importance.INTEGRATED_GRADIENTS,
        unit,
        domain.test(),
        domain.baseline());
  }

  private static LatentStage codes(PappLab lab, Domain domain, Kind kind, double beta, int run) {
    return lab.codes(kind.train(lab, domain, beta, run), domain.test());
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (Domain domain : lab.disentangled()) {
      for (Kind kind : Kind.values()) {
        for (double beta : PappScale.BETAS) {
          for (int run : lab.runs().toArray()) {
            for (int unit = 0; unit < lab.latentUnits(domain); unit++) {
              stages.add(unit(lab, domain, kind, beta, unit, false, run));
              stages.add(unit(lab, domain, kind, beta, unit, true, run));
            }
            stages.add(codes(lab, domain, kind, beta, run));
          }
        }
      }
    }
    return stages;
  }

  /** |attributions| of all units [d][N·D]; as published, times the units' values. */
  private static double[][] units(
      PappLab lab, Domain domain, Kind kind, double beta, boolean published, int run) {
    float[][] codes = Measures.rows(lab.get(codes(lab, domain, kind, beta, run)));
    double[][] units = new double[lab.latentUnits(domain)][];
    for (int unit = 0; unit < units.length; unit++) {
      float[][] rows = Measures.rows(lab.get(unit(lab, domain, kind, beta, unit, published, run)));
      int d = rows[0].length;
      units[unit] = new double[rows.length * d];
      for (int i = 0; i < units[unit].length; i++) {
        double factor = published ? codes[i / d][unit] : 1;
        units[unit][i] = Math.abs(factor * rows[i / d][i % d]);
      }
    }
    return units;
  }

  /** The measures of all runs, by β. */
  private record Measured(
      Map<Double, Map<Measure, SummaryStatistics>> values, SimpleRegression slope) {
    static Measured of(PappLab lab, Domain domain, Kind kind, boolean published) {
      Map<Double, Map<Measure, SummaryStatistics>> values = new LinkedHashMap<>();
      SimpleRegression slope = new SimpleRegression();
      for (double beta : PappScale.BETAS) {
        Map<Measure, SummaryStatistics> byMeasure = new EnumMap<>(Measure.class);
        for (int run : lab.runs().toArray()) {
          double[][] units = units(lab, domain, kind, beta, published, run);
          for (Measure measure : Measure.values()) {
            byMeasure
                .computeIfAbsent(measure, key -> new SummaryStatistics())
                .addValue(measure.of(units));
          }
          slope.addData(beta, Measure.PEARSON.of(units));
        }
        values.put(beta, byMeasure);
      }
      return new Measured(values, slope);
    }

    Estimate estimate(double beta, Measure measure) {
      return Estimate.mean(values.get(beta).get(measure), 3);
    }
  }

  @Override
  public Finding report(PappLab lab) {
    List<Row> rows = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    List<Picture> parts = new ArrayList<>();
    for (Domain domain : lab.disentangled()) {
      for (Kind kind : Kind.values()) {
        notes.add(add(rows, lab, domain, kind));
        parts.add(scatter(lab, domain, kind));
      }
    }
    lab.disentangled().forEach(domain -> notes.addAll(domain.notes()));
    notes.add(
        "Integrated gradients of each unit; as published, gradient SHAP times the unit's value. The"
            + " paper shows this as a figure only.");
    return new Finding(rows, List.of(Picture.panels(name(), title(), 2, parts)), notes);
  }

  /** Adds the rows of a kind, and says what they mean. */
  private static String add(List<Row> rows, PappLab lab, Domain domain, Kind kind) {
    Measured right = Measured.of(lab, domain, kind, false);
    Measured published = Measured.of(lab, domain, kind, true);
    for (Measure measure : Measure.values()) {
      for (double beta : PappScale.BETAS) {
        rows.add(
            Row.compared(
                "%s, %s, %s, β = %s"
                    .formatted(domain.name(), kind.label, measure.label, Lab.number(beta)),
                "",
                published.estimate(beta, measure),
                right.estimate(beta, measure)));
      }
    }
    SimpleRegression slope = right.slope();
    return Verdict.of(
        "3 (no decrease with β), %ss of %s,".formatted(kind.label, domain.name()),
        !(slope.getSlope() < -2 * slope.getSlopeStdErr()),
        String.format(
            Locale.ROOT,
            "Pearson's correlation changes by %.4f ± %.4f for each unit of β; as published %.4f ±"
                + " %.4f",
            slope.getSlope(),
            slope.getSlopeStdErr(),
            published.slope().getSlope(),
            published.slope().getSlopeStdErr()));
  }

  private static Picture scatter(PappLab lab, Domain domain, Kind kind) {
    List<Plots.Series> clouds = new ArrayList<>();
    for (boolean published : new boolean[] {false, true}) {
      int runs = lab.scale().runs();
      double[] x = new double[PappScale.BETAS.size() * runs];
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        x[i] = PappScale.BETAS.get(i / runs);
        y[i] = Measure.PEARSON.of(units(lab, domain, kind, x[i], published, i % runs));
      }
      clouds.add(new Plots.Series(published ? "as published" : "done right", x, y));
    }
    return Plots.scatter(
        new Plots.Frame(
            "part", kind.label + ", " + domain.name(), "β", "Pearson's correlation", 420, 320),
        clouds,
        false);
  }
}
