package latentrace.attribution;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.Model;
import latentrace.nn.Layer.ParameterGradients;
import latentrace.nn.Sequential;
import latentrace.nn.Tape;

/**
 * A model as a function f from an input [D] to a vector [H], with its gradient: the encoder's code
 * (a VAE's latent mean), or the whole model's output at that code; as it is, or brought to length
 * 1. In evaluation mode.
 */
public final class Representation implements AutoCloseable {
  /** How far through the model f goes. */
  public enum Depth {
    /** To the code. */
    ENCODER,
    /** To the output: a reconstruction, or a classifier's logits. */
    MODEL
  }

  /** Inputs at a time that the backends work well with. */
  public static final int DEFAULT_CAPACITY = 256;

  /** What becomes of f's length. */
  public enum Length {
    /** Nothing. */
    KEPT,
    /** f/‖f‖, whose inner product with a unit vector is the cosine; 0 stays 0. */
    UNIT
  }

  /** Features behind an affine first layer for one before it, from which points cost too much. */
  private static final int MOST_GROWTH = 4;

  private final Backend backend;
  private final List<Sequential> parts;
  private final Length length;
  private final Tape[] tapes;
  private final int capacity;
  private final int inputSize;
  private final int latent;
  private final int size;
  private final Buffer input;
  private final Buffer code;
  private final Cleanup cleanup = new Cleanup();
  private final float[] units;
  private final double[] norms;
  private AffineStart affineStart;
  private int rows;

  /**
   * Memory for passes through a model, which the caller keeps open.
   *
   * @param capacity most inputs at a time
   */
  public Representation(Model model, Depth depth, int capacity) {
    this(model, depth, Length.KEPT, capacity);
  }

  /**
   * The same with what becomes of f's length.
   *
   * @param capacity most inputs at a time
   */
  public Representation(Model model, Depth depth, Length length, int capacity) {
    this(
        model.backend(),
        model.parts().subList(0, depth == Depth.ENCODER ? 1 : model.parts().size()),
        length,
        model.spec().latent(),
        capacity);
    model.training(false);
  }

  private Representation(
      Backend backend, List<Sequential> parts, Length length, int latent, int capacity) {
    this.backend = backend;
    this.parts = parts;
    this.length = length;
    this.capacity = capacity;
    this.inputSize = parts.get(0).inputSize();
    this.latent = latent;
    this.size = parts.size() == 1 ? latent : parts.get(parts.size() - 1).outputSize();
    this.units = length == Length.UNIT ? new float[capacity * size] : null;
    this.norms = length == Length.UNIT ? new double[capacity] : null;
    this.tapes = new Tape[parts.size()];
    try {
      for (int p = 0; p < tapes.length; p++) {
        tapes[p] = cleanup.add(new Tape(backend, parts.get(p), capacity, true), Tape::close);
      }
      input = cleanup.add(backend.allocate((long) capacity * inputSize), Buffer::close);
      code = cleanup.add(backend.allocate((long) capacity * latent), Buffer::close);
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /**
   * This in two behind its first layer, in memory of its own that is closed with this; nothing if
   * that layer is not affine, or makes so much of an input that nothing is gained.
   */
  Optional<AffineStart> affineStart() {
    if (affineStart == null) {
      Sequential.Split split = parts.get(0).behindAffineLayer().orElse(null);
      if (split == null || split.affine().outputSize() > (long) MOST_GROWTH * inputSize) {
        return Optional.empty();
      }
      List<Sequential> after = new ArrayList<>(parts);
      after.set(0, split.rest());
      Representation rest = new Representation(backend, after, length, latent, capacity);
      affineStart = cleanup.add(new AffineStart(backend, split.affine(), rest), AffineStart::close);
    }
    return Optional.of(affineStart);
  }

  /** D. */
  public int inputSize() {
    return inputSize;
  }

  /** H. */
  public int size() {
    return size;
  }

  /** Most inputs at a time. */
  public int capacity() {
    return capacity;
  }

  /**
   * values = f(x).
   *
   * @param x [count,D], row-major
   * @param count at most the capacity
   * @param values [count,H], overwritten
   */
  public void forward(float[] x, int count, float[] values) {
    rows = Objects.checkIndex(count - 1, capacity) + 1;
    input.upload(x, 0, 0, count * inputSize);
    Buffer y = parts.get(0).forward(backend, tapes[0], count, input);
    if (parts.size() == 1) {
      download(y, values);
    } else {
      y = parts.get(1).forward(backend, tapes[1], count, means(y));
      y.download(0, values, 0, count * size);
    }
    if (length == Length.UNIT) {
      normalise(values);
    }
  }

  /** Brings the rows to length 1, and keeps what their gradient needs. */
  private void normalise(float[] values) {
    for (int i = 0; i < rows; i++) {
      double square = 0;
      for (int l = i * size; l < (i + 1) * size; l++) {
        square += (double) values[l] * values[l];
      }
      norms[i] = Math.sqrt(square);
      for (int l = i * size; l < (i + 1) * size && norms[i] > 0; l++) {
        values[l] /= (float) norms[i];
      }
    }
    System.arraycopy(values, 0, units, 0, rows * size);
  }

  /** Weights of f for weights w of u = f/‖f‖: (w − ⟨w,u⟩u)/‖f‖; 0 at f = 0. */
  private float[] ofLength(float[] weights) {
    float[] all = new float[rows * size];
    for (int i = 0; i < rows; i++) {
      double along = 0;
      for (int l = i * size; l < (i + 1) * size; l++) {
        along += (double) weights[l] * units[l];
      }
      for (int l = i * size; l < (i + 1) * size && norms[i] > 0; l++) {
        all[l] = (float) ((weights[l] - along * units[l]) / norms[i]);
      }
    }
    return all;
  }

  /** The codes among the encoder's outputs: a VAE's have the log variances beside the means. */
  private void download(Buffer y, float[] values) {
    int width = parts.get(0).outputSize();
    if (width == size) {
      y.download(0, values, 0, rows * size);
      return;
    }
    float[] all = new float[rows * width];
    y.download(0, all, 0, all.length);
    for (int i = 0; i < rows; i++) {
      System.arraycopy(all, i * width, values, i * size, size);
    }
  }

  private Buffer means(Buffer y) {
    int width = parts.get(0).outputSize();
    if (width == latent) {
      return y;
    }
    float[] all = new float[rows * width];
    y.download(0, all, 0, all.length);
    float[] means = new float[rows * latent];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(all, i * width, means, i * latent, latent);
    }
    code.upload(means, 0, 0, means.length);
    return code;
  }

  /**
   * dX = ∂⟨weights_i, f(x_i)⟩/∂x_i at the inputs of the last {@link #forward}.
   *
   * @param weights [count,H], row-major
   * @param dX [count,D], overwritten
   */
  public void gradient(float[] weights, float[] dX) {
    float[] ofF = length == Length.UNIT ? ofLength(weights) : weights;
    int last = parts.size() - 1;
    int width = parts.get(last).outputSize();
    Tape tape = tapes[last];
    tape.outputGradient().upload(last == 0 ? widened(ofF, size, width) : ofF, 0, 0, rows * width);
    parts.get(last).backward(backend, tape, true, ParameterGradients.NONE);
    if (last > 0) {
      int codes = parts.get(0).outputSize();
      float[] dCode = new float[rows * latent];
      tape.inputGradient().download(0, dCode, 0, dCode.length);
      tapes[0].outputGradient().upload(widened(dCode, latent, codes), 0, 0, rows * codes);
      parts.get(0).backward(backend, tapes[0], true, ParameterGradients.NONE);
    }
    tapes[0].inputGradient().download(0, dX, 0, rows * inputSize);
  }

  /** Rows of {@code from} numbers as rows of {@code to}, zeros behind. */
  private float[] widened(float[] values, int from, int to) {
    if (from == to) {
      return values;
    }
    float[] wide = new float[rows * to];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(values, i * from, wide, i * to, from);
    }
    return wide;
  }

  /**
   * Checks the samples' size.
   *
   * @throws InputException if it is not D
   */
  void requireFits(Dataset data) {
    if (data.sampleSize() != inputSize) {
      throw new InputException(
          "%s: samples of %s are %d values, the model takes %d"
              .formatted(data.name(), data.shape(), data.sampleSize(), inputSize));
    }
  }

  /**
   * f of every sample of a data set [N][H].
   *
   * @throws InputException if the samples are not of size D
   */
  public float[][] of(Dataset data) {
    requireFits(data);
    float[] x = new float[capacity * inputSize];
    float[] values = new float[capacity * size];
    float[][] all = new float[data.count()][size];
    for (int from = 0; from < all.length; from += capacity) {
      int count = Math.min(capacity, all.length - from);
      for (int i = 0; i < count; i++) {
        data.copySample(from + i, x, i * inputSize);
      }
      forward(x, count, values);
      for (int i = 0; i < count; i++) {
        System.arraycopy(values, i * size, all[from + i], 0, size);
      }
    }
    return all;
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
