package latentrace.cli;

import java.util.Map;
import latentrace.data.InputException;
import latentrace.influence.curvature.Lissa;
import picocli.CommandLine.Option;

/** How a Hessian is damped and how LiSSA inverts it, the same in every command. */
final class LissaOptions {
  @Option(
      names = "--damping",
      paramLabel = "L",
      defaultValue = "0.001",
      description =
          "added to the curvature's eigenvalues, beside the weight decay of the training."
              + " Default: ${DEFAULT-VALUE}")
  private double damping;

  @Option(
      names = "--lissa-scale",
      paramLabel = "S",
      defaultValue = "100",
      description = "above the Hessian's largest eigenvalue. Default: ${DEFAULT-VALUE}")
  private double scale;

  @Option(
      names = "--lissa-depth",
      paramLabel = "N",
      defaultValue = "1000",
      description = "iterations of LiSSA. Default: ${DEFAULT-VALUE}")
  private int depth;

  @Option(
      names = "--lissa-repeats",
      paramLabel = "N",
      defaultValue = "1",
      description = "runs that are averaged. Default: ${DEFAULT-VALUE}")
  private int repeats;

  @Option(
      names = "--lissa-batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "samples per iteration. Default: ${DEFAULT-VALUE}")
  private int batch;

  /** Refuses what makes no sense, before any work. */
  void check() {
    require(damping >= 0 && Double.isFinite(damping), "--damping", damping, "a number >= 0");
    require(scale > 0 && Double.isFinite(scale), "--lissa-scale", scale, "a number > 0");
    require(depth > 0, "--lissa-depth", depth, "at least 1");
    require(repeats > 0, "--lissa-repeats", repeats, "at least 1");
    require(batch > 0, "--lissa-batch", batch, "at least 1");
  }

  /** Refuses an option's value. */
  static void require(boolean condition, String flag, Number found, String expected) {
    if (!condition) {
      throw new InputException("%s: found %s, expected %s".formatted(flag, found, expected));
    }
  }

  double damping() {
    return damping;
  }

  Lissa.Settings settings(long seed) {
    return new Lissa.Settings(scale, depth, repeats, batch, seed);
  }

  /** Adds what of it a solution by LiSSA depends on, but for the damping. */
  void describe(Map<String, Object> description) {
    description.put("scale", scale);
    description.put("depth", depth);
    description.put("repeats", repeats);
    description.put("batch", batch);
  }
}
