package latentrace.influence;

import java.util.Arrays;
import latentrace.data.InputException;
import latentrace.model.Pass;

/** Where the draws ε of a scoring run come from. */
public interface Noise {
  /**
   * Fills the noise of a loaded pass.
   *
   * @param stream {@link latentrace.backend.Philox#stream} of side and checkpoint ordinal
   * @param ordinal position of the checkpoint in the list scored
   */
  void fill(Pass pass, int stream, int ordinal);

  /**
   * Checks before any work that there is noise for everything.
   *
   * @param size d, 0 for a model without noise
   * @param samples one more than the largest sample index of either side
   * @param checkpoints C
   * @throws InputException if not
   */
  default void requireFits(int size, int samples, int checkpoints) {}

  /** m, given the m asked for. */
  int draws(int asked);

  /**
   * The noise that a list of checkpoints has from one of them on: a run on that part of the list
   * draws what the whole run would.
   *
   * @param first ordinal of that checkpoint in the whole list
   */
  default Noise startingAt(int first) {
    Noise whole = this;
    return new Noise() {
      @Override
      public void fill(Pass pass, int stream, int ordinal) {
        whole.fill(pass, stream + first, ordinal + first);
      }

      @Override
      public void requireFits(int size, int samples, int checkpoints) {
        whole.requireFits(size, samples, checkpoints + first);
      }

      @Override
      public int draws(int asked) {
        return whole.draws(asked);
      }

      @Override
      public String describe() {
        return whole.describe() + " from checkpoint " + first + " on";
      }
    };
  }

  /** What provenance calls it. */
  String describe();

  /** The contract of {@link latentrace.backend.Philox}: the default. */
  static Noise contract(long seed) {
    return new Noise() {
      @Override
      public void fill(Pass pass, int stream, int ordinal) {
        pass.contractNoise(seed, stream);
      }

      @Override
      public int draws(int asked) {
        return asked;
      }

      @Override
      public String describe() {
        return "contract";
      }
    };
  }

  /** Zeros, so that ξ = μ and m = 1; for validation. */
  static Noise mean() {
    return new Noise() {
      @Override
      public void fill(Pass pass, int stream, int ordinal) {
        if (pass.noise() != null) {
          pass.noise().fill(0);
        }
      }

      @Override
      public int draws(int asked) {
        return 1;
      }

      @Override
      public String describe() {
        return "mean";
      }
    };
  }

  /**
   * A given array, for validation: [m,d] (the same draws for every sample), [n,m,d] (by sample
   * index) or [C,n,m,d] (by checkpoint ordinal and sample index), the same on both sides.
   *
   * @param name what messages call it
   * @param shape its shape
   * @param values row-major; kept
   */
  static Noise given(String name, int[] shape, float[] values) {
    if (shape.length < 2 || shape.length > 4) {
      throw new InputException(
          "%s: noise of shape %s, expected [m,d], [n,m,d] or [C,n,m,d]"
              .formatted(name, Arrays.toString(shape)));
    }
    for (int extent : shape) {
      if (extent < 1) {
        throw new InputException(
            "%s: noise of shape %s is empty".formatted(name, Arrays.toString(shape)));
      }
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new InputException(name + ": noise of " + value + ", expected finite numbers");
      }
    }
    int rank = shape.length;
    int draws = shape[rank - 2];
    int size = shape[rank - 1];
    int samples = rank >= 3 ? shape[rank - 3] : 1;
    int checkpoints = rank == 4 ? shape[0] : 1;
    return new Noise() {
      @Override
      public void fill(Pass pass, int stream, int ordinal) {
        if (pass.noise() == null) {
          return;
        }
        for (int i = 0; i < pass.count(); i++) {
          int sample = rank >= 3 ? pass.sampleIndices()[i] : 0;
          int checkpoint = rank == 4 ? ordinal : 0;
          int from = (checkpoint * samples + sample) * draws * size;
          pass.noise().upload(values, from, (long) i * draws * size, draws * size);
        }
      }

      @Override
      public void requireFits(int latent, int needed, int scored) {
        if (latent == 0) {
          throw new InputException(name + ": the model takes no noise");
        }
        if (size != latent
            || (rank >= 3 && samples < needed)
            || (rank == 4 && checkpoints < scored)) {
          throw new InputException(
              "%s: noise of shape %s, expected [m,%d], [n,m,%d] or [C,n,m,%d] with n >= %d, C >= %d"
                  .formatted(name, Arrays.toString(shape), latent, latent, latent, needed, scored));
        }
      }

      @Override
      public int draws(int asked) {
        return draws;
      }

      @Override
      public String describe() {
        return name;
      }
    };
  }
}
