package latentrace.checkpoint;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.model.ModelSpec;

/**
 * The names that the papers' PyTorch modules give to a model's parameters, for {@code
 * load_state_dict}. Convolutional and recurrent models have them already, but for the head of a
 * classifier, which is Label-Free-XAI's {@code lin_output}; a model of linear layers counts its
 * layers with parameters, where an {@code nn.Sequential} counts all: its encoder begins with a
 * {@code View} (encoder.1, encoder.3, …), its decoder does not (decoder.0, decoder.2, …).
 */
final class TorchNames {
  private TorchNames() {}

  /** PyTorch's name of a tensor of ours. */
  static String of(ModelSpec spec, String name) {
    if (spec.isConvolutional() || spec.isRecurrent()) {
      return name.startsWith("head.") ? "lin_output" + name.substring(4) : name;
    }
    List<String> parts = List.of(name.split("\\."));
    int view = parts.get(0).equals("encoder") ? 1 : 0;
    int step = spec.activation() == Activation.IDENTITY ? 1 : 2;
    int position = view + step * Integer.parseInt(parts.get(1));
    return parts.get(0) + "." + position + "." + parts.get(2);
  }
}
