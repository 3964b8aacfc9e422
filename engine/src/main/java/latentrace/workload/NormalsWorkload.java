package latentrace.workload;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.model.Positions;

/** Noise of the contract for a tile of samples; the amount is normals. */
public final class NormalsWorkload implements Workload {
  private final Backend backend;
  private final int samples;
  private final int draws;
  private final int size;
  private final Buffer out;

  /**
   * Allocates the tile.
   *
   * @param draws m
   * @param size d
   */
  public NormalsWorkload(Backend backend, int samples, int draws, int size) {
    this.backend = backend;
    this.samples = samples;
    this.draws = draws;
    this.size = size;
    this.out = backend.allocate((long) samples * draws * size);
  }

  @Override
  public void run() {
    backend
        .random()
        .normals(
            7,
            Philox.stream(Philox.ROLE_TRAIN_SIDE, 0),
            Positions.upTo(samples),
            samples,
            draws,
            size,
            out);
  }

  @Override
  public double amount() {
    return (double) samples * draws * size;
  }

  @Override
  public double[] outcome() {
    return out.toDoubles();
  }

  @Override
  public void close() {
    out.close();
  }
}
