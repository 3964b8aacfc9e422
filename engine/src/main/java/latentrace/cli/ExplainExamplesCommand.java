package latentrace.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import latentrace.Listener;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.backend.Backend;
import latentrace.backend.Names;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Gradients;
import latentrace.influence.ParameterSelection;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.VaeTracIn;
import latentrace.influence.curvature.HessianProducts;
import latentrace.influence.curvature.InfluenceFunctions;
import latentrace.influence.curvature.InfluenceFunctions.Normalisation;
import latentrace.influence.curvature.Lissa;
import latentrace.model.Model;
import latentrace.model.Objective;
import latentrace.neighbors.ExampleImportance;
import latentrace.neighbors.ExampleMethod;
import latentrace.neighbors.NearestCodes;
import latentrace.neighbors.SimplEx;
import latentrace.neighbors.SoftmaxSimplEx;
import latentrace.report.TopTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "examples",
    description = {
      "The importance of every training sample for the representation of every test sample: by their"
          + " codes (dknn, cosine, simplex), or by what the loss says to the encoder's parameters.",
      "tracin sums up products of gradients over all checkpoints; 'latentrace score --parameters"
          + " encoder' does the same, goes on where it was cut off, and can do more.",
      "influence weighs the last checkpoint's gradients by the inverse Hessian, by LiSSA in double"
          + " precision: dear, for few tests."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ExplainExamplesCommand implements Callable<Integer> {
  private static final int ROWS = 256;
  private static final double TOLERANCE = 1e-10;
  private static final SoftmaxSimplEx PUBLISHED = new SoftmaxSimplEx(1000, 1e-3);

  enum Method {
    DKNN,
    COSINE,
    SIMPLEX,
    TRACIN,
    INFLUENCE
  }

  enum Kernel {
    INVERSE_SQUARE,
    NEGATIVE_DISTANCE,
    EXPONENTIAL
  }

  @Mixin private Explanation explanation;

  @Option(names = "--train", required = true, paramLabel = "FILE", description = "training samples")
  private Path train;

  @Option(
      names = "--train-labels",
      paramLabel = "FILE",
      description = "their labels, if not in the file")
  private Path trainLabels;

  @Mixin private TrainingData trainRange;

  @Option(
      names = "--test",
      required = true,
      paramLabel = "FILE",
      description = "samples to explain")
  private Path test;

  @Option(
      names = "--test-labels",
      paramLabel = "FILE",
      description = "their labels, if not in the file")
  private Path testLabels;

  @Mixin private TestData testRange;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "dknn",
      description =
          "dknn (nearness of codes), cosine, simplex (weights of the convex combination of codes"
              + " nearest to the test sample's), tracin or influence. Default: ${DEFAULT-VALUE}")
  private Method method;

  @Option(
      names = "--kernel",
      paramLabel = "NAME",
      defaultValue = "inverse-square",
      description =
          "of dknn: inverse-square (1/d^2), negative-distance or exponential. Default: ${DEFAULT-VALUE}")
  private Kernel kernel;

  @Option(
      names = "--as-published",
      description =
          "simplex: by 1,000 steps of Adam on a softmax, as the papers' code, which ends far from the optimum")
  private boolean asPublished;

  @Mixin private LissaOptions lissa;

  @Option(
      names = "--draws",
      paramLabel = "M",
      defaultValue = "16",
      description =
          "of tracin and influence: latent draws per sample of a VAE. Default: ${DEFAULT-VALUE}")
  private int draws;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "of the draws, and of LiSSA's batches. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "10",
      description = "most and least important samples on a page. Default: ${DEFAULT-VALUE}")
  private int k;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "examples.npy",
      description =
          "NAME.npy: scores [tests, training samples]; NAME.html: a page. Default: ${DEFAULT-VALUE}")
  private Path out;

  @Override
  public Integer call() {
    Explanation.requireOutput(out, train, trainLabels, test, testLabels);
    if (k < 1) {
      throw new InputException("--k: found %d, expected at least 1".formatted(k));
    }
    if (draws < 1) {
      throw new InputException("--draws: found %d, expected at least 1".formatted(draws));
    }
    if (asPublished && method != Method.SIMPLEX) {
      throw new InputException("--as-published: has no meaning for " + Names.id(method));
    }
    lissa.check();
    explanation.trained().find();
    Dataset corpus = trainRange.read(train, trainLabels, explanation.size());
    Dataset tests = testRange.read(test, testLabels, explanation.size());
    CommonOptions common = explanation.common();
    try (Backend backend = method == Method.INFLUENCE ? common.openDouble() : common.open()) {
      write(corpus, tests, scores(backend, corpus, tests), backend);
    }
    explanation.say("%s: scores [%d, %d]", out, tests.count(), corpus.count());
    return Main.OK;
  }

  private float[][] scores(Backend backend, Dataset corpus, Dataset tests) {
    Listener listener = explanation.listener(backend);
    return switch (method) {
      case DKNN -> byCodes(NearestCodes.valueOf(kernel.name()), backend, corpus, tests, listener);
      case COSINE -> byCodes(NearestCodes.COSINE, backend, corpus, tests, listener);
      case SIMPLEX ->
          byCodes(
              asPublished ? PUBLISHED : new SimplEx(TOLERANCE), backend, corpus, tests, listener);
      case TRACIN -> tracIn(backend, corpus, tests, listener);
      case INFLUENCE -> influence(backend, corpus, tests, listener);
    };
  }

  private float[][] byCodes(
      ExampleMethod nearness, Backend backend, Dataset corpus, Dataset tests, Listener listener) {
    try (Model model = explanation.trained().open(backend);
        Representation f = new Representation(model, Depth.ENCODER, ROWS)) {
      return ExampleImportance.scores(nearness, f.of(corpus), f.of(tests), listener);
    }
  }

  private VaeTracIn.Settings encoder() {
    return VaeTracIn.Settings.defaults(seed)
        .withDraws(draws)
        .withParameters(ParameterSelection.ENCODER);
  }

  private float[][] tracIn(Backend backend, Dataset corpus, Dataset tests, Listener listener) {
    List<Checkpoint> checkpoints = explanation.trained().checkpoints();
    VaeTracIn tracIn =
        new VaeTracIn(
            backend,
            explanation.trained().spec(),
            checkpoints,
            CheckpointWeights.uniform(checkpoints.size()),
            encoder(),
            listener);
    try (VaeTracIn.Result result = tracIn.scores(corpus, tests)) {
      return result.scores().toFloats();
    }
  }

  private float[][] influence(Backend backend, Dataset corpus, Dataset tests, Listener listener) {
    TrainedModel trained = explanation.trained();
    Objective objective = trained.spec().objectiveAt(trained.iteration());
    trained.spec().requireFits(corpus, objective.reconstruction());
    trained.spec().requireFits(tests, objective.reconstruction());
    try (Model model = trained.open(backend);
        Gradients gradients = new Gradients(model, encoder(), objective, 0)) {
      HessianProducts products =
          new HessianProducts(gradients, lissa.damping() + trained.weightDecay());
      InfluenceFunctions functions =
          new InfluenceFunctions(
              gradients,
              new Lissa(products, corpus, lissa.settings(seed), listener),
              Normalisation.NONE,
              listener);
      try (ScoreMatrix scores = functions.scores(corpus, tests)) {
        return scores.toFloats();
      }
    }
  }

  private void write(Dataset corpus, Dataset tests, float[][] scores, Backend backend) {
    if (out.toString().endsWith(".html")) {
      TopTable.writeHtml(out, TopTable.top(scores, k), corpus, tests);
    } else {
      Npy.writeFloats(
          out,
          new long[] {tests.count(), corpus.count()},
          (t, row) -> System.arraycopy(scores[Math.toIntExact(t)], 0, row, 0, row.length));
    }
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("test", ScoringOptions.describe(test, tests));
    provenance.put("train", ScoringOptions.describe(train, corpus));
    provenance.put("method", Names.id(method));
    switch (method) {
      case DKNN -> provenance.put("kernel", Names.id(kernel));
      case COSINE -> {}
      case SIMPLEX -> provenance.put("asPublished", asPublished);
      case TRACIN -> {
        provenance.put(
            "checkpoints",
            explanation.trained().checkpoints().stream().map(Checkpoint::iteration).toList());
        provenance.put("draws", draws);
        provenance.put("seed", seed);
      }
      case INFLUENCE -> {
        provenance.put("damping", lissa.damping());
        lissa.describe(provenance);
        provenance.put("draws", draws);
        provenance.put("seed", seed);
      }
    }
    explanation.writeProvenance(
        out, "example importance [tests, training samples], float32", backend, provenance);
  }
}
