package latentrace.backend;

/**
 * The Gaussian bottleneck. The encoder's output is h = [μ | lv] per sample, [n,2d], lv = ln σ². The
 * m draws of a sample stand together: row i·m+j is draw j of sample i.
 */
public abstract class LatentOps {
  private final Backend owner;

  /** For backends. */
  protected LatentOps(Backend owner) {
    this.owner = owner;
  }

  /**
   * ξ_ij = μ_i + e^{lv_i/2}·ε_ij.
   *
   * @param n samples
   * @param m draws
   * @param d latent size
   * @param h [n,2d], read
   * @param epsilon [n·m,d], read
   * @param xi [n·m,d], overwritten
   */
  public final void reparameterize(int n, int m, int d, Buffer h, Buffer epsilon, Buffer xi) {
    String op = "reparameterize";
    checkSizes(op, n, m, d);
    Checks.holds(owner, op, "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, op, "epsilon", "[n*m,d]", epsilon, (long) n * m * d);
    Checks.holds(owner, op, "xi", "[n*m,d]", xi, (long) n * m * d);
    doReparameterize(n, m, d, h, epsilon, xi);
  }

  /**
   * The pathwise gradient: dμ_i = Σ_j dξ_ij, dlv_i = Σ_j dξ_ij·ε_ij·½e^{lv_i/2}.
   *
   * @param h [n,2d], read
   * @param epsilon [n·m,d], read
   * @param dXi [n·m,d], read
   * @param dH [n,2d], overwritten
   */
  public final void reparameterizeBackward(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer dXi, Buffer dH) {
    String op = "reparameterizeBackward";
    checkSizes(op, n, m, d);
    Checks.holds(owner, op, "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, op, "epsilon", "[n*m,d]", epsilon, (long) n * m * d);
    Checks.holds(owner, op, "dXi", "[n*m,d]", dXi, (long) n * m * d);
    Checks.holds(owner, op, "dH", "[n,2d]", dH, 2L * n * d);
    doReparameterizeBackward(n, m, d, h, epsilon, dXi, dH);
  }

  /**
   * The score-function gradient (Kong &amp; Chaudhuri 2021, eq. 9): dH_i = scale·Σ_j s_ij·∇_h ln
   * Q(ξ_ij|x_i) with s_ij = β·(ln Q(ξ_ij|x_i) − ln P(ξ_ij)) + rec_ij, ∇_μ ln Q = ε/σ and ∇_lv ln Q
   * = ½(ε² − 1). It contains the gradient of the KL term.
   *
   * @param h [n,2d], read
   * @param epsilon [n·m,d], read
   * @param xi [n·m,d], read
   * @param rec reconstruction losses [n·m], read
   * @param dH [n,2d], overwritten
   */
  public final void scoreFunctionBackward(
      int n,
      int m,
      int d,
      Buffer h,
      Buffer epsilon,
      Buffer xi,
      Buffer rec,
      double beta,
      double scale,
      Buffer dH) {
    String op = "scoreFunctionBackward";
    checkSizes(op, n, m, d);
    Checks.holds(owner, op, "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, op, "epsilon", "[n*m,d]", epsilon, (long) n * m * d);
    Checks.holds(owner, op, "xi", "[n*m,d]", xi, (long) n * m * d);
    Checks.holds(owner, op, "rec", "[n*m]", rec, (long) n * m);
    Checks.holds(owner, op, "dH", "[n,2d]", dH, 2L * n * d);
    doScoreFunctionBackward(n, m, d, h, epsilon, xi, rec, beta, scale, dH);
  }

  /**
   * KL(N(μ,σ²) ‖ N(0,I)): kl_i = ½ Σ_l (μ_l² + e^{lv_l} − 1 − lv_l).
   *
   * @param h [n,2d], read
   * @param kl [n], overwritten
   */
  public final void kl(int n, int d, Buffer h, Buffer kl) {
    checkSizes("kl", n, 1, d);
    Checks.holds(owner, "kl", "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, "kl", "kl", "[n]", kl, n);
    doKl(n, d, h, kl);
  }

  /**
   * dH += coefficient·∂kl/∂h: dμ += c_i·μ, dlv += c_i·½(e^{lv} − 1).
   *
   * @param h [n,2d], read
   * @param coefficient [n], read
   * @param dH [n,2d], accumulated
   */
  public final void klBackward(int n, int d, Buffer h, Buffer coefficient, Buffer dH) {
    checkSizes("klBackward", n, 1, d);
    Checks.holds(owner, "klBackward", "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, "klBackward", "coefficient", "[n]", coefficient, n);
    Checks.holds(owner, "klBackward", "dH", "[n,2d]", dH, 2L * n * d);
    doKlBackward(n, d, h, coefficient, dH);
  }

  /**
   * The penalty on the KL term. With capacity NaN: penalty_i = weight·kl_i and coefficient_i =
   * scale·weight (β-VAE). Otherwise Burgess et al. 2018: penalty_i = weight·|kl_i − capacity| and
   * coefficient_i = scale·weight·sign(kl_i − capacity), sign(0) = 0.
   *
   * @param kl [n], read
   * @param scale factor on the gradient only
   * @param penalty [n], overwritten
   * @param coefficient ∂penalty/∂kl times scale [n], overwritten
   */
  public final void klPenalty(
      int n,
      Buffer kl,
      double weight,
      double capacity,
      double scale,
      Buffer penalty,
      Buffer coefficient) {
    checkSizes("klPenalty", n, 1, 1);
    Checks.holds(owner, "klPenalty", "kl", "[n]", kl, n);
    Checks.holds(owner, "klPenalty", "penalty", "[n]", penalty, n);
    Checks.holds(owner, "klPenalty", "coefficient", "[n]", coefficient, n);
    doKlPenalty(n, kl, weight, capacity, scale, penalty, coefficient);
  }

  /**
   * The KL term decomposed by minibatch-weighted sampling (Chen et al. 2018, section 4.1), one draw
   * per sample. With s_ijl = ln N(ξ_il; μ_jl, e^{lv_jl}), A_i = ln Σ_j e^{Σ_l s_ijl} and P_il = ln
   * Σ_j e^{s_ijl}: penalty_i = α·(Σ_l s_iil − A_i) + β·(A_i − Σ_l P_il) + γ·Σ_l (P_il − ln
   * N(ξ_il;0,1)).
   *
   * <p>As in the published code, A and P are without the constant − ln(N·n), N samples in the data:
   * with α = γ = 1, the mean is (β − 1)·(d − 1)·ln(N·n) below the decomposed KL term. Its gradient
   * is the same.
   *
   * @param n samples of the batch, over which j runs
   * @param d latent size
   * @param h [n,2d], read
   * @param xi [n,d], read
   * @param weights α, β, γ
   * @param penalty [n], overwritten
   */
  public final void totalCorrelation(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, Buffer penalty) {
    String op = "totalCorrelation";
    checkSizes(op, n, 1, d);
    Checks.holds(owner, op, "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, op, "xi", "[n,d]", xi, (long) n * d);
    Checks.holds(owner, op, "penalty", "[n]", penalty, n);
    doTotalCorrelation(n, d, h, xi, weights, penalty);
  }

  /**
   * dH += scale·∂(Σ_i penalty_i)/∂h, of {@link #totalCorrelation} with ξ = μ + e^{lv/2}·ε at fixed
   * ε. With r = ξ_il − μ_jl and g_ijl = α·[i = j] + (β − α)·e^{Σ_l s_ijl − A_i} + (γ − β)·e^{s_ijl
   * − P_il}:
   *
   * <ul>
   *   <li>at ξ: dξ_il = γ·ξ_il − Σ_j g_ijl·r·e^{−lv_jl};
   *   <li>at μ: dμ_jl = dξ_jl + Σ_i g_ijl·r·e^{−lv_jl};
   *   <li>at lv: dlv_jl = dξ_jl·½(ξ_jl − μ_jl) + Σ_i g_ijl·½(r²·e^{−lv_jl} − 1).
   * </ul>
   *
   * @param n samples
   * @param d latent size
   * @param h [n,2d], read
   * @param xi [n,d], read
   * @param weights α, β, γ
   * @param dH [n,2d], accumulated
   */
  public final void totalCorrelationBackward(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, double scale, Buffer dH) {
    String op = "totalCorrelationBackward";
    checkSizes(op, n, 1, d);
    Checks.holds(owner, op, "h", "[n,2d]", h, 2L * n * d);
    Checks.holds(owner, op, "xi", "[n,d]", xi, (long) n * d);
    Checks.holds(owner, op, "dH", "[n,2d]", dH, 2L * n * d);
    doTotalCorrelationBackward(n, d, h, xi, weights, scale, dH);
  }

  private static void checkSizes(String op, int n, int m, int d) {
    Checks.positive(op, "n", n);
    Checks.positive(op, "m", m);
    Checks.positive(op, "d", d);
  }

  /** {@link #reparameterize}, unchecked. */
  protected abstract void doReparameterize(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer xi);

  /** {@link #reparameterizeBackward}, unchecked. */
  protected abstract void doReparameterizeBackward(
      int n, int m, int d, Buffer h, Buffer epsilon, Buffer dXi, Buffer dH);

  /** {@link #scoreFunctionBackward}, unchecked. */
  protected abstract void doScoreFunctionBackward(
      int n,
      int m,
      int d,
      Buffer h,
      Buffer epsilon,
      Buffer xi,
      Buffer rec,
      double beta,
      double scale,
      Buffer dH);

  /** {@link #kl}, unchecked. */
  protected abstract void doKl(int n, int d, Buffer h, Buffer kl);

  /** {@link #klBackward}, unchecked. */
  protected abstract void doKlBackward(int n, int d, Buffer h, Buffer coefficient, Buffer dH);

  /** {@link #totalCorrelation}, unchecked. */
  protected abstract void doTotalCorrelation(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, Buffer penalty);

  /** {@link #totalCorrelationBackward}, unchecked. */
  protected abstract void doTotalCorrelationBackward(
      int n, int d, Buffer h, Buffer xi, KlWeights weights, double scale, Buffer dH);

  /** {@link #klPenalty}, unchecked. */
  protected abstract void doKlPenalty(
      int n,
      Buffer kl,
      double weight,
      double capacity,
      double scale,
      Buffer penalty,
      Buffer coefficient);
}
