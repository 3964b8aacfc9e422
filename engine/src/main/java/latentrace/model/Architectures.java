package latentrace.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.nn.EachStep;
import latentrace.nn.Layer;
import latentrace.nn.Linear;
import latentrace.nn.Lstm;
import latentrace.nn.Repeat;
import latentrace.nn.Sequential;

/**
 * The papers' convolutional and recurrent models, layer by layer, with the names of the parameters
 * in the papers' PyTorch code. Decoders of VAEs end in logits: the sigmoid is the loss' ({@code
 * outputActivation} IDENTITY).
 */
final class Architectures {
  private Architectures() {}

  private static ImageLayers encoder(ModelSpec spec) {
    return new ImageLayers(spec.sampleShape(), spec.activation());
  }

  private static ImageLayers decoder(ModelSpec spec) {
    return new ImageLayers(List.of(spec.latent()), spec.activation());
  }

  private static int channels(ModelSpec spec) {
    return spec.sampleShape().get(0);
  }

  /** {@code BetaVAE_H} of 1Konny's Beta-VAE and of VAE-TracIn: [C,64,64] to [μ|lv]. */
  static Sequential convVaeEncoder(ModelSpec spec) {
    ImageLayers layers = encoder(spec);
    for (int width : new int[] {32, 32, 64, 64}) {
      layers.conv(width, 4, 2, 1).activation();
    }
    return layers
        .conv(256, 4, 1, 0)
        .activation()
        .flatten()
        .linear(2 * spec.latent())
        .named("encoder");
  }

  /** The decoder of {@code BetaVAE_H}: [d] to [C,64,64]. */
  static Sequential convVaeDecoder(ModelSpec spec) {
    ImageLayers layers =
        decoder(spec)
            .linear(256)
            .unflatten(256, 1, 1)
            .activation()
            .transposed(64, 4, 1, 0, 0)
            .activation();
    for (int width : new int[] {64, 32, 32}) {
      layers.transposed(width, 4, 2, 1, 0).activation();
    }
    return layers
        .transposed(channels(spec), 4, 2, 1, 0)
        .activation(spec.outputActivation())
        .named("decoder");
  }

  /**
   * Burgess et al. 2018, {@code BetaVAE_B} of 1Konny's Beta-VAE: [C,32,32] or [C,64,64] to [μ|lv].
   * Label-Free-XAI's has the same layers; its last one gives μ₀, lv₀, μ₁, lv₁, …
   */
  static Sequential burgessEncoder(ModelSpec spec) {
    ImageLayers layers = encoder(spec);
    for (int size = spec.sampleShape().get(1); size > 4; size /= 2) {
      layers.conv(32, 4, 2, 1).activation();
    }
    layers.flatten();
    for (int k = 0; k < 2; k++) {
      layers.linear(256).activation();
    }
    return layers.linear(2 * spec.latent()).named("encoder");
  }

  /** The decoder of {@code BetaVAE_B}. */
  static Sequential burgessDecoder(ModelSpec spec) {
    ImageLayers layers = decoder(spec);
    for (int width : new int[] {256, 256, 512}) {
      layers.linear(width).activation();
    }
    layers.unflatten(32, 4, 4);
    for (int size = 8; size < spec.sampleShape().get(1); size *= 2) {
      layers.transposed(32, 4, 2, 1, 0).activation();
    }
    return layers
        .transposed(channels(spec), 4, 2, 1, 0)
        .activation(spec.outputActivation())
        .named("decoder");
  }

  /** {@code EncoderMnist} of Label-Free-XAI: [1,28,28] to [d]. */
  static Sequential denoisingMnistEncoder(ModelSpec spec) {
    return encoder(spec)
        .module("encoder_cnn")
        .conv(8, 3, 2, 1)
        .activation()
        .conv(16, 3, 2, 1)
        .batchNorm()
        .activation()
        .conv(32, 3, 2, 0)
        .activation()
        .module("flatten")
        .flatten()
        .module("encoder_lin")
        .linear(128)
        .activation()
        .linear(spec.latent())
        .named("encoder");
  }

  /** {@code DecoderMnist} of Label-Free-XAI. */
  static Sequential denoisingMnistDecoder(ModelSpec spec) {
    return decoder(spec)
        .module("decoder_lin")
        .linear(128)
        .activation()
        .linear(288)
        .activation()
        .module("unflatten")
        .unflatten(32, 3, 3)
        .module("decoder_conv")
        .transposed(16, 3, 2, 0, 0)
        .batchNorm()
        .activation()
        .transposed(8, 3, 2, 1, 1)
        .batchNorm()
        .activation()
        .transposed(1, 3, 2, 1, 1)
        .activation(spec.outputActivation())
        .named("decoder");
  }

  /** Papp et al. 2023, table 4: [3,32,32] to [d]. */
  static Sequential denoisingCifarEncoder(ModelSpec spec) {
    ImageLayers layers = encoder(spec);
    for (int width : new int[] {32, 64, 128}) {
      layers.conv(width, 3, 1, 1).layerNorm().activation().maxPool(2, 2);
    }
    return layers
        .conv(128, 3, 1, 1)
        .activation()
        .flatten()
        .linear(128)
        .activation()
        .linear(spec.latent())
        .named("encoder");
  }

  /** The decoder of the same table. */
  static Sequential denoisingCifarDecoder(ModelSpec spec) {
    ImageLayers layers = decoder(spec).linear(128).linear(2048).unflatten(128, 4, 4);
    for (int width : new int[] {64, 32}) {
      layers.transposed(width, 3, 2, 1, 1).layerNorm().activation();
    }
    return layers
        .transposed(channels(spec), 3, 2, 1, 1)
        .activation(spec.outputActivation())
        .named("decoder");
  }

  /**
   * The encoder of SimCLR for small images (Chen et al. 2020, appendix B.9): torchvision's
   * ResNet-18 with a 3×3 stem of stride 1 and without its first pooling, [C,H,W] to [8w]; w = 64 as
   * published.
   */
  static Sequential simClrEncoder(ModelSpec spec) {
    int width = spec.hidden().get(0);
    ImageLayers layers = encoder(spec).residualStem(width);
    for (int stage = 0; stage < 4; stage++) {
      String name = "layer" + (stage + 1);
      layers
          .residualBlock(name + ".0", width << stage, stage == 0 ? 1 : 2)
          .residualBlock(name + ".1", width << stage, 1);
    }
    return layers.globalAverage().named("encoder");
  }

  /** Its projector, which training alone needs: 512 to 2048 to 128 at w = 64. */
  static Sequential simClrProjector(ModelSpec spec) {
    int width = spec.hidden().get(0);
    return decoder(spec).linear(32 * width).activation().linear(2 * width).named("projector");
  }

  /** {@code RecurrentAutoencoder} of Label-Free-XAI: [T,C] to [d], the last state. */
  static Sequential recurrentEncoder(ModelSpec spec) {
    int steps = spec.sampleShape().get(0);
    int d = spec.latent();
    Map<String, Layer> layers = new LinkedHashMap<>();
    layers.put("rnn1", new Lstm(steps, spec.sampleSize() / steps, 2 * d, true));
    layers.put("rnn2", new Lstm(steps, 2 * d, d, false));
    return new Sequential("encoder", layers);
  }

  /** Its decoder, which reads the code at every step: [d] to [T,C]. */
  static Sequential recurrentDecoder(ModelSpec spec) {
    int steps = spec.sampleShape().get(0);
    int d = spec.latent();
    Linear output = new Linear(2 * d, spec.sampleSize() / steps, spec.outputActivation());
    Map<String, Layer> layers = new LinkedHashMap<>();
    layers.put("repeat", new Repeat(d, steps));
    layers.put("rnn1", new Lstm(steps, d, d, true));
    layers.put("rnn2", new Lstm(steps, d, 2 * d, true));
    layers.put("output_layer", new EachStep(steps, output));
    return new Sequential("decoder", layers);
  }
}
