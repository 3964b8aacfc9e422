package latentrace.bench;

import org.openjdk.jmh.annotations.Param;

/** Scores of training samples for tests. */
public class VaeTracInBenchmark extends InfluenceBenchmark {
  /** N x T. */
  @Param({"16x16", "256x128"})
  public String samples;

  /** For JMH. */
  public VaeTracInBenchmark() {}

  @Override
  int samples() {
    return Integer.parseInt(samples.substring(0, samples.indexOf('x')));
  }

  @Override
  int tests() {
    return Integer.parseInt(samples.substring(samples.indexOf('x') + 1));
  }
}
