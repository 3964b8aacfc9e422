package latentrace.backend;

/** Losses: one value per row, and the gradient in the same pass. */
public abstract class LossOps {
  private final Backend owner;

  /** For backends. */
  protected LossOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * values_r = Σ_f loss(output_rf, target_⌊r/draws⌋f) and dOutput = scale·∂values/∂output.
   *
   * @param rows rows of output; the {@code draws} rows of one sample stand together
   * @param draws rows of output per row of target, divides rows
   * @param features row length
   * @param output [rows,features], read
   * @param target [rows/draws,features], read
   * @param values [rows], overwritten
   * @param scale factor on the gradient only
   * @param dOutput [rows,features], overwritten; null if not wanted
   */
  public final void reconstruction(
      Reconstruction kind,
      int rows,
      int draws,
      int features,
      Buffer output,
      Buffer target,
      Buffer values,
      double scale,
      Buffer dOutput) {
    String op = "reconstruction";
    Checks.positive(op, "rows", rows);
    Checks.positive(op, "draws", draws);
    Checks.positive(op, "features", features);
    if (rows % draws != 0) {
      throw new IllegalArgumentException(
          "reconstruction: rows=%d is no multiple of draws=%d".formatted(rows, draws));
    }
    long size = (long) rows * features;
    Checks.holds(owner, op, "output", "[rows,features]", output, size);
    Checks.holds(owner, op, "target", "[rows/draws,features]", target, size / draws);
    Checks.holds(owner, op, "values", "[rows]", values, rows);
    if (dOutput != null) {
      Checks.holds(owner, op, "dOutput", "[rows,features]", dOutput, size);
    }
    doReconstruction(kind, rows, draws, features, output, target, values, scale, dOutput);
  }

  /**
   * Softmax cross-entropy: values_r = ln Σ_c e^{o_rc} − o_{r,label_r}, computed stably, and dOutput
   * = scale·(softmax(o_r) − onehot(label_r)).
   *
   * @param output logits [rows,classes], read
   * @param labels class numbers 0..classes-1 as reals [rows], read; the caller has checked them
   * @param values [rows], overwritten
   * @param scale factor on the gradient only
   * @param dOutput [rows,classes], overwritten; null if not wanted
   */
  public final void crossEntropy(
      int rows,
      int classes,
      Buffer output,
      Buffer labels,
      Buffer values,
      double scale,
      Buffer dOutput) {
    String op = "crossEntropy";
    Checks.positive(op, "rows", rows);
    Checks.positive(op, "classes", classes);
    long size = (long) rows * classes;
    Checks.holds(owner, op, "output", "[rows,classes]", output, size);
    Checks.holds(owner, op, "labels", "[rows]", labels, rows);
    Checks.holds(owner, op, "values", "[rows]", values, rows);
    if (dOutput != null) {
      Checks.holds(owner, op, "dOutput", "[rows,classes]", dOutput, size);
    }
    doCrossEntropy(rows, classes, output, labels, values, scale, dOutput);
  }

  /** {@link #reconstruction}, unchecked. */
  protected abstract void doReconstruction(
      Reconstruction kind,
      int rows,
      int draws,
      int features,
      Buffer output,
      Buffer target,
      Buffer values,
      double scale,
      Buffer dOutput);

  /** {@link #crossEntropy}, unchecked. */
  protected abstract void doCrossEntropy(
      int rows,
      int classes,
      Buffer output,
      Buffer labels,
      Buffer values,
      double scale,
      Buffer dOutput);
}
