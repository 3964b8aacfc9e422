package latentrace.train;

import java.util.BitSet;
import latentrace.backend.Cleanup;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.model.Model;
import latentrace.model.Objective;
import latentrace.model.Pass;

/**
 * The iterations of a training spec: which samples, with what noise, and the optimiser's step. A
 * function of spec and data; no files.
 *
 * <p>Samples may be left out. An iteration then has the batch and the noise that it would have had,
 * less these samples, and still divides by the size of the whole batch: as if their losses had the
 * weight 0. (To batch normalisation they are not there.) An iteration with nothing left does
 * nothing.
 */
public final class TrainingSteps implements AutoCloseable {
  private final Model model;
  private final TrainingSpec spec;
  private final Dataset data;
  private final Schedule schedule;
  private final Batches batches;
  private final Optimizer optimizer;
  private final Pass pass;
  private final BitSet omitted = new BitSet();
  private final int[] kept;
  private final int[] places;
  private final Cleanup cleanup = new Cleanup();
  private Objective objective;
  private long staged;
  private int stagedCount;

  /**
   * Prepares iterations on a model, whose parameters stay as they are until the first.
   *
   * @param omitted positions in {@code data} of samples that are left out
   */
  public TrainingSteps(Model model, TrainingSpec spec, Dataset data, int... omitted) {
    this.model = model;
    this.spec = spec;
    this.data = data;
    this.schedule = Schedule.parse(spec.schedule());
    this.batches = new Batches(spec, data.count());
    int batch = Math.min(spec.batch(), data.count());
    this.kept = new int[batch];
    this.places = new int[batch];
    for (int position : omitted) {
      this.omitted.set(position);
    }
    try {
      optimizer =
          cleanup.add(new Optimizer(model.backend(), model.parameters(), spec), Optimizer::close);
      pass = cleanup.add(model.newPass(batch, 1), Pass::close);
      pass.keep(data);
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /** The pass of the iterations; after one, with its losses. */
  Pass pass() {
    return pass;
  }

  /** With its state. */
  Optimizer optimizer() {
    return optimizer;
  }

  /** The rate of an iteration. */
  public double learningRate(long iteration) {
    return spec.learningRate() * schedule.factor(iteration, spec.iterations());
  }

  /** Copies an iteration's batch to the backend. */
  private void stage(long iteration) {
    stagedCount = 0;
    int size = batches.size(iteration);
    for (int place = 0; place < size; place++) {
      int position = batches.position(iteration, place);
      if (!omitted.get(position)) {
        kept[stagedCount] = position;
        places[stagedCount++] = place;
      }
    }
    if (stagedCount > 0) {
      pass.stage(data, kept, 0, stagedCount);
    }
    staged = iteration;
  }

  /**
   * One iteration.
   *
   * @param iteration counts from 1
   * @param ahead whether the next batch is copied while the backend computes
   */
  public void step(long iteration, boolean ahead) {
    if (staged != iteration) {
      stage(iteration);
    }
    if (stagedCount > 0) {
      pass.advance();
      if (spec.noise().equals(TrainingSpec.CONTRACT)) {
        pass.trainingNoise(spec.seed(), iteration, places);
      } else {
        pass.generatedNoise(spec.seed(), iteration);
      }
      if (objective == null || model.spec().objectiveChangesAt(iteration)) {
        objective = model.spec().objectiveAt(iteration);
      }
      model.training(true);
      optimizer.step(
          pass, objective, 1.0 / batches.size(iteration), iteration, learningRate(iteration));
      model.training(false);
    }
    if (ahead) {
      stage(iteration + 1);
    }
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
