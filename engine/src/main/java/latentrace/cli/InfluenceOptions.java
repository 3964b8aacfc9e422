package latentrace.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Names;
import latentrace.data.Dataset;
import latentrace.influence.Gradients;
import latentrace.influence.curvature.ConjugateGradients;
import latentrace.influence.curvature.DataInf;
import latentrace.influence.curvature.EkFac;
import latentrace.influence.curvature.ExplicitHessian;
import latentrace.influence.curvature.HessianProducts;
import latentrace.influence.curvature.InfluenceFunctions.Normalisation;
import latentrace.influence.curvature.InverseCurvature;
import latentrace.influence.curvature.Lissa;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How {@code influence} inverts a curvature. */
final class InfluenceOptions {
  /** What inverts it. */
  enum Solver {
    EXPLICIT,
    CONJUGATE_GRADIENTS,
    LISSA,
    EKFAC,
    DATAINF
  }

  /** What RelatIF divides by. */
  enum Relative {
    THETA,
    LOSS
  }

  @Option(
      names = "--solver",
      paramLabel = "S",
      defaultValue = "explicit",
      description =
          "of influence-functions and relatif: explicit (the whole Hessian, up to 4096 parameters),"
              + " conjugate-gradients, lissa, ekfac or datainf. Default: ${DEFAULT-VALUE}")
  private Solver solver;

  @Option(
      names = "--relative-damping",
      paramLabel = "L",
      defaultValue = "0.1",
      description =
          "of ekfac and datainf: times a layer's mean eigenvalue, added too."
              + " Default: ${DEFAULT-VALUE}")
  private double relativeDamping;

  @Option(
      names = "--relative",
      paramLabel = "R",
      defaultValue = "theta",
      description =
          "of relatif: theta (per change of the parameters) or loss (per change of the sample's own"
              + " loss). Default: ${DEFAULT-VALUE}")
  private Relative relative;

  @Option(
      names = "--cg-tolerance",
      paramLabel = "E",
      defaultValue = "1e-6",
      description = "residual that conjugate gradients end at. Default: ${DEFAULT-VALUE}")
  private double tolerance;

  @Option(
      names = "--cg-iterations",
      paramLabel = "N",
      defaultValue = "1000",
      description = "of conjugate gradients, at most. Default: ${DEFAULT-VALUE}")
  private int iterations;

  @Mixin private LissaOptions lissa;

  @Option(
      names = "--probes",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "random probes of ekfac per training sample; 0: every output in turn, without chance."
              + " Default: ${DEFAULT-VALUE}")
  private int probes;

  @Option(
      names = "--curvature-samples",
      paramLabel = "N",
      description = "take the curvature from the first N training samples only. Default: all")
  private Integer samples;

  /** Refuses what makes no sense, before any work. */
  void check() {
    lissa.check();
    LissaOptions.require(
        relativeDamping >= 0 && Double.isFinite(relativeDamping),
        "--relative-damping",
        relativeDamping,
        "a number >= 0");
    LissaOptions.require(
        tolerance > 0 && tolerance < 1, "--cg-tolerance", tolerance, "a number in (0,1)");
    LissaOptions.require(iterations > 0, "--cg-iterations", iterations, "at least 1");
    LissaOptions.require(probes >= 0, "--probes", probes, "at least 0");
    LissaOptions.require(
        samples == null || samples > 0,
        "--curvature-samples",
        samples == null ? 1 : samples,
        "at least 1");
  }

  /** What a method inverts by. */
  Solver solverOf(InfluenceCommand.Method method) {
    return switch (method) {
      case EKFAC -> Solver.EKFAC;
      case DATAINF -> Solver.DATAINF;
      default -> solver;
    };
  }

  /** Whether it multiplies with the Hessian, and so needs double precision. */
  boolean needsDouble(InfluenceCommand.Method method) {
    Solver used = solverOf(method);
    return method != InfluenceCommand.Method.GRADCOS
        && method != InfluenceCommand.Method.LEAVE_ONE_OUT
        && used != Solver.EKFAC
        && used != Solver.DATAINF;
  }

  Normalisation normalisation(InfluenceCommand.Method method) {
    return switch (method) {
      case GRADCOS -> Normalisation.COSINE;
      case RELATIF ->
          relative == Relative.THETA ? Normalisation.THETA_RELATIVE : Normalisation.LOSS_RELATIVE;
      default -> Normalisation.NONE;
    };
  }

  /**
   * The inverse of the curvature of the mean loss over the training data.
   *
   * @param decay weight decay of the training
   */
  InverseCurvature inverse(
      InfluenceCommand.Method method,
      Gradients gradients,
      Dataset train,
      double decay,
      long seed,
      Listener listener) {
    if (method == InfluenceCommand.Method.GRADCOS) {
      return InverseCurvature.IDENTITY;
    }
    Dataset data = samples == null ? train : train.range(0, samples);
    double total = lissa.damping() + decay;
    return switch (solverOf(method)) {
      case EXPLICIT -> {
        ExplicitHessian.requireSmall(gradients.size());
        yield new ExplicitHessian(new HessianProducts(gradients, total), data, listener);
      }
      case CONJUGATE_GRADIENTS ->
          new ConjugateGradients(
              new HessianProducts(gradients, total), data, tolerance, iterations, listener);
      case LISSA ->
          new Lissa(new HessianProducts(gradients, total), data, lissa.settings(seed), listener);
      case EKFAC ->
          new EkFac(
              gradients, data, new EkFac.Settings(total, relativeDamping, probes, seed), listener);
      case DATAINF -> new DataInf(gradients, data, total, relativeDamping, listener);
    };
  }

  /** What of it the result depends on. */
  Map<String, Object> describe(InfluenceCommand.Method method) {
    Map<String, Object> description = new LinkedHashMap<>();
    if (method == InfluenceCommand.Method.GRADCOS
        || method == InfluenceCommand.Method.LEAVE_ONE_OUT) {
      return description;
    }
    Solver used = solverOf(method);
    description.put("solver", Names.id(used));
    description.put("damping", lissa.damping());
    description.put("curvatureSamples", samples == null ? "all" : samples);
    switch (used) {
      case EXPLICIT -> {}
      case CONJUGATE_GRADIENTS -> {
        description.put("tolerance", tolerance);
        description.put("iterations", iterations);
      }
      case LISSA -> lissa.describe(description);
      case EKFAC, DATAINF -> description.put("relativeDamping", relativeDamping);
    }
    if (used == Solver.EKFAC) {
      description.put("probes", probes);
    }
    if (method == InfluenceCommand.Method.RELATIF) {
      description.put("relative", Names.id(relative));
    }
    return description;
  }
}
