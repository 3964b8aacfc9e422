package latentrace.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.backend.Activation;
import latentrace.backend.ConvShape;
import latentrace.nn.ActivationLayer;
import latentrace.nn.AvgPool2d;
import latentrace.nn.BatchNorm2d;
import latentrace.nn.Conv2d;
import latentrace.nn.ConvTranspose2d;
import latentrace.nn.Flatten;
import latentrace.nn.Layer;
import latentrace.nn.LayerNorm;
import latentrace.nn.Linear;
import latentrace.nn.MaxPool2d;
import latentrace.nn.Residual;
import latentrace.nn.Sequential;
import latentrace.nn.Unflatten;

/**
 * A chain of layers on images under construction, which knows the shape it has come to. Layers are
 * named as in PyTorch: by their position in an {@code nn.Sequential}, all layers counted.
 */
final class ImageLayers {
  private final Map<String, Layer> layers = new LinkedHashMap<>();
  private final Activation activation;
  private String module = "";
  private int position;
  private int channels;
  private int height;
  private int width;

  /**
   * A chain without layers.
   *
   * @param shape of its input: [C,H,W], or [D]
   * @param activation what {@link #activation} adds
   */
  ImageLayers(List<Integer> shape, Activation activation) {
    boolean image = shape.size() == 3;
    this.channels = shape.get(0);
    this.height = image ? shape.get(1) : 1;
    this.width = image ? shape.get(2) : 1;
    this.activation = activation;
  }

  private ImageLayers add(Layer layer) {
    layers.put(module + position++, layer);
    return this;
  }

  /** The layers from now on are those of an {@code nn.Sequential} of this name in the part. */
  ImageLayers module(String name) {
    module = name + ".";
    position = 0;
    return this;
  }

  ImageLayers conv(int outChannels, int kernel, int stride, int padding) {
    ConvShape shape =
        ConvShape.square(channels, height, width, outChannels, kernel, stride, padding);
    become(outChannels, shape.outHeight(), shape.outWidth());
    return add(new Conv2d(shape));
  }

  /** Adds a layer by a name of its own in the part, as an attribute of a PyTorch module. */
  private ImageLayers add(String name, Layer layer) {
    layers.put(name, layer);
    return this;
  }

  /** A convolution of a residual network, 3×3 or 1×1, padded, no bias; and its batch norm. */
  private ImageLayers convBatchNorm(
      String conv, String norm, int outChannels, int kernel, int stride) {
    ConvShape shape =
        ConvShape.square(channels, height, width, outChannels, kernel, stride, kernel / 2);
    become(outChannels, shape.outHeight(), shape.outWidth());
    return add(conv, Conv2d.withoutBias(shape)).add(norm, new BatchNorm2d(channels, height, width));
  }

  private ImageLayers activation(String name) {
    return add(name, new ActivationLayer(activation, channels * height * width));
  }

  /** The first layers of torchvision's ResNet, for small images: 3×3, stride 1, no pooling. */
  ImageLayers residualStem(int outChannels) {
    return convBatchNorm("conv1", "bn1", outChannels, 3, 1).activation("relu");
  }

  /** torchvision's {@code BasicBlock}: two 3×3 convolutions, and beside them a 1×1 to new sizes. */
  ImageLayers residualBlock(String name, int outChannels, int stride) {
    List<Integer> shape = List.of(channels, height, width);
    boolean same = stride == 1 && outChannels == channels;
    ImageLayers branch =
        new ImageLayers(shape, activation)
            .convBatchNorm("conv1", "bn1", outChannels, 3, stride)
            .activation("relu")
            .convBatchNorm("conv2", "bn2", outChannels, 3, 1);
    Sequential shortcut =
        same
            ? null
            : new ImageLayers(shape, activation)
                .convBatchNorm("downsample.0", "downsample.1", outChannels, 1, stride)
                .named(name);
    become(outChannels, branch.height, branch.width);
    return add(name, new Residual(branch.named(name), shortcut));
  }

  /** The mean of each channel. */
  ImageLayers globalAverage() {
    AvgPool2d pool = AvgPool2d.global(channels, height, width);
    become(channels, 1, 1);
    return add("avgpool", pool);
  }

  ImageLayers transposed(int outChannels, int kernel, int stride, int padding, int outputPadding) {
    ConvShape shape =
        ConvShape.transposed(
            channels, height, width, outChannels, kernel, stride, padding, outputPadding);
    become(outChannels, shape.height(), shape.width());
    return add(new ConvTranspose2d(shape));
  }

  ImageLayers maxPool(int kernel, int stride) {
    ConvShape window = ConvShape.window(channels, height, width, kernel, stride, 0);
    become(channels, window.outHeight(), window.outWidth());
    return add(new MaxPool2d(window));
  }

  ImageLayers batchNorm() {
    return add(new BatchNorm2d(channels, height, width));
  }

  ImageLayers layerNorm() {
    return add(new LayerNorm(List.of(channels, height, width)));
  }

  ImageLayers linear(int out) {
    int in = channels * height * width;
    become(out, 1, 1);
    return add(new Linear(in, out));
  }

  /** The activation between layers. */
  ImageLayers activation() {
    return activation(activation);
  }

  ImageLayers activation(Activation f) {
    return f == Activation.IDENTITY ? this : add(new ActivationLayer(f, channels * height * width));
  }

  ImageLayers flatten() {
    int size = channels * height * width;
    become(size, 1, 1);
    return add(new Flatten(size));
  }

  ImageLayers unflatten(int newChannels, int newHeight, int newWidth) {
    become(newChannels, newHeight, newWidth);
    return add(new Unflatten(newChannels, newHeight, newWidth));
  }

  private void become(int newChannels, int newHeight, int newWidth) {
    channels = newChannels;
    height = newHeight;
    width = newWidth;
  }

  Sequential named(String part) {
    return new Sequential(part, layers);
  }
}
