package latentrace.nn;

import java.util.ArrayList;
import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.nn.Layer.ParameterGradients;

/** Layers one after the other, under a name: the encoder or the decoder of a model. */
public final class Sequential {
  private final String name;
  private final List<Layer> layers;
  private final int firstWithWork;

  /**
   * Chains layers; an activation right after a linear layer without one is fused into it.
   *
   * @param name first part of its parameters' names, e.g. encoder
   * @throws IllegalArgumentException if sizes do not fit, naming the two layers
   */
  public Sequential(String name, List<Layer> layers) {
    this.name = name;
    this.layers = List.copyOf(fuse(layers));
    if (this.layers.isEmpty()) {
      throw new IllegalArgumentException(name + ": no layers");
    }
    int flattening = 0;
    while (flattening < this.layers.size() - 1 && this.layers.get(flattening) instanceof Flatten) {
      flattening++;
    }
    this.firstWithWork = flattening;
    for (int k = 1; k < this.layers.size(); k++) {
      Layer before = this.layers.get(k - 1);
      Layer after = this.layers.get(k);
      if (before.outputSize() != after.inputSize()) {
        throw new IllegalArgumentException(
            "%s: %s gives %d features, %s takes %d"
                .formatted(
                    name,
                    before.describe(),
                    before.outputSize(),
                    after.describe(),
                    after.inputSize()));
      }
    }
  }

  private static List<Layer> fuse(List<Layer> layers) {
    List<Layer> fused = new ArrayList<>();
    for (Layer layer : layers) {
      Layer before = fused.isEmpty() ? null : fused.get(fused.size() - 1);
      if (layer instanceof ActivationLayer a
          && before instanceof Linear linear
          && linear.activation() == Activation.IDENTITY
          && linear.outputSize() == a.size()) {
        fused.set(
            fused.size() - 1, new Linear(linear.inputSize(), linear.outputSize(), a.activation()));
      } else {
        fused.add(layer);
      }
    }
    return fused;
  }

  /** First part of its parameters' names. */
  public String name() {
    return name;
  }

  /** The layers after fusion. */
  public List<Layer> layers() {
    return layers;
  }

  /** Features of a row of input. */
  public int inputSize() {
    return layers.get(0).inputSize();
  }

  /** Features of a row of output. */
  public int outputSize() {
    return layers.get(layers.size() - 1).outputSize();
  }

  /**
   * Runs all layers.
   *
   * @param x [rows,inputSize], read here and again in backward
   * @return [rows,outputSize], the tape's
   */
  public Buffer forward(Backend backend, Tape tape, int rows, Buffer x) {
    tape.begin(rows, x);
    for (int k = 0; k < layers.size(); k++) {
      layers.get(k).forward(backend, rows, tape.input(k), tape.output(k));
    }
    return tape.output(layers.size() - 1);
  }

  /**
   * Runs all layers backwards from {@link Tape#outputGradient}, which the caller has filled. After
   * it, {@link Tape#delta} holds each layer's gradient factor.
   *
   * @param inputGradient whether the gradient at x is wanted, in {@link Tape#inputGradient}
   */
  public void backward(Backend backend, Tape tape, boolean inputGradient, ParameterGradients mode) {
    int rows = tape.rows();
    for (int k = layers.size() - 1; k >= 0; k--) {
      Buffer dX = dX(tape, k, inputGradient);
      layers.get(k).backward(backend, rows, tape.input(k), tape.output(k), tape.delta(k), dX, mode);
    }
  }

  /**
   * As {@link #backward}, with a step of gradient descent of every layer, see {@link
   * Layer#descend}.
   */
  public void descend(Backend backend, Tape tape, boolean inputGradient, double lr, double decay) {
    int rows = tape.rows();
    for (int k = layers.size() - 1; k >= 0; k--) {
      Buffer dX = dX(tape, k, inputGradient);
      layers
          .get(k)
          .descend(backend, rows, tape.input(k), tape.output(k), tape.delta(k), dX, lr, decay);
    }
  }

  private Buffer dX(Tape tape, int k, boolean inputGradient) {
    return k > firstWithWork || inputGradient ? tape.inputGradient(k) : null;
  }

  /** All layers in one line. */
  public String describe() {
    return String.join(" → ", layers.stream().map(Layer::describe).toList());
  }
}
