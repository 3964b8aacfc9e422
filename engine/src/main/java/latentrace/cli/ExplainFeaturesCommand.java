package latentrace.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import latentrace.attribution.FeatureImportance;
import latentrace.attribution.FeatureMethod;
import latentrace.attribution.GradientShap;
import latentrace.attribution.GradientShap.Pairing;
import latentrace.attribution.IntegratedGradients;
import latentrace.attribution.IntegratedGradients.Rule;
import latentrace.attribution.Occlusion;
import latentrace.attribution.RandomImportance;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.attribution.Representation.Length;
import latentrace.attribution.Saliency;
import latentrace.attribution.SmoothGrad;
import latentrace.attribution.Target;
import latentrace.backend.Backend;
import latentrace.backend.Names;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import latentrace.data.FileHash;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.model.Model;
import latentrace.report.AttributionReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "features",
    description =
        "The importance of every feature of every sample for its representation, or for one unit of it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ExplainFeaturesCommand implements Callable<Integer> {
  private static final String LABEL_FREE = "label-free";
  private static final int ROWS = 1024;
  private static final int SHOWN = 48;

  enum Method {
    SALIENCY,
    IG,
    GRADIENT_SHAP,
    INPUT_X_GRADIENT,
    SMOOTHGRAD,
    OCCLUSION,
    RANDOM
  }

  @Mixin private Explanation explanation;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE",
      description = "samples to explain")
  private Path file;

  @Option(
      names = "--offset",
      paramLabel = "K",
      defaultValue = "0",
      description = "leave out the first K. Default: ${DEFAULT-VALUE}")
  private int offset;

  @Option(names = "--limit", paramLabel = "N", description = "take at most N. Default: all")
  private Integer limit;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "ig",
      description =
          "saliency, ig (integrated gradients), gradient-shap, input-x-gradient, smoothgrad,"
              + " occlusion or random. Default: ${DEFAULT-VALUE}")
  private Method method;

  @Option(
      names = "--target",
      paramLabel = "T",
      defaultValue = LABEL_FREE,
      description =
          "what is explained: label-free (the representation as a whole), latent:L (unit L of the"
              + " code) or class:K (a classifier's logit). Default: ${DEFAULT-VALUE}")
  private String target;

  @Option(
      names = "--corpus",
      paramLabel = "FILE",
      description =
          "explain instead the mean cosine of the representation with those of these samples (COCOA,"
              + " Lin et al. 2023)")
  private Path corpus;

  @Option(
      names = "--foil",
      paramLabel = "FILE",
      description = "minus its mean cosine with those of these")
  private Path foil;

  @Option(
      names = "--baseline",
      paramLabel = "B",
      defaultValue = "zero",
      description =
          "what a feature is compared with (ig, gradient-shap, occlusion): zero, mean (of the"
              + " samples) or a .npy of one sample's shape. Default: ${DEFAULT-VALUE}")
  private String baseline;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "50",
      description = "of ig. Default: ${DEFAULT-VALUE}")
  private int steps;

  @Option(
      names = "--rule",
      paramLabel = "NAME",
      defaultValue = "gauss-legendre",
      description = "of ig: gauss-legendre or trapezoid. Default: ${DEFAULT-VALUE}")
  private Rule rule;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "20",
      description = "draws of gradient-shap and smoothgrad. Default: ${DEFAULT-VALUE}")
  private int draws;

  @Option(
      names = "--sigma",
      paramLabel = "S",
      description =
          "standard deviation of the noise of gradient-shap (default: 0) and smoothgrad (default: 0.1)")
  private Double sigma;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "4",
      description = "height and width of occlusion's window. Default: ${DEFAULT-VALUE}")
  private int window;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "between windows. Default: half a window")
  private Integer stride;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "of the draws. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--as-published",
      description =
          "gradient-shap: explain each draw by another sample's representation, as the papers' code"
              + " does by mistake")
  private boolean asPublished;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "attributions.npy",
      description =
          "NAME.npy: float32 of the samples' shape; NAME.html: a page of the first 48. Default: ${DEFAULT-VALUE}")
  private Path out;

  @Override
  public Integer call() {
    Explanation.requireOutput(
        out, file, corpus, foil, baseline.endsWith(".npy") ? Path.of(baseline) : null);
    if (asPublished && method != Method.GRADIENT_SHAP) {
      throw new InputException("--as-published: has no meaning for " + Names.id(method));
    }
    if (foil != null && corpus == null) {
      throw new InputException("--foil: needs a --corpus");
    }
    if (corpus != null && !target.equals(LABEL_FREE)) {
      throw new InputException("--target: %s is another target than --corpus".formatted(target));
    }
    TrainedModel trained = explanation.trained();
    trained.find();
    Dataset data =
        explanation.size().apply(TrainingData.range(Datasets.read(file, null), "-", offset, limit));
    FeatureMethod chosen = method(data);
    Depth depth = target.startsWith("class:") ? Depth.MODEL : Depth.ENCODER;
    if (depth == Depth.MODEL && trained.spec().classes() == 0) {
      throw new InputException(
          "--target: class:K is of a classifier, this is a " + trained.spec().model());
    }
    int units = depth == Depth.MODEL ? trained.spec().classes() : trained.spec().latent();
    Target named = Target.parse(target, units);
    FeatureImportance.Result result;
    try (Backend backend = explanation.common().open();
        Model model = trained.open(backend);
        Representation f =
            new Representation(model, depth, corpus == null ? Length.KEPT : Length.UNIT, ROWS)) {
      Target explained = corpus == null ? named : Target.contrast(of(f, corpus), of(f, foil));
      result = FeatureImportance.of(f, explained, chosen, data, explanation.listener(backend));
      write(data, result, backend);
    }
    explanation.say(
        "%s: importance of %d features of %d samples", out, data.sampleSize(), data.count());
    if (result.completenessErrors() != null) {
      double[] errors = result.completenessErrors().clone();
      Arrays.sort(errors);
      explanation.say(
          "completeness: the sums miss %.2g of the function's rise (median), %.2g at most",
          errors[errors.length / 2], errors[errors.length - 1]);
    }
    return Main.OK;
  }

  /** f of a file's samples; none of no file. */
  private float[][] of(Representation f, Path samples) {
    return samples == null
        ? new float[0][]
        : f.of(explanation.size().apply(Datasets.read(samples, null)));
  }

  private FeatureMethod method(Dataset data) {
    float[] base = baseline(data);
    try {
      return switch (method) {
        case SALIENCY -> Saliency.magnitude();
        case INPUT_X_GRADIENT -> Saliency.timesInput();
        case IG -> new IntegratedGradients(base, steps, rule);
        case GRADIENT_SHAP ->
            new GradientShap(
                new float[][] {base},
                sigma == null ? 0 : sigma,
                draws,
                asPublished ? Pairing.PUBLISHED : Pairing.OWN,
                seed);
        case SMOOTHGRAD -> new SmoothGrad(sigma == null ? 0.1 : sigma, draws, seed);
        case OCCLUSION ->
            new Occlusion(
                base, data.sampleShape(), window, stride == null ? (window + 1) / 2 : stride);
        case RANDOM -> new RandomImportance(seed);
      };
    } catch (IllegalArgumentException e) {
      throw new InputException("--" + e.getMessage(), e);
    }
  }

  private float[] baseline(Dataset data) {
    if (baseline.equals("zero")) {
      return new float[data.sampleSize()];
    }
    if (baseline.equals("mean")) {
      return FeatureImportance.mean(data);
    }
    if (!baseline.endsWith(".npy")) {
      throw new InputException(
          "--baseline: found '%s', expected zero, mean or a .npy file".formatted(baseline));
    }
    NpyArray array = Npy.read(Path.of(baseline));
    if (array.size() != data.sampleSize()) {
      throw new InputException(
          "--baseline: %s is %s, a sample is %s"
              .formatted(baseline, Arrays.toString(array.shape()), data.shape()));
    }
    return array.toFloats();
  }

  private void write(Dataset data, FeatureImportance.Result result, Backend backend) {
    if (out.toString().endsWith(".html")) {
      AttributionReport.write(
          out,
          "%s of %s, by %s."
              .formatted(
                  corpus == null ? target : "similarity to " + corpus,
                  explanation.trained().spec().model(),
                  Names.id(method)),
          data,
          result.attributions(),
          SHOWN);
    } else {
      Npy.writeFloats(
          out,
          LongStream.concat(
                  LongStream.of(data.count()), Arrays.stream(data.sampleShape()).asLongStream())
              .toArray(),
          (i, row) ->
              System.arraycopy(result.attributions()[Math.toIntExact(i)], 0, row, 0, row.length));
    }
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("data", ScoringOptions.describe(file, data));
    provenance.put("method", Names.id(method));
    provenance.put("target", target);
    provenance.put("corpus", hash(corpus));
    provenance.put("foil", hash(foil));
    provenance.put("baseline", baseline);
    provenance.put("steps", steps);
    provenance.put("rule", Names.id(rule));
    provenance.put("samples", draws);
    provenance.put("sigma", sigma == null ? "default" : sigma);
    provenance.put("window", window);
    provenance.put("stride", stride == null ? "default" : stride);
    provenance.put("seed", seed);
    provenance.put("asPublished", asPublished);
    explanation.writeProvenance(
        out, "feature importance [samples, sample's shape], float32", backend, provenance);
  }

  private static String hash(Path samples) {
    return samples == null ? "none" : FileHash.sha256(samples);
  }
}
