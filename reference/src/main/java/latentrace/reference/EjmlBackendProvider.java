package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.BackendProvider;

/** Offers {@link EjmlBackend}, which runs everywhere. */
public final class EjmlBackendProvider implements BackendProvider {
  /** The backend's name. */
  static final String NAME = "ejml";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 100;
  }

  @Override
  public Probe probe() {
    return new Probe(true, "EJML in double precision: the reference, runs everywhere");
  }

  @Override
  public Backend open(Options options) {
    return new EjmlBackend(options.threads());
  }
}
