package latentrace.bench;

import latentrace.backend.Backend;
import latentrace.bench.peer.LibtorchGemm;
import latentrace.bench.peer.OpenBlasGemm;
import latentrace.workload.GemmShape;
import latentrace.workload.GemmWorkload;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.Param;

/** Matrix products in the shapes of training and scoring; amounts are floating-point operations. */
public class GemmBenchmark extends WorkloadBenchmark {
  /** See {@link GemmShape}. */
  @Param({
    "NN:256x256x256",
    "NN:512x512x512",
    "NN:1152x1152x1152",
    "NN:2048x2048x2048",
    "NT:64x1024x784",
    "NT:64x512x1024",
    "TN:1024x784x64",
    "NT:4096x256x128",
    "NT:128x60000x256"
  })
  public String shape;

  /** For JMH. */
  public GemmBenchmark() {}

  @Override
  Workload onBackend(Backend on) {
    return new GemmWorkload(on, GemmShape.parse(shape));
  }

  @Override
  Workload byPeer(String name, int peerThreads) {
    return switch (name) {
      case OpenBlasGemm.NAME -> new OpenBlasGemm(GemmShape.parse(shape), peerThreads);
      case LibtorchGemm.NAME -> new LibtorchGemm(GemmShape.parse(shape), peerThreads);
      default -> null;
    };
  }
}
