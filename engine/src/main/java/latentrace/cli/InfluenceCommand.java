package latentrace.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Names;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.Gradients;
import latentrace.influence.PartialRun;
import latentrace.influence.ScoreMatrix;
import latentrace.influence.curvature.InfluenceFunctions;
import latentrace.influence.retraining.LeaveOneOut;
import latentrace.influence.retraining.Retraining;
import latentrace.influence.retraining.TrainingLearner;
import latentrace.model.Model;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "influence",
    description = {
      "Scores by other methods than VAE-TracIn: by retraining, or by the curvature of the loss at the"
          + " last checkpoint.",
      "leave-one-out trains again without each training sample, as the checkpoints were trained: the"
          + " definition of influence. Cut off, the same command goes on where it was.",
      "influence-functions (Koh & Liang 2017) estimates that from the Hessian; ekfac (Grosse et al."
          + " 2023) and datainf (Kwon et al. 2023) from approximations of it. Units of all: the loss.",
      "relatif (Barshan et al. 2020) is influence for the size of a sample's own effect, gradcos the"
          + " cosine of gradients.",
      "Writes float32 [tests, training samples] and a .json with the settings beside it. High:"
          + " proponent; low: opponent."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class InfluenceCommand implements Callable<Integer> {
  /** What scores. */
  enum Method {
    LEAVE_ONE_OUT,
    INFLUENCE_FUNCTIONS,
    DATAINF,
    EKFAC,
    GRADCOS,
    RELATIF
  }

  @Option(
      names = "--method",
      required = true,
      paramLabel = "M",
      description = "leave-one-out, influence-functions, datainf, ekfac, gradcos or relatif")
  private Method method;

  @Mixin private ScoringOptions scoring;

  @Option(names = "--test", required = true, paramLabel = "FILE", description = "test samples")
  private Path test;

  @Option(
      names = "--test-labels",
      paramLabel = "FILE",
      description = "their labels, if not in the file (for a classifier)")
  private Path testLabels;

  @Mixin private TestData range;

  @Mixin private InfluenceOptions inverse;

  @Option(
      names = "--order",
      paramLabel = "O",
      defaultValue = "in-place",
      description =
          "of leave-one-out: in-place (the same batches, in which the sample left out counts"
              + " nothing) or anew (as the seed orders the smaller data). Default: ${DEFAULT-VALUE}")
  private TrainingLearner.Order order;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "influence.npy",
      description = "Default: ${DEFAULT-VALUE}")
  private Path out;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    scoring.requireOutput("--out", out, test, testLabels);
    scoring.requireOneSetOfParameters();
    inverse.check();
    ScoringOptions.Prepared run = scoring.prepare(false);
    Dataset tests = range.read(test, testLabels, scoring.imageSize());
    run.model().model().requireFits(tests, run.objective().reconstruction());
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("method", Names.id(method));
    provenance.putAll(inverse.describe(method));
    provenance.put("test", ScoringOptions.describe(test, tests));
    provenance.putAll(run.provenance());
    if (method == Method.LEAVE_ONE_OUT) {
      retrain(run, tests, provenance);
    } else {
      curvature(run, tests, provenance);
    }
    if (!common.quiet()) {
      spec.commandLine()
          .getOut()
          .printf("%s: scores [%d, %d]%n", out, tests.count(), run.train().count());
    }
    return Main.OK;
  }

  private void retrain(ScoringOptions.Prepared run, Dataset tests, Map<String, Object> provenance) {
    ModelFile file = run.model();
    if (file.training() == null) {
      throw new InputException(
          "--method: leave-one-out trains again, but this model was imported: it isn't known how it"
              + " was trained");
    }
    if (!file.data().sha256().equals(run.train().hash())) {
      throw new InputException(
          "--train: leave-one-out trains again and needs what the model was trained on, %d samples of %s; these are %d others"
              .formatted(file.data().count(), file.data().name(), run.train().count()));
    }
    TrainingLearner learner = new TrainingLearner(file.training(), order);
    provenance.put("learner", learner.describe());
    try (Backend first = common.openWorker();
        PartialRun partial = scoring.partial(out, "leave-one-out", first, provenance)) {
      Retraining retraining =
          new Retraining(
              common::openWorker,
              common.workers(first),
              file.model(),
              learner,
              run.settings(),
              listener(first));
      try (ScoreMatrix scores =
          new LeaveOneOut(retraining.keeping(partial)).scores(run.train(), tests)) {
        write(scores, first, provenance);
      }
      partial.remove();
    }
  }

  private void curvature(
      ScoringOptions.Prepared run, Dataset tests, Map<String, Object> provenance) {
    Checkpoint last = run.checkpoints().get(run.checkpoints().size() - 1);
    double decay = run.model().training() == null ? 0 : run.model().training().weightDecay();
    provenance.put("weightDecay", decay);
    try (Backend backend = inverse.needsDouble(method) ? common.openDouble() : common.open();
        Model model = Model.create(backend, run.model().model())) {
      last.load(model);
      Listener listener = listener(backend);
      try (Gradients gradients = new Gradients(model, run.settings(), run.objective(), 0)) {
        InfluenceFunctions functions =
            new InfluenceFunctions(
                gradients,
                inverse.inverse(method, gradients, run.train(), decay, scoring.seed(), listener),
                inverse.normalisation(method),
                listener);
        try (ScoreMatrix scores = functions.scores(run.train(), tests)) {
          write(scores, backend, provenance);
        }
      }
    }
  }

  private Listener listener(Backend backend) {
    return common.listener(List.of("backend " + backend.description()));
  }

  private void write(ScoreMatrix scores, Backend backend, Map<String, Object> provenance) {
    scores.write(out);
    ScoringOptions.writeProvenance(
        out, Names.id(method) + " scores [tests, training samples], float32", backend, provenance);
  }
}
