package latentrace.bench;

import latentrace.influence.ParameterSelection;
import latentrace.model.ModelSpec;
import latentrace.workload.PaperModels;
import org.openjdk.jmh.annotations.Param;

/** Scores of training samples for tests. */
public class VaeTracInBenchmark extends InfluenceBenchmark {
  /**
   * N x T; d = 128 of the MLP, 64 of the convolutional model; {@code encoder-} is the second
   * paper's TracIn: of a denoising auto-encoder's encoder, d = 4, from ten checkpoints.
   */
  @Param({"16x16", "256x128", "conv-1024x128", "encoder-1000x1000"})
  public String samples;

  /** For JMH. */
  public VaeTracInBenchmark() {}

  @Override
  int samples() {
    return size(0);
  }

  @Override
  int tests() {
    return size(1);
  }

  private int size(int side) {
    return Integer.parseInt(samples.replaceFirst("^[a-z]+-", "").split("x", -1)[side]);
  }

  private boolean ofEncoder() {
    return samples.startsWith(Models.ENCODER);
  }

  @Override
  int checkpoints() {
    return ofEncoder() ? 10 : 1;
  }

  @Override
  ParameterSelection parameters() {
    return ofEncoder() ? ParameterSelection.parse("encoder") : ParameterSelection.ALL;
  }

  @Override
  ModelSpec model(boolean small) {
    if (ofEncoder()) {
      return PaperModels.denoising(4);
    }
    return samples.startsWith(Models.CONV) ? PaperModels.conv(small ? 4 : 64) : super.model(small);
  }
}
