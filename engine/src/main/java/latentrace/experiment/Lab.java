package latentrace.experiment;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.experiment.ExperimentData.Source;
import latentrace.model.ModelSpec;

/** Where experiments happen: a backend, data, the stages. A paper's own lab has its models. */
class Lab {
  /** Selections of samples take substreams that no built-in sample takes. */
  private static final long SELECTION = 1L << 40;

  private final Means means;
  private final Settings settings;
  private final ExperimentData data;
  private final StageStore stages;
  private final Map<String, Source> sources = new HashMap<>();

  /**
   * What a reproduction is asked for.
   *
   * @param scale how large
   * @param seed of everything random
   * @param data folder, or null for built-in data
   * @param checkpoints folder of the published weights, or null
   * @param asPublished whether done as in the published code
   */
  record Settings(Scale scale, long seed, Path data, Path checkpoints, boolean asPublished) {}

  /**
   * What a reproduction is done with.
   *
   * @param backend what computes
   * @param stages folder where they are kept
   * @param listener hears of progress
   * @param say hears a line for every stage that is done
   */
  record Means(Backend backend, Path stages, Listener listener, Consumer<String> say) {}

  /** Nothing is read or done yet. */
  Lab(Settings settings, Means means) {
    this.means = means;
    this.settings = settings;
    this.data = new ExperimentData(settings.data(), settings.seed());
    this.stages = new StageStore(means.stages());
  }

  final Backend backend() {
    return means.backend();
  }

  final Listener listener() {
    return means.listener();
  }

  final void say(String line) {
    means.say().accept(line);
  }

  final Settings settings() {
    return settings;
  }

  final long seed() {
    return settings.seed();
  }

  final StageStore stages() {
    return stages;
  }

  /** The result of a stage, which is done first if it has to be. */
  final <T> T get(Stage<T> stage) {
    return stages.get(stage, this);
  }

  /** Backend and arithmetic, on which the bytes of a result depend. */
  final String engine() {
    return backend().name() + ", " + backend().math();
  }

  final ExperimentData data() {
    return data;
  }

  /** Data under a name, read once. */
  final Source source(String name, Supplier<Source> reader) {
    return sources.computeIfAbsent(name, key -> reader.get());
  }

  final Source mnistSource() {
    return source("mnist", data::mnist);
  }

  final Source mnistTestSource() {
    return source("mnist test", data::mnistTest);
  }

  /** Samples drawn without replacement, in random order; all if there are no more. */
  final Dataset drawn(String purpose, Dataset from, int count) {
    int[] order = IntStream.range(0, from.count()).toArray();
    new PhiloxRandom(seed(), Philox.ROLE_DATA, SELECTION + purpose.hashCode()).shuffle(order);
    return from.select(Arrays.copyOf(order, Math.min(count, order.length)));
  }

  final TrainStage train(ModelSpec spec, TrainingSpec training, Dataset samples) {
    return new TrainStage(spec, training, samples, engine());
  }

  final LatentStage codes(ModelStage model, Dataset samples) {
    return new LatentStage(model, samples, engine());
  }

  /** 4 for 4.0. */
  static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
