package latentrace.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import latentrace.Listener;
import latentrace.Version;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.Json;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.AtomicFiles;
import latentrace.data.Dataset;
import latentrace.data.FolderLock;
import latentrace.data.InputException;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Objective;
import latentrace.model.Pass;
import latentrace.model.Positions;

/**
 * Minimises the batch mean of a model's loss and leaves a folder: {@code model.json}, {@code
 * checkpoint-<iteration>.safetensors} at C evenly spaced iterations, {@code metrics.csv}, and
 * {@code state.safetensors} to resume from. Same spec, data and backend: same bytes, interrupted or
 * not.
 *
 * <p>Training noise is a function of seed and iteration t = 1, 2, …: of the contract, where t is
 * the step in the key, or, if the spec says so, of a generator of the backend's own.
 */
public final class Trainer implements AutoCloseable {
  /** Where a run stands when {@link #run} returns. */
  public enum Outcome {
    /** All iterations done. */
    COMPLETED,
    /**
     * The validation loss stopped improving; the model has the best parameters, and checkpoints
     * after them are deleted.
     */
    STOPPED_EARLY,
    /** {@link #requestStop} was called; the state is saved. */
    INTERRUPTED
  }

  private static final int WINDOWS = 200;

  private final Model model;
  private final ModelFile file;
  private final TrainingSpec spec;
  private final Dataset validation;
  private final Path folder;
  private final Listener listener;
  private final TrainingSteps steps;
  private final Pass pass;
  private final Buffer best;
  private final Cleanup cleanup = new Cleanup();
  private final Buffer bestStatistics;
  private final TrainingState.Progress progress = new TrainingState.Progress();
  private final double[] losses;
  private final double[] reconstructions;
  private final double[] kls;
  private final long saveEvery;
  private volatile boolean stopRequested;

  /**
   * Prepares a run; nothing is written before {@link #run}.
   *
   * @param validation what early stopping looks at; null when the spec's patience is 0
   * @param folder where everything is left
   * @throws InputException if data and model do not fit, or the backend does not have the noise
   */
  public Trainer(
      Backend backend,
      ModelSpec modelSpec,
      TrainingSpec spec,
      Dataset data,
      Dataset validation,
      Path folder,
      Listener listener) {
    checkInputs(modelSpec, spec, data, validation);
    if (!spec.noise().equals(TrainingSpec.CONTRACT)) {
      try {
        backend.random().requireGenerator(spec.noise());
      } catch (BackendException e) {
        throw new InputException("training noise: " + e.getMessage(), e);
      }
    }
    this.spec = spec;
    this.validation = validation;
    this.folder = folder;
    this.listener = listener;
    this.file =
        new ModelFile(
            ModelFile.FORMAT,
            modelSpec,
            spec,
            ModelFile.DataReference.of(data),
            ModelFile.DataReference.of(validation),
            new TreeMap<>(
                Map.of(
                    "latentrace", Version.CURRENT,
                    "backend", backend.name(),
                    "math", backend.math(),
                    "java", Runtime.version().toString())));
    try {
      this.model = cleanup.add(Model.create(backend, modelSpec), Model::close);
      this.steps = cleanup.add(new TrainingSteps(model, spec, data), TrainingSteps::close);
      this.pass = steps.pass();
      boolean keepBest = spec.patience() > 0;
      this.best = keepBest ? alike(model.parameters().values()) : null;
      this.bestStatistics = keepBest ? alike(model.parameters().statistics()) : null;
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
    this.losses = new double[pass.capacity()];
    this.reconstructions = new double[pass.capacity()];
    this.kls = new double[pass.capacity()];
    this.saveEvery = Math.max(1, Math.min(1000, spec.iterations() / 20));
  }

  private Buffer alike(Buffer buffer) {
    return cleanup.add(model.backend().allocate(buffer.length()), Buffer::close);
  }

  /**
   * Checks what can be checked before a backend is opened.
   *
   * @throws InputException if data do not fit the model, are too few, or early stopping has nothing
   *     to look at
   */
  public static void checkInputs(
      ModelSpec model, TrainingSpec spec, Dataset data, Dataset validation) {
    if (spec.patience() > 0 && validation == null) {
      throw new InputException("patience: early stopping needs validation data");
    }
    model.requireFits(data, model.reconstruction());
    if (validation != null) {
      if (model.model().equals(ModelSpec.SIMCLR)) {
        throw new InputException(
            "validation: the loss of a simclr is of random views; there is none without training");
      }
      model.requireFits(validation, model.reconstruction());
    }
    if (spec.dropLast() && data.count() < spec.batch()) {
      throw new InputException(
          "%s: %d samples do not fill one batch of %d"
              .formatted(data.name(), data.count(), spec.batch()));
    }
  }

  /**
   * Checks that a folder holds no run yet.
   *
   * @throws InputException if it does
   */
  public static void checkNoRun(Path folder) {
    for (String name : List.of(ModelFile.NAME, TrainingState.NAME)) {
      if (Files.exists(folder.resolve(name)) || hasCheckpoints(folder)) {
        throw new InputException(
            "%s: there is a run already; use --resume to go on with it, or another folder"
                .formatted(folder));
      }
    }
  }

  private static boolean hasCheckpoints(Path folder) {
    return Files.isDirectory(folder) && !Checkpoint.list(folder).isEmpty();
  }

  /** Begins at iteration 1, in a folder that holds no run yet. */
  public Outcome run() {
    checkNoRun(folder);
    return FolderLock.during(folder, "training", this::begin);
  }

  /** Goes on where the folder's state was saved; begins anew if none was. */
  public Outcome resume() {
    return FolderLock.during(
        folder,
        "training",
        () -> {
          if (!Files.exists(folder.resolve(ModelFile.NAME))) {
            return begin();
          }
          file.requireSame(ModelFile.read(folder), folder);
          if (TrainingState.exists(folder)) {
            TrainingState.load(folder, progress, vectors());
          } else {
            model.parameters().initialise(spec.initialisation(), spec.seed());
          }
          return loop();
        });
  }

  private Outcome begin() {
    checkNoRun(folder);
    model.parameters().initialise(spec.initialisation(), spec.seed());
    Json.write(folder.resolve(ModelFile.NAME), file);
    return loop();
  }

  /** The model being trained; after {@link #run}, as it ended. */
  public Model model() {
    return model;
  }

  /** Optimiser steps taken. */
  public long iteration() {
    return progress.iteration;
  }

  /** Deletes what only a resume needs; the checkpoints stay. */
  public void discardState() {
    AtomicFiles.delete(folder.resolve(TrainingState.NAME));
  }

  /** Lets {@link #run} save and return after the iteration under way; from any thread. */
  public void requestStop() {
    stopRequested = true;
  }

  private Outcome loop() {
    long iterations = spec.iterations();
    long window = Math.max(1, iterations / WINDOWS);
    int nextCheckpoint = 1;
    while (nextCheckpoint <= spec.checkpoints()
        && spec.checkpointIteration(nextCheckpoint) <= progress.iteration) {
      nextCheckpoint++;
    }

    listener.started("training", iterations, progress.iteration);
    try (MetricsFile metrics = new MetricsFile(folder, progress.iteration)) {
      while (progress.iteration < iterations && !progress.stoppedEarly && !stopRequested) {
        long iteration = progress.iteration + 1;
        boolean evaluate =
            validation != null
                && (iteration % spec.evaluateEvery() == 0 || iteration == iterations);
        step(iteration, iteration < iterations && !evaluate);
        progress.iteration = iteration;

        Double validationLoss = evaluate ? validate(iteration) : null;
        if (iteration % window == 0 || iteration == iterations || evaluate) {
          report(metrics, iteration, steps.learningRate(iteration), validationLoss);
        }
        if (nextCheckpoint <= spec.checkpoints()
            && iteration == spec.checkpointIteration(nextCheckpoint)) {
          listener.saved(Checkpoint.save(model, folder, iteration).file());
          nextCheckpoint++;
          saveState();
        } else if (iteration % saveEvery == 0) {
          saveState();
        }
        listener.progressed(iteration);
      }
      if (progress.iteration < iterations && !progress.stoppedEarly) {
        saveState();
        return Outcome.INTERRUPTED;
      }
      return finish();
    } finally {
      listener.finished();
    }
  }

  private void step(long iteration, boolean ahead) {
    steps.step(iteration, ahead);
    int count = pass.count();
    pass.losses(losses);
    pass.reconstructions(reconstructions);
    pass.kls(kls);
    double loss = mean(losses, count);
    if (!Double.isFinite(loss)) {
      throw new InputException(
          "training diverged: the loss is %s at iteration %d; try a smaller --lr (now %s)"
              .formatted(loss, iteration, steps.learningRate(iteration)));
    }
    progress.windowCount++;
    progress.windowLoss += loss;
    progress.windowReconstruction += mean(reconstructions, count);
    progress.windowKl += mean(kls, count);
  }

  private static double mean(double[] values, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += values[i];
    }
    return sum / count;
  }

  /**
   * Mean validation loss at the latent means (noise zero) and at the inputs as they are, so that
   * evaluations differ by the parameters alone (Label-Free-XAI's code draws a new corruption for
   * each); keeps the best parameters.
   */
  private double validate(long iteration) {
    // the loss at the end, so that evaluations compare: Burgess' capacity grows until then
    Objective last = model.spec().objectiveAt(spec.iterations());
    double sum = 0;
    for (int from = 0; from < validation.count(); from += pass.capacity()) {
      int count = Math.min(pass.capacity(), validation.count() - from);
      pass.load(validation, Positions.upTo(validation.count()), from, count);
      if (pass.noise() != null) {
        pass.noise().fill(0);
      }
      pass.run(last, Estimator.PATHWISE, 1, Pass.Wanted.LOSSES);
      pass.losses(losses);
      sum += mean(losses, count) * count;
    }
    double loss = sum / validation.count();
    if (spec.patience() > 0) {
      if (loss < progress.bestLoss) {
        progress.bestLoss = loss;
        progress.bestIteration = iteration;
        progress.badEvaluations = 0;
        best.copyFrom(model.parameters().values());
        bestStatistics.copyFrom(model.parameters().statistics());
      } else if (++progress.badEvaluations >= spec.patience()) {
        progress.stoppedEarly = true;
      }
    }
    return loss;
  }

  private void report(MetricsFile metrics, long iteration, double lr, Double validationLoss) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", progress.windowLoss / progress.windowCount);
    values.put("reconstruction", progress.windowReconstruction / progress.windowCount);
    values.put("kl", progress.windowKl / progress.windowCount);
    values.put("lr", lr);
    if (validationLoss != null) {
      values.put("validation", validationLoss);
    }
    progress.windowCount = 0;
    progress.windowLoss = 0;
    progress.windowReconstruction = 0;
    progress.windowKl = 0;
    metrics.append(iteration, values);
    listener.metrics(iteration, values);
  }

  private Outcome finish() {
    if (spec.patience() > 0 && progress.bestIteration > 0) {
      model.parameters().values().copyFrom(best);
      model.parameters().statistics().copyFrom(bestStatistics);
      listener.saved(Checkpoint.save(model, folder, progress.bestIteration).file());
    }
    saveState();
    if (spec.patience() > 0 && progress.bestIteration > 0) {
      // what came after the best is over-fitted and must not be scored as the end of training
      for (Checkpoint checkpoint : Checkpoint.list(folder)) {
        if (checkpoint.iteration() > progress.bestIteration) {
          AtomicFiles.delete(checkpoint.file());
        }
      }
    }
    return progress.stoppedEarly ? Outcome.STOPPED_EARLY : Outcome.COMPLETED;
  }

  private void saveState() {
    TrainingState.save(folder, progress, vectors());
  }

  private Map<String, Buffer> vectors() {
    Map<String, Buffer> vectors = new LinkedHashMap<>();
    vectors.put("parameters", model.parameters().values());
    for (int i = 0; i < steps.optimizer().state().size(); i++) {
      vectors.put("optimizer." + i, steps.optimizer().state().get(i));
    }
    boolean hasStatistics = model.parameters().statistics().length() > 0;
    if (hasStatistics) {
      vectors.put("statistics", model.parameters().statistics());
    }
    if (best != null) {
      vectors.put("best", best);
      if (hasStatistics) {
        vectors.put("best.statistics", bestStatistics);
      }
    }
    return vectors;
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
