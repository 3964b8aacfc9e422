package latentrace.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import latentrace.Listener;
import latentrace.Version;
import latentrace.backend.Backend;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.AtomicFiles;
import latentrace.data.Dataset;
import latentrace.data.DigitsGenerator;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;
import latentrace.report.InfluenceReport;
import latentrace.report.Statistics;
import latentrace.train.MetricsFile;
import latentrace.train.Trainer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = {
      "The main job on built-in data: trains a beta-VAE on handwritten-like digits with some letters"
          + " among them, finds the letters by self-influence, traces test digits back to the"
          + " training digits that made them likely, and writes report.html."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  private static final String DATA = "digits and letters";
  private static final int DIGITS = 4000;
  private static final int ITERATIONS = 3000;
  private static final int CHECKPOINTS = 5;
  private static final int DIGITS_PER_LETTER = 20;
  private static final int TESTS = 16;
  private static final int DRAWS = 8;
  private static final int NEIGHBOURS = 8;
  private static final long SEED = 1;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "latentrace-demo",
      description = "output folder; an earlier demo there is replaced. Default: ${DEFAULT-VALUE}")
  private Path out;

  @Option(names = "--samples", hidden = true, defaultValue = "" + DIGITS)
  private int samples;

  @Option(names = "--iterations", hidden = true, defaultValue = "" + ITERATIONS)
  private long iterations;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter console = spec.commandLine().getOut();
    Path checkpointFolder = out.resolve("checkpoints");
    Outputs.requireFolder("--out", checkpointFolder);
    requireDemo(checkpointFolder);

    Dataset digits = DigitsGenerator.digits(samples + TESTS, SEED);
    Dataset letters = DigitsGenerator.letters(Math.max(1, samples / DIGITS_PER_LETTER), SEED);
    Dataset train = Dataset.concat(DATA, digits.range(0, samples), letters);
    Dataset test = digits.range(samples, TESTS);
    boolean[] intruders = new boolean[train.count()];
    for (int i = samples; i < intruders.length; i++) {
      intruders[i] = true;
    }

    // one wide hidden layer fits these digits in a minute, where the paper's three need far longer
    ModelSpec modelSpec =
        ModelSpec.mlpVae(train.shape(), 16, 1, Reconstruction.BERNOULLI).withHidden(List.of(256));
    TrainingSpec trainingSpec =
        TrainingSpec.sgd(2e-3, 64, iterations, CHECKPOINTS, SEED)
            .withMomentum(0.9)
            .withSchedule("cosine");
    try (Backend backend = common.open()) {
      removeEarlier(checkpointFolder);
      Listener listener = common.listener(List.of("backend " + backend.description()));
      long count;
      try (Trainer trainer =
          new Trainer(backend, modelSpec, trainingSpec, train, null, checkpointFolder, listener)) {
        count = trainer.model().parameters().count();
        trainer.run();
      }
      List<Checkpoint> checkpoints = Checkpoint.list(checkpointFolder);
      VaeTracIn.Settings settings = VaeTracIn.Settings.defaults(SEED).withDraws(DRAWS);
      VaeTracIn tracIn =
          new VaeTracIn(
              backend,
              modelSpec,
              checkpoints,
              CheckpointWeights.uniform(checkpoints.size()),
              settings,
              listener);
      try (VaeTracIn.Result result = tracIn.scoresAndSelfInfluence(train, test)) {
        double auc =
            Statistics.areaUnderCurve(Statistics.detectionCurve(result.selfInfluence(), intruders));
        result.scores().write(out.resolve("scores.npy"));
        Npy.write(
            out.resolve("self.npy"), NpyArray.ofFloats(result.selfInfluence(), train.count()));
        Npy.write(out.resolve("losses.npy"), NpyArray.ofFloats(result.losses(), train.count()));
        Path report = out.resolve("report.html");
        InfluenceReport.write(
            report,
            new InfluenceReport.Inputs(
                "What made this model what it is",
                String.format(
                    Locale.ROOT,
                    "A β-VAE with %,d parameters, trained without labels on %,d handwritten-like digits"
                        + " with %d letters hidden among them. VAE-TracIn follows the gradients along"
                        + " %d checkpoints of the training.",
                    count,
                    samples,
                    letters.count(),
                    checkpoints.size()),
                train,
                test,
                result.scores().toFloats(),
                result.selfInfluence(),
                result.losses(),
                intruders,
                history(checkpointFolder),
                provenance(backend, train, modelSpec, trainingSpec),
                NEIGHBOURS));
        console.printf(
            Locale.ROOT, "letters found by self-influence: AUC %.3f (0.5 is chance)%n", auc);
        console.printf("report: %s%n", report.toAbsolutePath());
      }
    }
    return Main.OK;
  }

  private static List<InfluenceReport.TrainingPoint> history(Path folder) {
    List<InfluenceReport.TrainingPoint> history = new ArrayList<>();
    MetricsFile.read(folder)
        .forEach(
            (iteration, values) ->
                history.add(
                    new InfluenceReport.TrainingPoint(
                        iteration,
                        values.get("loss"),
                        values.get("reconstruction"),
                        values.get("kl"))));
    return history;
  }

  private static SortedMap<String, String> provenance(
      Backend backend, Dataset train, ModelSpec model, TrainingSpec training) {
    return new TreeMap<>(
        Map.of(
            "model",
                "%s, latent %d, hidden %s".formatted(model.model(), model.latent(), model.hidden()),
            "loss", "bernoulli + %s KL".formatted(model.beta()),
            "training",
                "%s, learning rate %s (%s), momentum %s, batch %d, %d iterations"
                    .formatted(
                        training.optimizer(),
                        training.learningRate(),
                        training.schedule(),
                        training.momentum(),
                        training.batch(),
                        training.iterations()),
            "draws", Integer.toString(DRAWS),
            "seed", Long.toString(SEED),
            "training data, SHA-256", train.hash(),
            "backend", backend.description(),
            "latentrace", Version.CURRENT,
            "java", Runtime.version().toString()));
  }

  /** Refuses a folder that holds anything but what an earlier demo left. */
  private static void requireDemo(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    for (Path file : filesOf(folder)) {
      if (!file.getFileName()
          .toString()
          .matches(
              "model\\.json|metrics\\.csv|state\\.safetensors|checkpoint-\\d+\\.safetensors")) {
        throw notOurs(folder, file.getFileName());
      }
    }
    ModelFile.DataReference data = filesOf(folder).isEmpty() ? null : ModelFile.read(folder).data();
    if (!filesOf(folder).isEmpty() && (data == null || !data.name().equals(DATA))) {
      throw notOurs(folder, "a model of other data");
    }
  }

  private static InputException notOurs(Path folder, Object what) {
    return new InputException(
        "--out: %s holds something else than an earlier demo: %s".formatted(folder, what));
  }

  private static void removeEarlier(Path folder) {
    if (Files.exists(folder)) {
      filesOf(folder).forEach(AtomicFiles::delete);
    }
  }

  private static List<Path> filesOf(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": " + AtomicFiles.reason(e), e);
    }
  }
}
