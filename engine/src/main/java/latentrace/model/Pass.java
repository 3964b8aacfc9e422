package latentrace.model;

import java.util.List;
import java.util.function.Consumer;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.nn.Layer.ParameterGradients;
import latentrace.nn.Sequential;
import latentrace.nn.Tape;

/**
 * One forward and backward over up to {@code capacity} samples: load a batch, set the noise, run,
 * read losses or gradient factors. Nothing is allocated after construction.
 */
public abstract class Pass implements AutoCloseable {
  /** What a run computes beside the losses. */
  public enum Wanted {
    /** Losses only. */
    LOSSES,
    /** Losses and gradient factors; the parameters' gradients stay as they were. */
    FACTORS,
    /** Losses and the parameters' gradients, summed over the batch, overwriting. */
    GRADIENTS,
    /** Losses, and the step of {@link Pass#descend} in place of gradients. */
    DESCENT
  }

  /** Values that are gathered for one copy to the backend. */
  private static final int UPLOAD = 1 << 18;

  private final Model model;
  private final int capacity;
  private final int draws;
  private final Buffer input;
  private final int sampleSize;
  private final int samplesPerUpload;
  private final int[] sampleIndices;
  private final Cleanup cleanup = new Cleanup();
  private float[] values;
  private byte[] bytes;
  private Dataset keptData;
  private Buffer kept;
  private int staged;
  private int count;
  private double lr;
  private double decay;

  Pass(Model model, int capacity, int draws) {
    if (capacity < 1 || draws < 1) {
      throw new IllegalArgumentException(
          "pass: capacity %d and draws %d must be positive".formatted(capacity, draws));
    }
    long widest =
        model.parts().stream()
            .flatMap(part -> part.layers().stream())
            .mapToLong(layer -> layer.widest())
            .max()
            .orElse(1);
    if ((double) capacity * draws * widest > Integer.MAX_VALUE) {
      throw new InputException(
          "%d samples at a time with %d draws through a layer of %d: more than 2^31-1 values; take"
                  .formatted(capacity, draws, widest)
              + " fewer draws or a smaller tile");
    }
    this.model = model;
    this.capacity = capacity;
    this.draws = draws;
    this.sampleSize = model.spec().sampleSize();
    this.input = allocate((long) capacity * sampleSize);
    this.samplesPerUpload = Math.max(1, Math.min(capacity, UPLOAD / sampleSize));
    this.sampleIndices = new int[capacity];
  }

  /**
   * Keeps a data set where the backend computes, if its way there is long and half of the memory
   * there holds it: {@link #stage} then gathers its samples from there.
   */
  public final void keep(Dataset data) {
    long length = (long) data.count() * sampleSize;
    if (!backend().behindBus() || backend().memoryOf(length) > backend().memoryBudget() / 2) {
      return;
    }
    requireFits(data);
    kept = allocate(length);
    int[] positions = Positions.upTo(data.count());
    for (int first = 0; first < data.count(); first += samplesPerUpload) {
      int number = Math.min(samplesPerUpload, data.count() - first);
      upload(kept, data, positions, first, first, number);
    }
    keptData = data;
  }

  /** {@link #stage}, then {@link #advance}. */
  public final void load(Dataset data, int[] positions, int from, int number) {
    stage(data, positions, from, number);
    advance();
  }

  /**
   * Copies the samples of the next run to the backend, while it may still compute the last: that
   * run's losses and factors stay what they are, but its input is gone.
   *
   * @param positions positions in {@code data}; elements {@code from .. from+number-1} are used
   * @throws InputException if the samples do not fit the model
   */
  public final void stage(Dataset data, int[] positions, int from, int number) {
    if (number < 1 || number > capacity) {
      throw new IllegalArgumentException(
          "pass: %d samples, its capacity is %d".formatted(number, capacity));
    }
    requireFits(data);
    if (data == keptData) {
      input.gather(kept, sampleSize, positions, from, number);
    } else {
      for (int first = 0; first < number; first += samplesPerUpload) {
        int part = Math.min(samplesPerUpload, number - first);
        upload(input, data, positions, from + first, first, part);
      }
    }
    for (int i = 0; i < number; i++) {
      sampleIndices[i] = data.fileIndex(positions[from + i]);
    }
    staged(data, positions, from, number);
    staged = number;
  }

  private void requireFits(Dataset data) {
    if (data.sampleSize() != sampleSize) {
      throw new InputException(
          "%s: samples of %s are %d values, the model takes %d"
              .formatted(
                  data.name(),
                  java.util.Arrays.toString(data.sampleShape()),
                  data.sampleSize(),
                  sampleSize));
    }
  }

  /** Copies samples to the rows of {@code target} from {@code row} on. */
  private void upload(Buffer target, Dataset data, int[] positions, int from, int row, int number) {
    long offset = (long) row * sampleSize;
    if (data.isBytes()) {
      if (bytes == null) {
        bytes = new byte[samplesPerUpload * sampleSize];
      }
      for (int i = 0; i < number; i++) {
        data.copyBytes(positions[from + i], bytes, i * sampleSize);
      }
      target.upload(bytes, 0, offset, number * sampleSize);
    } else {
      if (values == null) {
        values = new float[samplesPerUpload * sampleSize];
      }
      for (int i = 0; i < number; i++) {
        data.copySample(positions[from + i], values, i * sampleSize);
      }
      target.upload(values, 0, offset, number * sampleSize);
    }
  }

  /** For what else a model takes from the data: labels. */
  void staged(Dataset data, int[] positions, int from, int number) {}

  /** Makes the staged samples those of the next run. */
  public final void advance() {
    if (staged == 0) {
      throw new IllegalStateException("pass: no samples are staged");
    }
    count = staged;
    staged = 0;
  }

  /** Samples of the run: the last, or the next after {@link #advance}. */
  public final int count() {
    return count;
  }

  /** Most samples of a pass. */
  public final int capacity() {
    return capacity;
  }

  /** m. */
  public final int draws() {
    return draws;
  }

  /**
   * The noise ε [count·m, noiseSize], to be filled before a run; null for a deterministic model.
   */
  public abstract Buffer noise();

  /** Sample indices of the noise contract, of the samples last staged. */
  public final int[] sampleIndices() {
    return sampleIndices;
  }

  /** Fills the noise by the contract, for influence: keyed by sample index, draw and stream. */
  public final void contractNoise(long seed, int stream) {
    if (noise() != null) {
      backend()
          .random()
          .normals(seed, stream, sampleIndices, count, draws, model.noiseSize(), noise());
    }
  }

  /**
   * Fills the noise by the contract, for training: keyed by step and position in the batch. The
   * next run of a model whose {@link Pretext} task corrupts reads its input so.
   */
  public final void trainingNoise(long seed, long step) {
    trainingNoise(seed, step, Positions.upTo(count));
  }

  /**
   * {@link #trainingNoise(long, long)} of a batch some samples of which are left out.
   *
   * @param places [≥ count], of the samples loaded, in the whole batch
   */
  public final void trainingNoise(long seed, long step, int[] places) {
    if (noise() != null) {
      backend()
          .random()
          .normals(
              Philox.trainingKey(seed, step),
              Philox.stream(Philox.ROLE_TRAINING, 0),
              places,
              count,
              draws,
              model.noiseSize(),
              noise());
    }
    corrupt(seed, step, places);
  }

  /** Fills the noise by the generator that the backend was asked to make ready, for training. */
  public final void generatedNoise(long seed, long step) {
    if (noise() != null) {
      backend().random().generate(seed, step, (long) count * draws * model.noiseSize(), noise());
    }
    corrupt(seed, step, Positions.upTo(count));
  }

  /** For models that train on corrupted inputs. */
  void corrupt(long seed, long step, int[] places) {}

  /**
   * Forward, and backward if wanted. Gradients are of weight·Σ_i ℓ_i, ℓ_i averaged over its draws.
   *
   * @param objective the loss; may differ from the one trained with
   * @param estimator of the encoder's gradient
   * @param weight 1/batch for a mean over the batch, 1 for per-sample factors
   */
  public abstract void run(Objective objective, Estimator estimator, double weight, Wanted wanted);

  /**
   * Forward, backward and a step of plain gradient descent on weight·Σ_i ℓ_i in one go: θ ← (1 −
   * lr·decay)·θ − lr·∇θ, without the gradients' way through memory. Their vector holds nothing
   * afterwards.
   */
  public final void descend(Objective objective, double weight, double rate, double weightDecay) {
    lr = rate;
    decay = weightDecay;
    run(objective, Estimator.PATHWISE, weight, Wanted.DESCENT);
    lr = 0;
    decay = 0;
  }

  /**
   * Directions of the loss' Hessian per sample, at what the model puts out: m·(outputs), and 2d at
   * a VAE's [μ | lv].
   */
  public abstract int curvatureDirections();

  /**
   * After a run, another backward pass, from R·p in place of the loss' gradient: R is a root of the
   * Hessian of each sample's ℓ at the outputs (and of its KL term at [μ | lv]). The sums of outer
   * products of the gradients whose factors it leaves are the generalised Gauss–Newton matrix
   * (Schraudolph 2002; Martens 2020), exactly where p runs through the unit vectors, in expectation
   * where it is of random signs. A term γ·|KL − C| counts where KL is above C.
   *
   * @param objective that of the run
   * @param probe p [≥ count, {@link #curvatureDirections}], read
   */
  public abstract void gaussNewton(Objective objective, double... probe);

  /** ℓ of each sample of the last run, averaged over its draws, into target[0..count). */
  public abstract void losses(double[] target);

  /**
   * Reconstruction term of each sample of the last run, without lossScale, into target[0..count).
   */
  public abstract void reconstructions(double[] target);

  /** KL of each sample of the last run, into target[0..count); zeros for a deterministic model. */
  public abstract void kls(double[] target);

  /** The tape of each of the model's parts, in order. */
  public abstract List<Tape> tapes();

  /**
   * The encoder's output for the loaded samples after a run: codes [count,d]; a VAE's [μ | lv]
   * [count,2d].
   */
  public abstract Buffer code();

  final Backend backend() {
    return model.backend();
  }

  final Buffer input() {
    return input;
  }

  /** A part's backward pass, with what is wanted of its parameters. */
  final void backward(Sequential part, Tape tape, boolean inputGradient, Wanted wanted) {
    if (wanted == Wanted.DESCENT) {
      part.descend(backend(), tape, inputGradient, lr, decay);
    } else {
      ParameterGradients mode =
          wanted == Wanted.GRADIENTS ? ParameterGradients.OVERWRITE : ParameterGradients.NONE;
      part.backward(backend(), tape, inputGradient, mode);
    }
  }

  /** A buffer that {@link #close} closes. */
  final Buffer allocate(long length) {
    return cleanup.add(backend().allocate(length), Buffer::close);
  }

  /** A tape that {@link #close} closes. */
  final Tape newTape(Sequential part, int rows, boolean inputGradient) {
    return closing(new Tape(backend(), part, rows, inputGradient), Tape::close);
  }

  /** Something that {@link #close} closes. */
  final <T> T closing(T resource, Consumer<T> closer) {
    return cleanup.add(resource, closer);
  }

  /** Closes what has been taken, because the rest of a constructor failed. */
  final void closeAfter(Throwable cause) {
    cleanup.closeAfter(cause);
  }

  @Override
  public final void close() {
    cleanup.close();
  }
}
