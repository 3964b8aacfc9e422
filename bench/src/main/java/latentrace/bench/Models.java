package latentrace.bench;

import latentrace.model.ModelSpec;
import latentrace.workload.PaperModels;

/** The models of the suites by their names there. */
final class Models {
  /** What instances of the convolutional model begin with. */
  static final String CONV = "conv-";

  /** What instances of an auto-encoder's encoder begin with. */
  static final String ENCODER = "encoder-";

  private Models() {}

  /** {@code 128} is the MLP with d = 128, {@code conv-64} the convolutional model with d = 64. */
  static ModelSpec of(String name) {
    return name.startsWith(CONV)
        ? PaperModels.conv(Integer.parseInt(name.substring(CONV.length())))
        : PaperModels.mlp(Integer.parseInt(name));
  }
}
