package latentrace.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import latentrace.attribution.Representation.Depth;
import latentrace.data.Dataset;
import latentrace.influence.ParameterSelection;
import latentrace.model.Pretext.Task;
import latentrace.report.Estimate;
import latentrace.report.Picture;
import latentrace.report.Plots;
import latentrace.report.ResultTable.Row;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Figure 5: Pearson's correlation between the label-free importances of a classifier and of its
 * encoder, for every sample, averaged. Beside the paper: TracIn by all parameters and by the
 * encoder's.
 */
final class EncoderAgainstModel implements Experiment<PappLab> {
  private static final Map<Importance, String> PUBLISHED =
      Map.of(
          Importance.SALIENCY, "about 0.2",
          Importance.INTEGRATED_GRADIENTS, "about 0.45",
          Importance.GRADIENT_SHAP, "about 0.35");
  private static final List<Importance> METHODS =
      List.of(Importance.SALIENCY, Importance.INTEGRATED_GRADIENTS, Importance.GRADIENT_SHAP);

  @Override
  public String name() {
    return "figure5";
  }

  @Override
  public String title() {
    return "Figure 5: importances for a classifier against those for its encoder, MNIST";
  }

  private static TrainStage classifier(PappLab lab, int run) {
    return lab.encoder(lab.mnist(), Task.CLASSIFICATION, run);
  }

  private static MatrixStage features(PappLab lab, Importance method, Depth depth, int run) {
    Domain mnist = lab.mnist();
    return lab.attributions(classifier(lab, run), depth, method, mnist.test(), mnist.baseline());
  }

  private static MatrixStage tracIn(PappLab lab, ParameterSelection parameters, int run) {
    Domain mnist = lab.mnist();
    Dataset corpus = mnist.train().range(0, Math.min(lab.scale().corpus(), mnist.train().count()));
    Dataset queries = mnist.test().range(0, Math.min(lab.scale().queries(), mnist.test().count()));
    TrainStage model = classifier(lab, run);
    return lab.matrix(
        "tracin",
        "TracIn by parameters: " + parameters,
        model,
        List.of(corpus, queries),
        Map.of("parameters", parameters.toString()),
        () -> lab.tracIn(model, parameters, corpus, queries));
  }

  @Override
  public List<Stage<?>> stages(PappLab lab) {
    List<Stage<?>> stages = new ArrayList<>();
    for (int run : lab.runs().toArray()) {
      for (Depth depth : Depth.values()) {
        METHODS.forEach(method -> stages.add(features(lab, method, depth, run)));
        stages.add(features(lab, Importance.PUBLISHED_GRADIENT_SHAP, depth, run));
      }
      stages.add(tracIn(lab, ParameterSelection.ENCODER, run));
      stages.add(tracIn(lab, ParameterSelection.ALL, run));
    }
    return stages;
  }

  /**
   * The mean over rows of the correlation of two matrices' rows; rows that do not vary are left.
   */
  static double meanCorrelation(float[][] a, float[][] b) {
    SummaryStatistics correlations = new SummaryStatistics();
    for (int i = 0; i < a.length; i++) {
      double value =
          new PearsonsCorrelation().correlation(Measures.doubles(a[i]), Measures.doubles(b[i]));
      if (Double.isFinite(value)) {
        correlations.addValue(value);
      }
    }
    return correlations.getMean();
  }

  private static DescriptiveStatistics features(PappLab lab, Importance method) {
    DescriptiveStatistics values = new DescriptiveStatistics();
    for (int run : lab.runs().toArray()) {
      values.addValue(
          meanCorrelation(
              Measures.rows(lab.get(features(lab, method, Depth.ENCODER, run))),
              Measures.rows(lab.get(features(lab, method, Depth.MODEL, run)))));
    }
    return values;
  }

  private static SummaryStatistics tracIn(PappLab lab) {
    SummaryStatistics values = new SummaryStatistics();
    for (int run : lab.runs().toArray()) {
      values.addValue(
          meanCorrelation(
              Measures.rows(lab.get(tracIn(lab, ParameterSelection.ENCODER, run))),
              Measures.rows(lab.get(tracIn(lab, ParameterSelection.ALL, run)))));
    }
    return values;
  }

  @Override
  public Finding report(PappLab lab) {
    List<Row> rows = new ArrayList<>();
    List<Plots.Series> curves = new ArrayList<>();
    double highest = 0;
    for (Importance method : METHODS) {
      DescriptiveStatistics right = features(lab, method);
      highest = Math.max(highest, right.getMean());
      rows.add(
          Row.compared(
              method.toString(),
              PUBLISHED.get(method),
              Estimate.mean(features(lab, method.published()), 3),
              Estimate.mean(right, 3)));
      curves.add(
          new Plots.Series(
              method.toString(),
              lab.runs().mapToDouble(run -> run + 1).toArray(),
              right.getValues()));
    }
    rows.add(Row.of("TracIn, encoder against all parameters", "", Estimate.mean(tracIn(lab), 3)));
    List<String> notes = new ArrayList<>();
    notes.add(
        "%s: the highest of the three correlations is %.2f."
            .formatted(
                highest < 0.6
                    ? "At most moderate, as published"
                    : "More than moderate, unlike published",
                highest));
    notes.addAll(lab.mnist().notes());
    Picture picture =
        Plots.curves(
            new Plots.Frame(
                name(), "Classifier against encoder", "run", "Pearson's correlation", 520, 360),
            curves);
    return new Finding(rows, List.of(picture), notes);
  }
}
