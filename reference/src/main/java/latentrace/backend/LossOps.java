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

  /**
   * NT-Xent (Chen, Kornblith, Norouzi &amp; Hinton 2020, eq. 1): every row has to tell the other
   * row of its pair from all others. With u_r = z_r/‖z_r‖, s_rq = ⟨u_r, u_q⟩/temperature and p(r) =
   * r ± 1 the other row of r's pair: ℓ_r = ln Σ_{q≠r} e^{s_rq} − s_{r,p(r)}, values_i = ½(ℓ_2i +
   * ℓ_{2i+1}), and dZ = scale·∂(Σ_i values_i)/∂z. Negative similarities count as they are;
   * Label-Free-XAI's code raises them to 10⁻⁷, without a gradient.
   *
   * @param pairs n
   * @param features d
   * @param z rows 2i and 2i + 1 are pair i [2n,d], read; ‖z_r‖ below 10⁻¹² counts as that
   * @param values [n], overwritten
   * @param scale factor on the gradient only
   * @param dZ [2n,d], overwritten; null if not wanted
   */
  public final void contrastive(
      int pairs,
      int features,
      double temperature,
      Buffer z,
      Buffer values,
      double scale,
      Buffer dZ) {
    String op = "contrastive";
    Checks.positive(op, "pairs", pairs);
    Checks.positive(op, "features", features);
    if (!(temperature > 0 && Double.isFinite(temperature))) {
      throw new IllegalArgumentException(
          "contrastive: temperature must be positive, was " + temperature);
    }
    long size = 2L * pairs * features;
    Checks.holds(owner, op, "z", "[2*pairs,features]", z, size);
    Checks.holds(owner, op, "values", "[pairs]", values, pairs);
    if (dZ != null) {
      Checks.holds(owner, op, "dZ", "[2*pairs,features]", dZ, size);
    }
    doContrastive(pairs, features, temperature, z, values, scale, dZ);
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

  /** {@link #contrastive}, unchecked. */
  protected abstract void doContrastive(
      int pairs,
      int features,
      double temperature,
      Buffer z,
      Buffer values,
      double scale,
      Buffer dZ);

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
