package latentrace.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.nn.ActivationLayer;
import latentrace.nn.Flatten;
import latentrace.nn.Layer;
import latentrace.nn.Linear;
import latentrace.nn.Parameters;
import latentrace.nn.Sequential;

/** A function with parameters on a backend, and the loss it minimises. */
public abstract class Model implements AutoCloseable {
  private final Backend backend;
  private final ModelSpec spec;
  private final List<Sequential> parts;
  private final Parameters parameters;

  Model(Backend backend, ModelSpec spec, Sequential... parts) {
    this.backend = backend;
    this.spec = spec;
    this.parts = List.of(parts);
    this.parameters = new Parameters(backend, this.parts);
  }

  /** Builds the model a spec describes, with parameters all zero. */
  public static Model create(Backend backend, ModelSpec spec) {
    return switch (spec.model()) {
      case ModelSpec.MLP_VAE -> new BetaVae(backend, spec);
      case ModelSpec.CONV_VAE ->
          new BetaVae(
              backend,
              spec,
              Architectures.convVaeEncoder(spec),
              Architectures.convVaeDecoder(spec));
      case ModelSpec.BURGESS_VAE ->
          new BetaVae(
              backend,
              spec,
              Architectures.burgessEncoder(spec),
              Architectures.burgessDecoder(spec));
      case ModelSpec.MLP_AUTOENCODER -> new AutoEncoder(backend, spec);
      case ModelSpec.DENOISING_MNIST -> {
        Sequential encoder = Architectures.denoisingMnistEncoder(spec);
        yield spec.isClassifier()
            ? new Classifier(backend, spec, encoder)
            : new AutoEncoder(backend, spec, encoder, Architectures.denoisingMnistDecoder(spec));
      }
      case ModelSpec.DENOISING_CIFAR -> {
        Sequential encoder = Architectures.denoisingCifarEncoder(spec);
        yield spec.isClassifier()
            ? new Classifier(backend, spec, encoder)
            : new AutoEncoder(backend, spec, encoder, Architectures.denoisingCifarDecoder(spec));
      }
      case ModelSpec.RECURRENT_AUTOENCODER ->
          new AutoEncoder(
              backend,
              spec,
              Architectures.recurrentEncoder(spec),
              Architectures.recurrentDecoder(spec));
      case ModelSpec.SIMCLR ->
          new SimClr(
              backend,
              spec,
              Architectures.simClrEncoder(spec),
              Architectures.simClrProjector(spec));
      case ModelSpec.MLP_CLASSIFIER -> new Classifier(backend, spec);
      default -> throw new IllegalArgumentException("model: '" + spec.model() + "'");
    };
  }

  /**
   * Linear layers over these widths, with an activation between them and another after the last.
   */
  static Sequential mlp(String name, Activation between, Activation last, int... widths) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Flatten(widths[0]));
    for (int k = 1; k < widths.length; k++) {
      layers.add(new Linear(widths[k - 1], widths[k]));
      Activation activation = k < widths.length - 1 ? between : last;
      if (activation != Activation.IDENTITY) {
        layers.add(new ActivationLayer(activation, widths[k]));
      }
    }
    return new Sequential(name, layers);
  }

  /** D, the hidden widths, then {@code code}. */
  static int[] encoderWidths(ModelSpec spec, int code) {
    return IntStream.concat(
            IntStream.concat(
                IntStream.of(spec.sampleSize()), spec.hidden().stream().mapToInt(h -> h)),
            IntStream.of(code))
        .toArray();
  }

  /** d, the hidden widths reversed, then D. */
  static int[] decoderWidths(ModelSpec spec) {
    int[] widths = encoderWidths(spec, spec.latent());
    return IntStream.range(0, widths.length).map(i -> widths[widths.length - 1 - i]).toArray();
  }

  /** Where it lives. */
  public final Backend backend() {
    return backend;
  }

  /** What it is. */
  public final ModelSpec spec() {
    return spec;
  }

  /** Encoder and decoder, or encoder and head. */
  public final List<Sequential> parts() {
    return parts;
  }

  /** What is learned. */
  public final Parameters parameters() {
    return parameters;
  }

  /**
   * Whether passes from now on are training steps, for batch normalisation: by the batch's
   * statistics, and without gradients of single samples. Off at first.
   */
  public final void training(boolean on) {
    for (int p = 0; p < parts.size(); p++) { // by index: an iterator may be an object
      parts.get(p).training(on);
    }
  }

  /** Latent noise per draw: d for a VAE, 0 for a deterministic model. */
  public abstract int noiseSize();

  /**
   * Memory for passes.
   *
   * @param capacity most samples of a pass
   * @param draws m; 1 for a deterministic model
   */
  public abstract Pass newPass(int capacity, int draws);

  /** All parts in one line each. */
  public final String describe() {
    return String.join("\n", parts.stream().map(p -> p.name() + ": " + p.describe()).toList());
  }

  @Override
  public void close() {
    parameters.close();
  }
}
