package latentrace.train;

import java.util.Arrays;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.checkpoint.TrainingSpec;
import latentrace.model.Positions;

/** Which samples each iteration of a training spec sees: a function of the spec and N. */
public final class Batches {
  private final TrainingSpec spec;
  private final int samples;
  private int[] order;
  private long orderOf = -1;

  /**
   * The batches over some data.
   *
   * @param samples N
   */
  public Batches(TrainingSpec spec, int samples) {
    this.spec = spec;
    this.samples = samples;
    this.order = Positions.upTo(samples);
  }

  private long batches() {
    return spec.dropLast()
        ? samples / spec.batch()
        : (samples + (long) spec.batch() - 1) / spec.batch();
  }

  private int start(long iteration) {
    return Math.toIntExact((iteration - 1) % batches() * spec.batch());
  }

  /**
   * Samples of an iteration.
   *
   * @param iteration counts from 1
   */
  public int size(long iteration) {
    return Math.min(spec.batch(), samples - start(iteration));
  }

  /**
   * The position in the data of one of them.
   *
   * @param place 0..size-1
   */
  public int position(long iteration, int place) {
    long epoch = (iteration - 1) / batches();
    if (spec.shuffle() && epoch != orderOf) {
      order = Arrays.copyOf(Positions.upTo(samples), samples);
      new PhiloxRandom(spec.seed(), Philox.ROLE_SHUFFLE, epoch).shuffle(order);
      orderOf = epoch;
    }
    return order[start(iteration) + place];
  }

  /** All of them, in order; a copy. */
  public int[] positions(long iteration) {
    int[] positions = new int[size(iteration)];
    Arrays.setAll(positions, place -> position(iteration, place));
    return positions;
  }
}
