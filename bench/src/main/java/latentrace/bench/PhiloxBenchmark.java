package latentrace.bench;

import latentrace.backend.Backend;
import latentrace.workload.NormalsWorkload;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.Param;

/** Noise of the contract; amounts are normals. */
public class PhiloxBenchmark extends WorkloadBenchmark {
  private static final int DRAWS = 16;
  private static final int SIZE = 128;

  /** Samples of a tile, of 16 draws of 128 normals each. */
  @Param("64")
  public int samples;

  /** For JMH. */
  public PhiloxBenchmark() {}

  @Override
  Workload onBackend(Backend on) {
    return new NormalsWorkload(on, samples, DRAWS, SIZE);
  }
}
