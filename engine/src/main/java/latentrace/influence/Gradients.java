package latentrace.influence;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.Philox;
import latentrace.data.Dataset;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Model;
import latentrace.model.Objective;
import latentrace.model.Pass;
import latentrace.model.Positions;
import latentrace.nn.Layer;
import latentrace.nn.Parameter;
import latentrace.nn.Sequential;

/**
 * Gradients of a model's loss as flat vectors of doubles [P], P the selected parameters in the
 * order of the model's own flat vector: of the mean over a data set, or of single samples. The loss
 * of a sample is averaged over m draws, by the noise contract: a gradient is a function of
 * (parameters, sample index, seed, side, checkpoint ordinal).
 */
public final class Gradients implements AutoCloseable {
  /**
   * A part of the vectors.
   *
   * @param from its first element
   * @param size its elements
   */
  public record Range(int from, int size) {}

  /** Numbers in the rows of a tile, at most. */
  private static final int MOST_ROW_NUMBERS = 1 << 24;

  private final Model model;
  private final Settings settings;
  private final Objective objective;
  private final int ordinal;
  private final List<Parameter> parameters;
  private final int size;
  private final int tile;
  private final Pass pass;
  private final Cleanup cleanup = new Cleanup();
  private Buffer rows;

  /**
   * Memory for gradients at whatever parameters the model has when they are asked for.
   *
   * @param objective whose gradients
   * @param ordinal of the checkpoint, in the noise contract
   */
  public Gradients(Model model, Settings settings, Objective objective, int ordinal) {
    this.model = model;
    this.settings = settings;
    this.objective = objective;
    this.ordinal = ordinal;
    this.parameters = settings.parameters().of(model);
    this.size = Math.toIntExact(parameters.stream().mapToLong(Parameter::size).sum());
    int wanted =
        settings.tile() == Settings.AUTOMATIC ? model.backend().samplesAtATime() : settings.tile();
    this.tile = Math.max(1, Math.min(wanted, MOST_ROW_NUMBERS / size));
    this.pass = cleanup.add(model.newPass(tile, draws()), Pass::close);
  }

  private int draws() {
    return model.noiseSize() == 0 ? 1 : settings.noise().draws(settings.draws());
  }

  /** P. */
  public int size() {
    return size;
  }

  /** The most samples of {@link #rows}. */
  public int tile() {
    return tile;
  }

  /** Whose parameters. */
  public Model model() {
    return model;
  }

  /** The loss. */
  public Objective objective() {
    return objective;
  }

  /** The selected parameters' values [P]. */
  public double[] parameters() {
    return gathered(false);
  }

  /** Sets the selected parameters. */
  public void setParameters(double[] values) {
    int at = 0;
    for (Parameter parameter : parameters) {
      parameter.value().upload(values, at, 0, parameter.size());
      at += parameter.size();
    }
  }

  private double[] gathered(boolean gradients) {
    double[] values = new double[size];
    int at = 0;
    for (Parameter parameter : parameters) {
      (gradients ? parameter.gradient() : parameter.value())
          .download(0, values, at, parameter.size());
      at += parameter.size();
    }
    return values;
  }

  /** Whether a parameter is selected. */
  public boolean selects(Parameter parameter) {
    return parameters.contains(parameter);
  }

  /** Where a selected parameter begins in the vectors. */
  public int offset(Parameter wanted) {
    int at = 0;
    for (Parameter parameter : parameters) {
      if (parameter == wanted) {
        return at;
      }
      at += parameter.size();
    }
    throw new IllegalArgumentException(wanted.name() + " is not selected");
  }

  /** What each layer that has selected parameters takes of the vectors, in order. */
  public List<Range> layers() {
    List<Range> ranges = new ArrayList<>();
    int from = 0;
    for (Sequential part : model.parts()) {
      for (Layer layer : part.layers()) {
        int length =
            layer.parameters().stream().filter(this::selects).mapToInt(Parameter::size).sum();
        if (length > 0) {
          ranges.add(new Range(from, length));
          from += length;
        }
      }
    }
    return ranges;
  }

  /**
   * The gradient of the mean loss (1/N) Σ_i ℓ(x_i) [P].
   *
   * @param role {@link Philox#ROLE_TRAIN_SIDE} or {@link Philox#ROLE_TEST_SIDE}
   */
  public double[] mean(Dataset data, int role) {
    double[] sum = new double[size];
    for (int from = 0; from < data.count(); from += tile) {
      run(data, role, from, Math.min(tile, data.count() - from), Pass.Wanted.GRADIENTS);
      double[] gradient = gathered(true);
      for (int i = 0; i < size; i++) {
        sum[i] += gradient[i] / data.count();
      }
    }
    return sum;
  }

  /** ℓ of every sample [N]. */
  public double[] losses(Dataset data, int role) {
    double[] all = new double[data.count()];
    double[] some = new double[tile];
    for (int from = 0; from < data.count(); from += tile) {
      int count = Math.min(tile, data.count() - from);
      run(data, role, from, count, Pass.Wanted.LOSSES);
      pass.losses(some);
      System.arraycopy(some, 0, all, from, count);
    }
    return all;
  }

  /**
   * Gradients of single samples, as rows on the backend.
   *
   * @param from first sample
   * @param count at most {@link #tile}
   * @return [count,P], this object's
   */
  public Buffer rows(Dataset data, int role, int from, int count) {
    run(data, role, from, count, Pass.Wanted.FACTORS);
    return rowsOfFactors(count);
  }

  /** {@link #rows} as doubles [count][P]. */
  public double[][] toDoubles(Buffer source, int count) {
    double[][] values = new double[count][size];
    for (int i = 0; i < count; i++) {
      source.download((long) i * size, values[i], 0, size);
    }
    return values;
  }

  /** Gradients of all samples [N][P]. */
  public double[][] all(Dataset data, int role) {
    double[][] all = new double[data.count()][];
    for (int from = 0; from < all.length; from += tile) {
      int count = Math.min(tile, all.length - from);
      double[][] some = toDoubles(rows(data, role, from, count), count);
      System.arraycopy(some, 0, all, from, count);
    }
    return all;
  }

  /** A forward, and backward if wanted, of some samples. */
  public Pass run(Dataset data, int role, int from, int count, Pass.Wanted wanted) {
    pass.load(data, Positions.upTo(data.count()), from, count);
    settings.noise().fill(pass, Philox.stream(role, ordinal), ordinal);
    pass.run(objective, settings.estimator(), 1, wanted);
    return pass;
  }

  /** Rows [count,P] from the factors that the pass' tapes hold. */
  public Buffer rowsOfFactors(int count) {
    if (rows == null) {
      rows = cleanup.add(model.backend().allocate((long) tile * size), Buffer::close);
    }
    int at = 0;
    for (int p = 0; p < model.parts().size(); p++) {
      Sequential part = model.parts().get(p);
      for (int k = 0; k < part.layers().size(); k++) {
        List<Parameter> tensors = part.layers().get(k).parameters();
        boolean[] wanted = new boolean[tensors.size()];
        int columns = 0;
        for (int i = 0; i < wanted.length; i++) {
          wanted[i] = selects(tensors.get(i));
          columns += wanted[i] ? tensors.get(i).size() : 0;
        }
        if (columns > 0) {
          int rank = p == 0 ? 1 : pass.draws();
          pass.tapes()
              .get(p)
              .gradientRows(model.backend(), k, 0, count, rank, wanted, rows.slice(at), size);
          at += columns;
        }
      }
    }
    return rows;
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
