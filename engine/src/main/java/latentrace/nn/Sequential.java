package latentrace.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.nn.Layer.ParameterGradients;

/** Layers one after the other, under a name: the encoder or the decoder of a model. */
public final class Sequential {
  private final String name;
  private final List<String> names = new ArrayList<>();
  private final List<Layer> layers = new ArrayList<>();
  private final List<Layer> layersView = Collections.unmodifiableList(layers);
  private final int firstWithWork;

  /**
   * Chains layers, named by counting those with parameters; see {@link #Sequential(String, Map)}.
   */
  public Sequential(String name, List<Layer> layers) {
    this(name, counted(layers));
  }

  /**
   * Chains layers; an activation right after a layer that can apply one, and does not yet, is fused
   * into it.
   *
   * @param name first part of its parameters' names, e.g. encoder
   * @param named layers in order, each by the middle part of its parameters' names
   * @throws IllegalArgumentException if sizes do not fit, naming the two layers
   */
  public Sequential(String name, Map<String, Layer> named) {
    this.name = name;
    named.forEach(this::add);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(name + ": no layers");
    }
    int reshaping = 0;
    while (reshaping < layers.size() - 1 && layers.get(reshaping) instanceof Reshaping) {
      reshaping++;
    }
    this.firstWithWork = reshaping;
    for (int k = 1; k < layers.size(); k++) {
      Layer before = layers.get(k - 1);
      Layer after = layers.get(k);
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

  /** Layers with parameters are 0, 1, …; the others have names of their own that nobody sees. */
  private static Map<String, Layer> counted(List<Layer> layers) {
    Map<String, Layer> named = new LinkedHashMap<>();
    int k = 0;
    for (Layer layer : layers) {
      named.put(layer.parameters().isEmpty() ? "-" + named.size() : "" + k++, layer);
    }
    return named;
  }

  private void add(String layerName, Layer layer) {
    int last = layers.size() - 1;
    if (layer instanceof ActivationLayer a
        && last >= 0
        && layers.get(last) instanceof Fusable before
        && before.activation() == Activation.IDENTITY
        && before.outputSize() == a.size()) {
      layers.set(last, before.withActivation(a.activation()));
    } else {
      names.add(layerName);
      layers.add(layer);
    }
  }

  /**
   * The chain in two, on the same parameters.
   *
   * @param affine up to its first layer that is no reshaping, without that layer's activation
   * @param rest from that activation on
   */
  public record Split(Sequential affine, Sequential rest) {}

  /** In two behind its first layer, if that is affine and not all; else nothing. */
  public Optional<Split> behindAffineLayer() {
    if (!(layers.get(firstWithWork) instanceof Fusable first)) {
      return Optional.empty();
    }
    List<Layer> before = new ArrayList<>(layers.subList(0, firstWithWork));
    before.add(first.withActivation(Activation.IDENTITY));
    List<Layer> after = new ArrayList<>(layers.subList(firstWithWork + 1, layers.size()));
    if (first.activation() != Activation.IDENTITY) {
      after.add(0, new ActivationLayer(first.activation(), first.outputSize()));
    }
    return after.isEmpty()
        ? Optional.empty()
        : Optional.of(new Split(new Sequential(name, before), new Sequential(name, after)));
  }

  /** First part of its parameters' names. */
  public String name() {
    return name;
  }

  /** The layers after fusion. */
  public List<Layer> layers() {
    return layersView;
  }

  /** Name of a layer's parameter: {@code <part>.<layer>.<parameter>}. */
  String nameOf(int layer, Parameter parameter) {
    return name + "." + names.get(layer) + "." + layers.get(layer).nameOf(parameter);
  }

  /** Name of a parameter or statistic without the part's, {@code <layer>.<parameter>}; or null. */
  String nameOf(Parameter parameter) {
    for (int k = 0; k < layers.size(); k++) {
      Layer layer = layers.get(k);
      if (layer.parameters().contains(parameter) || layer.statistics().contains(parameter)) {
        return names.get(k) + "." + layer.nameOf(parameter);
      }
    }
    return null;
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
      SavingLayer.Saved saved = tape.saved(k);
      if (saved == null) {
        layers.get(k).forward(backend, rows, tape.input(k), tape.output(k));
      } else {
        saved.forward(rows, tape.input(k), tape.output(k));
      }
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
      backward(backend, tape, rows, k, dX(tape, k, inputGradient), mode);
    }
  }

  private void backward(
      Backend backend, Tape tape, int rows, int k, Buffer dX, ParameterGradients mode) {
    Buffer x = tape.input(k);
    Buffer y = tape.output(k);
    SavingLayer.Saved saved = tape.saved(k);
    if (saved == null) {
      layers.get(k).backward(backend, rows, x, y, tape.delta(k), dX, mode);
    } else {
      saved.backward(rows, x, y, tape.delta(k), dX, mode);
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
      Layer layer = layers.get(k);
      if (tape.saved(k) == null) {
        layer.descend(backend, rows, tape.input(k), tape.output(k), tape.delta(k), dX, lr, decay);
      } else {
        backward(backend, tape, rows, k, dX, ParameterGradients.OVERWRITE);
        layer.step(backend, lr, decay);
      }
    }
  }

  private Buffer dX(Tape tape, int k, boolean inputGradient) {
    return k > firstWithWork || inputGradient ? tape.inputGradient(k) : null;
  }

  /** Whether passes from now on are training steps. */
  public void training(boolean on) {
    for (int k = 0; k < layers.size(); k++) { // by index: an iterator may be an object
      layers.get(k).training(on);
    }
  }

  /** All layers in one line. */
  public String describe() {
    return String.join(" → ", layers.stream().map(Layer::describe).toList());
  }
}
