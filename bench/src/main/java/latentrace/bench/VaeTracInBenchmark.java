package latentrace.bench;

import latentrace.model.ModelSpec;
import latentrace.workload.PaperModels;
import org.openjdk.jmh.annotations.Param;

/** Scores of training samples for tests. */
public class VaeTracInBenchmark extends InfluenceBenchmark {
  /** N x T; d = 128 of the MLP, 64 of the convolutional model. */
  @Param({"16x16", "256x128", "conv-1024x128"})
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
    return Integer.parseInt(samples.replace(Models.CONV, "").split("x", -1)[side]);
  }

  @Override
  ModelSpec model(boolean small) {
    return samples.startsWith(Models.CONV) ? PaperModels.conv(small ? 4 : 64) : super.model(small);
  }
}
