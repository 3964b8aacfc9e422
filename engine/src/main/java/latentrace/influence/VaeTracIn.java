package latentrace.influence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.Philox;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.data.FolderLock;
import latentrace.data.InputException;
import latentrace.model.Estimator;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Objective;
import latentrace.model.Pass;
import latentrace.model.Positions;
import latentrace.nn.Layer;
import latentrace.nn.Sequential;

/**
 * VAE-TracIn (Kong &amp; Chaudhuri 2021, eq. 10): score(x,z) = Σ_c w_c ⟨ḡ(x;θ_c), ḡ(z;θ_c)⟩ and
 * self(x) = Σ_c w_c ‖ḡ(x;θ_c)‖², with ḡ(x;θ) = (1/m) Σ_j ∇_θ ℓ(x, ξ_j). A high score marks a
 * proponent (a gradient step on x lowers the loss of z), a low one an opponent.
 *
 * <p>Works for every {@link Model}; for an auto-encoder or a classifier m = 1 and it is TracIn
 * (Pruthi et al. 2020). A run is a pure function of (checkpoints, data, settings): tile size,
 * thread count and the order of the samples change nothing.
 */
public final class VaeTracIn {
  /**
   * How to score.
   *
   * @param draws m, draws per sample
   * @param noise where the draws come from
   * @param estimator of the encoder's gradient
   * @param parameters which parameter tensors count
   * @param attribution the loss whose gradients count
   * @param independentSelf whether self-influence takes an independent noise set on each side
   *     (roles 0 and 1: unbiased) instead of one (the published code's way, 2–8 % above)
   * @param tile training samples per tile, or {@link #AUTOMATIC}
   */
  public record Settings(
      int draws,
      Noise noise,
      Estimator estimator,
      ParameterSelection parameters,
      Attribution attribution,
      boolean independentSelf,
      int tile) {
    /** As many training samples per tile as the backend works best with, fewer if need be. */
    public static final int AUTOMATIC = 0;

    /** Checks the ranges. */
    public Settings {
      if (draws < 1) {
        throw new IllegalArgumentException("draws: found %d, expected at least 1".formatted(draws));
      }
      if (tile < AUTOMATIC) {
        throw new IllegalArgumentException("tile: found %d, expected at least 1".formatted(tile));
      }
    }

    /** m = 16 contract draws, pathwise, all parameters, the loss as trained. */
    public static Settings defaults(long seed) {
      return new Settings(
          16,
          Noise.contract(seed),
          Estimator.PATHWISE,
          ParameterSelection.ALL,
          Attribution.AS_TRAINED,
          false,
          AUTOMATIC);
    }

    /** The same with another number of draws. */
    public Settings withDraws(int m) {
      return new Settings(m, noise, estimator, parameters, attribution, independentSelf, tile);
    }

    /** The same with other parameters. */
    public Settings withParameters(ParameterSelection selection) {
      return new Settings(draws, noise, estimator, selection, attribution, independentSelf, tile);
    }

    /** The same with other noise. */
    public Settings withNoise(Noise other) {
      return new Settings(draws, other, estimator, parameters, attribution, independentSelf, tile);
    }

    /** The same with another tile size. */
    public Settings withTile(int samples) {
      return new Settings(
          draws, noise, estimator, parameters, attribution, independentSelf, samples);
    }
  }

  /**
   * What differs from the loss trained with; null keeps it.
   *
   * @param reconstruction decoder distribution
   * @param beta β; makes the penalty β·KL
   * @param lossScale factor on the loss
   */
  public record Attribution(Reconstruction reconstruction, Double beta, Double lossScale) {
    /** Nothing differs. */
    public static final Attribution AS_TRAINED = new Attribution(null, null, null);

    /**
     * The loss at a checkpoint.
     *
     * @throws InputException if a sample has none of its own
     */
    public Objective at(ModelSpec spec, long iteration) {
      Objective trained = spec.objectiveAt(iteration);
      if (beta == null || !spec.isVae()) {
        spec.requirePerSampleLoss();
      }
      return new Objective(
          reconstruction != null ? reconstruction : trained.reconstruction(),
          beta != null ? beta : trained.weight(),
          beta != null ? Double.NaN : trained.capacity(),
          lossScale != null ? lossScale : trained.lossScale());
    }
  }

  /**
   * What a run is asked for and gives.
   *
   * @param scores [T,N] sums, or null; the caller closes it
   * @param selfInfluence [N], or null
   * @param losses ℓ averaged over the draws, at the last checkpoint [N], or null
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier of bulk results, never compared
  public record Result(ScoreMatrix scores, float[] selfInfluence, float[] losses)
      implements AutoCloseable {
    @Override
    public void close() {
      if (scores != null) {
        scores.close();
      }
    }
  }

  /**
   * How a run divides its work, and the backend's memory that it then needs.
   *
   * @param tile training samples at a time
   * @param testTile test samples at a time, 0 without
   * @param bytes that it takes at most
   * @param budget {@link Backend#memoryBudget} when it was made
   */
  public record Plan(int tile, int testTile, long bytes, long budget) {
    private static final double MEBIBYTE = 1 << 20;

    /** One line for people. */
    public String describe() {
      return "%s at a time: %.1f MiB of %.1f MiB"
          .formatted(samples(tile, testTile), bytes / MEBIBYTE, budget / MEBIBYTE);
    }

    private static String samples(int train, int test) {
      return test == 0
          ? "%d training samples".formatted(train)
          : "%d training and %d test samples".formatted(train, test);
    }
  }

  /** Numbers of a tile of scores that are fetched at a time, at most. */
  private static final int MOST_SCORES = 1 << 24;

  private final Backend backend;
  private final ModelSpec spec;
  private final List<Checkpoint> checkpoints;
  private final double[] weights;
  private final Settings settings;
  private final LayerProducts.Strategy strategy;
  private final Listener listener;
  private PartialRun partial;

  /**
   * Prepares a run.
   *
   * @param checkpoints sorted by iteration; their positions are the noise contract's ordinals
   * @param weights w_c, see {@link CheckpointWeights}
   */
  public VaeTracIn(
      Backend backend,
      ModelSpec spec,
      List<Checkpoint> checkpoints,
      double[] weights,
      Settings settings,
      Listener listener) {
    this(backend, spec, checkpoints, weights, settings, LayerProducts.Strategy.AUTO, listener);
  }

  VaeTracIn(
      Backend backend,
      ModelSpec spec,
      List<Checkpoint> checkpoints,
      double[] weights,
      Settings settings,
      LayerProducts.Strategy strategy,
      Listener listener) {
    if (checkpoints.isEmpty()) {
      throw new IllegalArgumentException("no checkpoints to score");
    }
    if (weights.length != checkpoints.size()) {
      throw new IllegalArgumentException(
          "%d weights for %d checkpoints".formatted(weights.length, checkpoints.size()));
    }
    for (int c = 1; c < checkpoints.size(); c++) {
      if (checkpoints.get(c).iteration() <= checkpoints.get(c - 1).iteration()) {
        throw new IllegalArgumentException(
            "checkpoints must be of rising iterations: %d after %d"
                .formatted(checkpoints.get(c).iteration(), checkpoints.get(c - 1).iteration()));
      }
    }
    this.backend = backend;
    this.spec = spec;
    this.checkpoints = List.copyOf(checkpoints);
    this.weights = weights.clone();
    this.settings = settings;
    this.strategy = strategy;
    this.listener = listener;
  }

  /**
   * Keeps what is done on disk from now on: the next run goes on with what it finds there. The
   * caller removes it once the result is safe.
   *
   * @return this
   */
  public VaeTracIn keeping(PartialRun run) {
    partial = run;
    return this;
  }

  /** Scores of all training samples for all test samples. */
  public Result scores(Dataset train, Dataset test) {
    return run(train, test, false);
  }

  /** Self-influence and losses of all training samples. */
  public Result selfInfluence(Dataset train) {
    return run(train, null, true);
  }

  /** Both in one pass over the training data. */
  public Result scoresAndSelfInfluence(Dataset train, Dataset test) {
    return run(train, test, true);
  }

  private Result run(Dataset train, Dataset test, boolean self) {
    int samples = 0;
    for (Dataset data : test == null ? List.of(train) : List.of(train, test)) {
      spec.requireFits(data, settings.attribution().at(spec, 0).reconstruction());
      for (int i = 0; i < data.count(); i++) {
        samples = Math.max(samples, data.fileIndex(i) + 1);
      }
    }
    Plan plan = division(train, test, self);
    listener.planned(plan.describe());
    try (Model model = Model.create(backend, spec);
        Run run = new Run(model, train, test, self, plan)) {
      settings.noise().requireFits(model.noiseSize(), samples, checkpoints.size());
      for (Checkpoint checkpoint : checkpoints) {
        checkpoint.load(model); // a broken file is found before the work, not in the middle
      }
      Result result =
          partial == null
              ? run.execute()
              : FolderLock.during(partial.folder(), "scoring", run::execute);
      try {
        requireFinite(result);
      } catch (InputException e) {
        result.close();
        if (partial != null) {
          partial.remove(); // gone on with, it would end the same way
        }
        throw e;
      }
      return result;
    }
  }

  private static void requireFinite(Result result) {
    if (result.scores() != null) {
      result.scores().requireFinite();
    }
    for (int i = 0; result.selfInfluence() != null && i < result.selfInfluence().length; i++) {
      if (!Float.isFinite(result.selfInfluence()[i]) || !Float.isFinite(result.losses()[i])) {
        throw new InputException(
            "self-influence of sample %d is %s: the weights or the loss are too large"
                .formatted(i, result.selfInfluence()[i]));
      }
    }
  }

  /** The plan, or that of the run that is gone on with. */
  private Plan division(Dataset train, Dataset test, boolean self) {
    int[] begun = partial == null ? null : partial.division();
    if (begun == null) {
      return plan(train, test, self);
    }
    Plan plan = forecast(train, test, self, begun[0], begun[1], backend.memoryBudget());
    if (plan.bytes() > plan.budget()) {
      throw new InputException(
          "%s: %s, as this unfinished run began; --restart divides it anew"
              .formatted(partial.folder(), plan.describe()));
    }
    return plan;
  }

  /**
   * How a run divides its work: the training tile of the settings, or as many samples as the
   * backend works best with, and as many test samples as fit beside it; fewer training samples, if
   * that is left open, where otherwise fewer tests than these would.
   *
   * @param test null without scores
   * @param self whether self-influence is asked for
   * @throws InputException if not even the least fits
   */
  public Plan plan(Dataset train, Dataset test, boolean self) {
    boolean open = settings.tile() == Settings.AUTOMATIC;
    long budget = backend.memoryBudget();
    int most = mostSamples();
    int tile =
        Math.min(open ? Math.min(most, backend.samplesAtATime()) : settings.tile(), train.count());
    while (true) {
      Plan plan = mostTests(train, test, self, tile, most, budget);
      boolean enough =
          plan.bytes() <= budget
              && (!open
                  || tile == 1
                  || test == null
                  || plan.testTile() >= Math.min(tile, test.count()));
      if (enough) {
        return plan;
      }
      if (!open || tile == 1) {
        throw new InputException(
            "%s; backend %s has no more: take %sfewer draws, or give it more memory"
                .formatted(plan.describe(), backend.name(), open ? "" : "a smaller tile, "));
      }
      tile /= 2;
    }
  }

  /** Samples whose activations at the widest layer, and rows of the largest, are 2³¹−1 numbers. */
  private int mostSamples() {
    try (Model model = Model.create(new CountingBackend(backend), spec)) {
      int draws = draws(model);
      long widest = 1;
      for (Sequential part : model.parts()) {
        for (Layer layer : part.layers()) {
          widest = Math.max(widest, draws * layer.widest());
        }
      }
      for (LayerProducts layer : LayerProducts.of(model, draws, settings.parameters(), strategy)) {
        widest = Math.max(widest, layer.testColumns());
      }
      return (int) Math.max(1, Integer.MAX_VALUE / widest);
    }
  }

  private int draws(Model model) {
    return model.noiseSize() == 0 ? 1 : settings.noise().draws(settings.draws());
  }

  /** The plan of this tile with the most tests that fit, or with one if none does. */
  private Plan mostTests(
      Dataset train, Dataset test, boolean self, int tile, int most, long budget) {
    int low = test == null ? 0 : 1;
    int high =
        test == null ? 0 : Math.min(test.count(), Math.max(1, Math.min(most, MOST_SCORES / tile)));
    Plan best = forecast(train, test, self, tile, low, budget);
    while (low < high) {
      int middle = low + (high - low + 1) / 2;
      Plan plan = forecast(train, test, self, tile, middle, budget);
      if (plan.bytes() <= budget) {
        best = plan;
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return best;
  }

  private Plan forecast(
      Dataset train, Dataset test, boolean self, int tile, int testTile, long budget) {
    CountingBackend counting = new CountingBackend(backend);
    Plan plan = new Plan(tile, testTile, 0, budget);
    try (Model model = Model.create(counting, spec);
        Run run = new Run(model, train, test, self, plan)) {
      return new Plan(tile, testTile, counting.bytes() + run.operationMemory(), budget);
    }
  }

  /** All that a run adds up: T rows of scores, then self-influence and losses. */
  private static final class Sums implements PartialRun.Rows {
    final ScoreMatrix scores;
    final double[] self;
    final double[] losses;

    Sums(ScoreMatrix scores, double[] self, double[] losses) {
      this.scores = scores;
      this.self = self;
      this.losses = losses;
    }

    private int tests() {
      return scores == null ? 0 : scores.tests();
    }

    @Override
    public int count() {
      return tests() + (self == null ? 0 : 2);
    }

    @Override
    public int length() {
      return scores == null ? self.length : scores.samples();
    }

    @Override
    public void get(int row, double[] target) {
      if (row < tests()) {
        scores.sums(row, target);
      } else {
        System.arraycopy(row == tests() ? self : losses, 0, target, 0, length());
      }
    }

    @Override
    public void set(int row, double[] source) {
      if (row < tests()) {
        scores.setSums(row, source);
      } else {
        System.arraycopy(source, 0, row == tests() ? self : losses, 0, length());
      }
    }
  }

  /** The buffers of one run. */
  private final class Run implements AutoCloseable {
    private final Model model;
    private final Dataset train;
    private final Dataset test;
    private final boolean self;
    private final List<LayerProducts> layers;
    private final int tile;
    private final int testTile;
    private final Pass trainPass;
    private final Pass secondPass;
    private final Pass testPass;
    private final List<Buffer> testRows = new ArrayList<>();
    private final Buffer scratch0;
    private final Buffer scratch1;
    private final Buffer scoreTile;
    private final Buffer selfTile;
    private final double[] sampleValues;
    private final Cleanup cleanup = new Cleanup();
    private double[] scoreValues;

    Run(Model model, Dataset train, Dataset test, boolean self, Plan plan) {
      this.model = model;
      this.train = train;
      this.test = test;
      this.self = self;
      int draws = draws(model);
      layers = LayerProducts.of(model, draws, settings.parameters(), strategy);
      tile = plan.tile();
      testTile = plan.testTile();
      sampleValues = new double[tile];
      try {
        trainPass = own(model.newPass(tile, draws));
        secondPass = self && settings.independentSelf() ? own(model.newPass(tile, draws)) : null;
        long most = plan.budget() / 4 / Double.BYTES;
        long scratch = 0;
        for (LayerProducts layer : layers) {
          long columns = layer.trainColumns(test != null, self);
          scratch = Math.max(scratch, Math.max(columns, Math.min(columns * tile, most)));
        }
        scratch0 = allocate(scratch);
        scratch1 = secondPass == null ? null : allocate(scratch);
        selfTile = allocate(tile);
        testPass = test == null ? null : own(model.newPass(testTile, draws));
        for (LayerProducts layer : layers) {
          testRows.add(allocate(layer.testColumns() * testTile));
        }
        scoreTile = test == null ? null : allocate((long) testTile * tile);
      } catch (RuntimeException | Error e) {
        cleanup.closeAfter(e);
        throw e;
      }
    }

    private Buffer allocate(long length) {
      return cleanup.add(model.backend().allocate(length), Buffer::close);
    }

    private Pass own(Pass pass) {
      return cleanup.add(pass, Pass::close);
    }

    /** Bytes that operations take while they run, beside this run's buffers. */
    long operationMemory() {
      long most = 0;
      for (LayerProducts layer : layers) {
        most = Math.max(most, layer.memory(backend.gradients(), testTile, tile, self));
      }
      return most;
    }

    Result execute() {
      int n = train.count();
      int tests = test == null ? 0 : test.count();
      ScoreMatrix scores = test == null ? null : new ScoreMatrix(tests, n);
      scoreValues = new double[testTile * tile + 2 * tile];
      double[] selfSums = self ? new double[n] : null;
      double[] losses = self ? new double[n] : null;
      boolean complete = false;
      try {
        add(new Sums(scores, selfSums, losses));
        complete = true;
      } finally {
        if (partial != null) {
          partial.close();
        }
        if (!complete && scores != null) {
          scores.close();
        }
      }
      return new Result(scores, self ? narrowed(selfSums) : null, self ? narrowed(losses) : null);
    }

    private static float[] narrowed(double[] values) {
      float[] narrow = new float[values.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = (float) values[i];
      }
      return narrow;
    }

    /** Adds all checkpoints' tiles, or those that an earlier run has not. */
    private void add(Sums sums) {
      int n = train.count();
      int tests = test == null ? 0 : test.count();
      int trainTiles = (n + tile - 1) / tile;
      int testTiles = test == null ? 1 : (tests + testTile - 1) / testTile;
      PartialRun.Position position = new PartialRun.Position(0, 0);
      if (partial != null) {
        partial.begin(tile, testTile);
        position = partial.restore(sums, (index, values) -> addTile(sums, index, values));
      }
      int tilesDone = position.tiles();
      long done =
          ((long) position.checkpoint() * testTiles + tilesDone / trainTiles) * n
              + (long) (tilesDone % trainTiles) * tile;
      listener.started(
          test == null ? "self-influence" : "scores",
          (long) checkpoints.size() * testTiles * n,
          done);
      try {
        for (int c = position.checkpoint(); c < checkpoints.size(); c++) {
          checkpoints.get(c).load(model);
          Objective objective = settings.attribution().at(spec, checkpoints.get(c).iteration());
          for (int t = tilesDone / trainTiles; t < testTiles; t++) {
            if (test != null) {
              int firstTest = t * testTile;
              prepareTests(firstTest, Math.min(testTile, tests - firstTest), c, objective);
            }
            int first = tilesDone % trainTiles * tile;
            boolean selfNow = self && t == 0;
            for (int from = first; from < n; from += tile) {
              if (from == first) {
                stage(from);
              }
              trainPass.advance();
              gradients(trainPass, Philox.ROLE_TRAIN_SIDE, c, objective);
              if (test != null) {
                queueScores(weights[c]);
              }
              if (selfNow) {
                queueSelf(from, c, objective);
              }
              if (from + tile < n) {
                stage(from + tile); // carried to the backend while it computes
              }
              int length = fetchTile(selfNow, c == checkpoints.size() - 1);
              addTile(sums, t * trainTiles + from / tile, scoreValues);
              if (partial != null) {
                partial.finished(scoreValues, length);
              }
              done += trainPass.count();
              listener.progressed(done);
            }
            tilesDone = 0;
          }
          tilesDone = 0;
          if (partial != null && c + 1 < checkpoints.size()) {
            partial.advance(sums);
          }
        }
      } finally {
        listener.finished();
      }
    }

    /**
     * Leaves what the tile adds in scoreValues: scores [tests,samples], then, if asked for,
     * self-influence [samples] and losses [samples], 0 before the last checkpoint. Returns their
     * number.
     */
    private int fetchTile(boolean selfNow, boolean lossesNow) {
      int count = trainPass.count();
      int length = test == null ? 0 : testPass.count() * count;
      if (length > 0) {
        scoreTile.download(0, scoreValues, 0, length);
      }
      if (selfNow) {
        selfTile.download(0, scoreValues, length, count);
        length += count;
        Arrays.fill(scoreValues, length, length + count, 0);
        if (lossesNow) {
          trainPass.losses(sampleValues);
          System.arraycopy(sampleValues, 0, scoreValues, length, count);
        }
        length += count;
      }
      return length;
    }

    private void addTile(Sums sums, int index, double[] values) {
      int trainTiles = (train.count() + tile - 1) / tile;
      int from = index % trainTiles * tile;
      int count = Math.min(tile, train.count() - from);
      int at = 0;
      if (sums.scores != null) {
        int firstTest = index / trainTiles * testTile;
        int tests = Math.min(testTile, test.count() - firstTest);
        sums.scores.add(firstTest, from, values, tests, count);
        at = tests * count;
      }
      if (sums.self != null && index < trainTiles) {
        for (int i = 0; i < count; i++) {
          sums.self[from + i] += values[at + i];
          sums.losses[from + i] += values[at + count + i];
        }
      }
    }

    private void stage(int from) {
      trainPass.stage(
          train, Positions.upTo(train.count()), from, Math.min(tile, train.count() - from));
    }

    private void gradients(
        Pass pass, Dataset data, int from, int count, int role, int ordinal, Objective objective) {
      pass.load(data, Positions.upTo(data.count()), from, count);
      gradients(pass, role, ordinal, objective);
    }

    /** Leaves the gradient factors of a pass' samples on its tapes. */
    private void gradients(Pass pass, int role, int ordinal, Objective objective) {
      settings.noise().fill(pass, Philox.stream(role, ordinal), ordinal);
      pass.run(objective, settings.estimator(), 1, Pass.Wanted.FACTORS);
    }

    private void prepareTests(int from, int count, int ordinal, Objective objective) {
      gradients(testPass, test, from, count, Philox.ROLE_TEST_SIDE, ordinal, objective);
      for (int l = 0; l < layers.size(); l++) {
        if (layers.get(l).testColumns() > 0) {
          layers.get(l).materialise(backend, testPass, 0, count, testRows.get(l));
        }
      }
    }

    private int scratchSamples(LayerProducts layer) {
      return (int) Math.min(tile, scratch0.length() / layer.columns());
    }

    private void queueScores(double weight) {
      scoreTile.fill(0);
      for (int l = 0; l < layers.size(); l++) {
        LayerProducts layer = layers.get(l);
        layer.addScores(
            backend,
            testPass,
            testRows.get(l),
            trainPass,
            scratch0,
            scratchSamples(layer),
            weight,
            scoreTile);
      }
    }

    private void queueSelf(int from, int ordinal, Objective objective) {
      Pass other = trainPass;
      if (secondPass != null) {
        gradients(
            secondPass, train, from, trainPass.count(), Philox.ROLE_TEST_SIDE, ordinal, objective);
        other = secondPass;
      }
      selfTile.fill(0);
      for (int l = 0; l < layers.size(); l++) { // by index: an iterator may be an object
        LayerProducts layer = layers.get(l);
        layer.addSelf(
            backend,
            trainPass,
            other,
            scratch0,
            scratch1,
            scratchSamples(layer),
            weights[ordinal],
            selfTile);
      }
    }

    @Override
    public void close() {
      cleanup.close();
    }
  }
}
