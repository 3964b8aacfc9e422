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
