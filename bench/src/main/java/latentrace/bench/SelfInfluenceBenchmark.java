package latentrace.bench;

import org.openjdk.jmh.annotations.Param;

/** Self-influence of training samples. */
public class SelfInfluenceBenchmark extends InfluenceBenchmark {
  /** N. */
  @Param({"16", "256"})
  public int samples;

  /** For JMH. */
  public SelfInfluenceBenchmark() {}

  @Override
  int samples() {
    return samples;
  }

  @Override
  int tests() {
    return 0;
  }
}
