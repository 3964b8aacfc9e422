package latentrace.kernels.cuda;

import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;

/** Offers {@link CudaBackend} where there is an NVIDIA GPU, its driver and CUDA 12's libraries. */
public final class CudaBackendProvider implements BackendProvider {
  /** The backend's name. */
  static final String NAME = "cuda";

  /** For the service loader. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 300;
  }

  @Override
  public Probe probe() {
    try {
      return new Probe(true, Device.find().description());
    } catch (BackendException e) {
      return new Probe(false, e.getMessage());
    } catch (LinkageError e) {
      return new Probe(false, "JCuda does not work here: " + e);
    }
  }

  @Override
  public boolean offers(ProductMath math) {
    return true;
  }

  @Override
  public Backend open(Options options) {
    return new CudaBackend(options);
  }
}
