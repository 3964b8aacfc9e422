package latentrace.influence.curvature;

import latentrace.Listener;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.data.Dataset;
import latentrace.data.InputException;

/**
 * (H + λI)⁻¹v by LiSSA (Agarwal et al. 2017; Koh &amp; Liang 2017): h₀ = v, h ← v + h − (H_B +
 * λI)h/s with H_B of a fresh batch, depth times; the mean of h/s over the repeats. Converges if s
 * is above the largest eigenvalue of H_B + λI; without batches the error falls as (1 − μ/s)^depth,
 * μ the smallest.
 */
public final class Lissa implements InverseCurvature {
  /**
   * How to iterate.
   *
   * @param scale s
   * @param depth iterations
   * @param repeats runs that are averaged
   * @param batch samples per iteration; all if they are fewer
   * @param seed of the batches
   */
  public record Settings(double scale, int depth, int repeats, int batch, long seed) {
    /** Checks the ranges. */
    public Settings {
      if (!(scale > 0) || depth < 1 || repeats < 1 || batch < 1) {
        throw new IllegalArgumentException(
            "lissa: scale %s, depth %d, repeats %d, batch %d must be positive"
                .formatted(scale, depth, repeats, batch));
      }
    }
  }

  /** ‖h‖ above this multiple of ‖v‖·depth, the most that a convergent run can reach. */
  private static final double DIVERGED = 2;

  private final HessianProducts products;
  private final Dataset data;
  private final Settings settings;
  private final Listener listener;

  /** Prepares solutions with H of the mean loss over batches of {@code data}. */
  public Lissa(HessianProducts products, Dataset data, Settings settings, Listener listener) {
    this.products = products;
    this.data = data;
    this.settings = settings;
    this.listener = listener;
  }

  /**
   * {@inheritDoc}
   *
   * @throws InputException if it diverges
   */
  @Override
  public double[][] solve(double[][] vectors) {
    listener.started("LiSSA", (long) vectors.length * settings.repeats(), 0);
    double[][] solutions = new double[vectors.length][];
    for (int k = 0; k < vectors.length; k++) {
      solutions[k] = new double[vectors[k].length];
      for (int r = 0; r < settings.repeats(); r++) {
        double factor = 1 / (settings.scale() * settings.repeats());
        Vectors.add(solutions[k], factor, run(vectors[k], r));
        listener.progressed((long) k * settings.repeats() + r + 1);
      }
    }
    listener.finished();
    return solutions;
  }

  private double[] run(double[] v, int repeat) {
    PhiloxRandom random = new PhiloxRandom(settings.seed(), Philox.ROLE_SHUFFLE, repeat);
    double[] h = v.clone();
    double limit = DIVERGED * Vectors.norm(v);
    for (int k = 1; k <= settings.depth(); k++) {
      double[] image = products.times(batch(random), h);
      Vectors.add(h, -1 / settings.scale(), image);
      Vectors.add(h, 1, v);
      double norm = Vectors.norm(h);
      if (!(norm <= limit * (k + 1))) {
        throw new InputException(
            "LiSSA diverges: norm %.3g after %d of %d iterations from %.3g: give a larger"
                    .formatted(norm, k, settings.depth(), Vectors.norm(v))
                + " --lissa-scale than %s, or more --damping".formatted(settings.scale()));
      }
    }
    return h;
  }

  /** Samples drawn with replacement, or all in order. */
  private Dataset batch(PhiloxRandom random) {
    if (settings.batch() >= data.count()) {
      return data;
    }
    int[] positions = new int[settings.batch()];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = random.nextInt(data.count());
    }
    return data.select(positions);
  }
}
