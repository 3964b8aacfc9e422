package latentrace.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import latentrace.Listener;
import latentrace.Version;
import latentrace.attribution.Representation;
import latentrace.attribution.Representation.Depth;
import latentrace.backend.Backend;
import latentrace.backend.Names;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.model.Model;
import latentrace.neighbors.ExampleImportance;
import latentrace.neighbors.ExampleMethod;
import latentrace.neighbors.NearestCodes;
import latentrace.neighbors.SimplEx;
import latentrace.neighbors.SoftmaxSimplEx;
import latentrace.report.TopTable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "examples",
    description = {
      "The importance of every training sample for the representation of every test sample, by their codes.",
      "By gradients of the encoder: 'latentrace score --parameters encoder'."
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
    SIMPLEX
  }

  enum Kernel {
    INVERSE_SQUARE,
    NEGATIVE_DISTANCE,
    EXPONENTIAL
  }

  @Mixin private TrainedModel trained;

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

  @Mixin private ImageSize size;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "dknn",
      converter = MethodName.class,
      description =
          "dknn (nearness of codes), cosine, or simplex (weights of the convex combination of codes"
              + " nearest to the test sample's). Default: ${DEFAULT-VALUE}")
  private Method method;

  @Option(
      names = "--kernel",
      paramLabel = "NAME",
      defaultValue = "inverse-square",
      converter = KernelName.class,
      description =
          "of dknn: inverse-square (1/d^2), negative-distance or exponential. Default: ${DEFAULT-VALUE}")
  private Kernel kernel;

  @Option(
      names = "--as-published",
      description =
          "simplex: by 1,000 steps of Adam on a softmax, as the papers' code, which ends far from the optimum")
  private boolean asPublished;

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

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** A method by its name. */
  static final class MethodName implements CommandLine.ITypeConverter<Method> {
    @Override
    public Method convert(String text) {
      return Converters.parse(Method.values(), text);
    }
  }

  /** A kernel by its name. */
  static final class KernelName implements CommandLine.ITypeConverter<Kernel> {
    @Override
    public Kernel convert(String text) {
      return Converters.parse(Kernel.values(), text);
    }
  }

  @Override
  public Integer call() {
    Outputs.requireFile("--out", out, ".npy", ".html");
    Outputs.requireProvenance("--out", out);
    Outputs.requireOther("--out", out, Arrays.asList(train, trainLabels, test, testLabels));
    if (k < 1) {
      throw new InputException("--k: found %d, expected at least 1".formatted(k));
    }
    if (asPublished && method != Method.SIMPLEX) {
      throw new InputException("--as-published: has no meaning for " + Names.id(method));
    }
    trained.find();
    Dataset corpus = trainRange.read(train, trainLabels, size);
    Dataset tests = testRange.read(test, testLabels, size);
    try (Backend backend = common.open();
        Model model = trained.open(backend);
        Representation f = new Representation(model, Depth.ENCODER, ROWS)) {
      Listener listener = common.listener(List.of("backend " + backend.description()));
      float[][] scores = ExampleImportance.scores(method(), f.of(corpus), f.of(tests), listener);
      write(corpus, tests, scores, backend);
    }
    if (!common.quiet()) {
      spec.commandLine()
          .getOut()
          .printf("%s: scores [%d, %d]%n", out, tests.count(), corpus.count());
    }
    return Main.OK;
  }

  private ExampleMethod method() {
    return switch (method) {
      case DKNN -> NearestCodes.valueOf(kernel.name());
      case COSINE -> NearestCodes.COSINE;
      case SIMPLEX -> asPublished ? PUBLISHED : new SimplEx(TOLERANCE);
    };
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
    provenance.put("checkpoint", trained.describe());
    provenance.put("resize", size.describe());
    provenance.put("method", Names.id(method));
    provenance.put("kernel", Names.id(kernel));
    provenance.put("asPublished", asPublished);
    provenance.put("latentrace", Version.CURRENT);
    provenance.put("java", Runtime.version().toString());
    ScoringOptions.writeProvenance(
        out, "example importance [tests, training samples], float32", backend, provenance);
  }
}
