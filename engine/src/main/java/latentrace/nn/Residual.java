package latentrace.nn;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;

/**
 * A residual block (He, Zhang, Ren &amp; Sun 2016, eq. 1 and 2): y = ReLU(f(x) + g(x)), two
 * branches of layers that read the same input. Without g, x itself is added.
 */
public final class Residual implements SavingLayer {
  private final Sequential branch;
  private final Sequential shortcut;

  /**
   * A block of two branches.
   *
   * @param branch f
   * @param shortcut g; null for the identity
   * @throws IllegalArgumentException if their sizes differ
   */
  public Residual(Sequential branch, Sequential shortcut) {
    this.branch = branch;
    this.shortcut = shortcut;
    int in = shortcut == null ? branch.inputSize() : shortcut.inputSize();
    int out = shortcut == null ? branch.inputSize() : shortcut.outputSize();
    if (branch.inputSize() != in || branch.outputSize() != out) {
      throw new IllegalArgumentException(
          "residual: a branch from %d to %d features, a shortcut from %d to %d"
              .formatted(branch.inputSize(), branch.outputSize(), in, out));
    }
  }

  private List<Sequential> branches() {
    return shortcut == null ? List.of(branch) : List.of(branch, shortcut);
  }

  @Override
  public int inputSize() {
    return branch.inputSize();
  }

  @Override
  public int outputSize() {
    return branch.outputSize();
  }

  @Override
  public long widest() {
    return branches().stream()
        .flatMap(b -> b.layers().stream())
        .mapToLong(Layer::widest)
        .max()
        .orElseThrow();
  }

  @Override
  public String describe() {
    return "Residual(%s%s)"
        .formatted(branch.describe(), shortcut == null ? "" : "; " + shortcut.describe());
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    branches().forEach(b -> b.layers().forEach(layer -> all.addAll(layer.parameters())));
    return all;
  }

  @Override
  public List<Parameter> statistics() {
    List<Parameter> all = new ArrayList<>();
    branches().forEach(b -> b.layers().forEach(layer -> all.addAll(layer.statistics())));
    return all;
  }

  /** Its layer's name in the branch, then its own: conv1.weight. */
  @Override
  public String nameOf(Parameter parameter) {
    return branches().stream()
        .map(b -> b.nameOf(parameter))
        .filter(name -> name != null)
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void training(boolean on) {
    branch.training(on);
    if (shortcut != null) {
      shortcut.training(on);
    }
  }

  @Override
  public Saved newSaved(Backend backend, int capacity) {
    return new ResidualSaved(backend, capacity);
  }

  /** A tape for each branch. */
  private final class ResidualSaved implements Saved {
    private final Backend backend;
    private final Tape branchTape;
    private final Tape shortcutTape;
    private final Cleanup cleanup = new Cleanup();

    ResidualSaved(Backend backend, int capacity) {
      this.backend = backend;
      try {
        branchTape = cleanup.add(new Tape(backend, branch, capacity, true), Tape::close);
        shortcutTape =
            shortcut == null
                ? null
                : cleanup.add(new Tape(backend, shortcut, capacity, true), Tape::close);
      } catch (RuntimeException | Error e) {
        cleanup.closeAfter(e);
        throw e;
      }
    }

    @Override
    public void forward(int rows, Buffer x, Buffer y) {
      Buffer one = branch.forward(backend, branchTape, rows, x);
      Buffer other = shortcut == null ? x : shortcut.forward(backend, shortcutTape, rows, x);
      backend.activations().add(Activation.RELU, (long) rows * outputSize(), one, other, y);
    }

    @Override
    public void backward(
        int rows, Buffer x, Buffer y, Buffer dY, Buffer dX, ParameterGradients mode) {
      long length = (long) rows * outputSize();
      Buffer sum = branchTape.outputGradient();
      backend.activations().backward(Activation.RELU, length, y, dY, sum);
      Buffer other = shortcut == null ? dY : shortcutTape.outputGradient();
      if (shortcut != null || dX != null) {
        backend.activations().backward(Activation.RELU, length, y, dY, other);
      }
      branch.backward(backend, branchTape, dX != null, mode);
      if (shortcut != null) {
        shortcut.backward(backend, shortcutTape, dX != null, mode);
        other = dX == null ? null : shortcutTape.inputGradient();
      }
      if (dX != null) {
        backend
            .activations()
            .add(
                Activation.IDENTITY,
                (long) rows * inputSize(),
                branchTape.inputGradient(),
                other,
                dX);
      }
    }

    @Override
    public void gradientRows(
        int first, int n, int rank, Buffer x, boolean[] wanted, Buffer rows, int ld) {
      int parameter = 0;
      int column = 0;
      for (Sequential part : branches()) {
        Tape tape = part == branch ? branchTape : shortcutTape;
        for (int k = 0; k < part.layers().size(); k++) {
          List<Parameter> tensors = part.layers().get(k).parameters();
          boolean[] these = new boolean[tensors.size()];
          int columns = 0;
          for (int t = 0; t < these.length; t++) {
            these[t] = wanted[parameter++];
            columns += these[t] ? tensors.get(t).size() : 0;
          }
          if (columns > 0) {
            int from = first / rank; // the tape counts samples
            tape.gradientRows(backend, k, from, n, rank, these, rows.slice(column), ld);
            column += columns;
          }
        }
      }
    }

    @Override
    public void close() {
      cleanup.close();
    }
  }
}
