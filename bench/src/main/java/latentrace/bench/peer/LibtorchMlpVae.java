package latentrace.bench.peer;

import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.backend.Buffer;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.Positions;
import latentrace.nn.Parameter;
import latentrace.workload.PaperModels;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The MLP β-VAE of the workloads with the same weights, by libtorch and its autograd. */
final class LibtorchMlpVae {
  private static final int LAYERS_PER_PART = 4;
  private static final long SUM = 2;
  private static final float BETA = 4;
  private static final String REFERENCE = "ejml";

  private final int latent;
  private final Tensor[] parameters;
  private final TensorVector inputs;

  LibtorchMlpVae(int latent, int threads) {
    Tensors.start(threads);
    this.latent = latent;
    try (Backend backend = Backends.open(REFERENCE);
        Model model = PaperModels.model(backend, PaperModels.mlp(latent))) {
      parameters =
          model.parameters().named().values().stream()
              .map(LibtorchMlpVae::tensor)
              .toArray(Tensor[]::new);
    }
    inputs = new TensorVector(parameters);
  }

  private static Tensor tensor(Parameter parameter) {
    long[] shape = parameter.shape().stream().mapToLong(extent -> extent).toArray();
    Tensor tensor = Tensor.create(Tensors.narrowed(parameter.value().toDoubles()), shape);
    tensor.set_requires_grad(true);
    return tensor;
  }

  /** Weights and biases in the workloads' order. */
  Tensor[] parameters() {
    return parameters;
  }

  /** |θ|. */
  long parameterCount() {
    long count = 0;
    for (Tensor parameter : parameters) {
      count += parameter.numel();
    }
    return count;
  }

  /** Images [n,784]. */
  static Tensor images(String name, int count, int substream) {
    Dataset data = PaperModels.images(PaperModels.mlp(1), name, count, substream);
    int features = data.sampleSize();
    float[] values = new float[count * features];
    float[] sample = new float[features];
    for (int i = 0; i < count; i++) {
      data.copySample(i, sample, 0);
      System.arraycopy(sample, 0, values, i * features, features);
    }
    return Tensor.create(values, count, features);
  }

  /** Noise of the contract [n·m,d] for the samples 0 to n-1. */
  Tensor contractNoise(long key, int stream, int samples, int draws) {
    try (Backend backend = Backends.open(REFERENCE);
        Buffer normals = backend.allocate((long) samples * draws * latent)) {
      backend
          .random()
          .normals(key, stream, Positions.upTo(samples), samples, draws, latent, normals);
      return Tensor.create(Tensors.narrowed(normals.toDoubles()), (long) samples * draws, latent);
    }
  }

  /** Fresh noise [rows,d] of libtorch's own. */
  Tensor freshNoise(long rows) {
    return torch.randn(rows, latent);
  }

  /**
   * ∂(mean loss)/∂θ by reverse mode.
   *
   * @param x images [n,784]
   * @param noise [n,d], or [m,d] for m draws of one image
   */
  TensorVector gradients(Tensor x, Tensor noise) {
    return torch.grad(new TensorVector(loss(x, noise)), inputs);
  }

  private Tensor loss(Tensor x, Tensor noise) {
    Tensor h = layers(x, 0);
    Tensor mean = h.narrow(1, 0, latent);
    Tensor logVariance = h.narrow(1, latent, latent);
    Tensor xi = mean.add(logVariance.mul(new Scalar(0.5f)).exp().mul(noise));
    Tensor logits = layers(xi, LAYERS_PER_PART);
    Tensor reconstruction =
        torch
            .binary_cross_entropy_with_logits(
                logits, x.expand_as(logits), new TensorOptional(), new TensorOptional(), SUM)
            .div(new Scalar((float) noise.size(0)));
    Tensor kl =
        logVariance
            .add(new Scalar(1f))
            .sub(mean.square())
            .sub(logVariance.exp())
            .sum()
            .mul(new Scalar(-0.5f / x.size(0)));
    return reconstruction.add(kl.mul(new Scalar(BETA)));
  }

  private Tensor layers(Tensor input, int first) {
    Tensor output = input;
    for (int i = first; i < first + LAYERS_PER_PART; i++) {
      output = torch.linear(output, parameters[2 * i], new TensorOptional(parameters[2 * i + 1]));
      if (i < first + LAYERS_PER_PART - 1) {
        output = torch.relu(output);
      }
    }
    return output;
  }

  /** Copies the gradients of all parameters into one row [|θ|], which is overwritten. */
  static void flatten(TensorVector gradients, Tensor row) {
    long offset = 0;
    for (Tensor gradient : gradients.get()) {
      row.narrow(0, offset, gradient.numel()).copy_(gradient.reshape(-1));
      offset += gradient.numel();
    }
  }

  void close() {
    inputs.close();
    for (Tensor parameter : parameters) {
      parameter.close();
    }
  }
}
