package latentrace.model;

import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.nn.Sequential;
import latentrace.nn.Tape;

/**
 * β-VAE: encoder x → [μ | lv], decoder ξ → logits, ℓ = rec + β·KL (Higgins et al. 2017), rec +
 * γ·|KL − C(t)| (Burgess et al. 2018) or rec + MI + β·TC + dimension-wise KL (Chen et al. 2018).
 */
public final class BetaVae extends Model {
  private final Sequential encoder;
  private final Sequential decoder;

  /** Linear layers over the spec's widths, parameters all zero. */
  public BetaVae(Backend backend, ModelSpec spec) {
    this(
        backend,
        spec,
        mlp(
            "encoder",
            spec.activation(),
            Activation.IDENTITY,
            encoderWidths(spec, 2 * spec.latent())),
        mlp("decoder", spec.activation(), spec.outputActivation(), decoderWidths(spec)));
  }

  BetaVae(Backend backend, ModelSpec spec, Sequential encoder, Sequential decoder) {
    super(backend, spec, encoder, decoder);
    this.encoder = encoder;
    this.decoder = decoder;
  }

  @Override
  public int noiseSize() {
    return spec().latent();
  }

  @Override
  public Pass newPass(int capacity, int draws) {
    return new VaePass(capacity, draws);
  }

  private final class VaePass extends Pass {
    private final int d = spec().latent();
    private final int features = spec().sampleSize();
    private final Tape encoderTape;
    private final Tape decoderTape;
    private final List<Tape> tapes;
    private final Buffer epsilon;
    private final Buffer xi;
    private final Buffer reconstruction;
    private final Buffer kl;
    private final Buffer penalty;
    private final Buffer coefficient;
    private final double[] perDraw;
    private final double[] perSample;
    private double lossScale;

    VaePass(int capacity, int draws) {
      super(BetaVae.this, capacity, draws);
      int rows = Math.multiplyExact(capacity, draws);
      try {
        encoderTape = newTape(encoder, capacity, false);
        decoderTape = newTape(decoder, rows, true);
        tapes = List.of(encoderTape, decoderTape);
        epsilon = allocate((long) rows * d);
        xi = allocate((long) rows * d);
        reconstruction = allocate(rows);
        kl = allocate(capacity);
        penalty = allocate(capacity);
        coefficient = allocate(capacity);
      } catch (RuntimeException | Error e) {
        closeAfter(e);
        throw e;
      }
      perDraw = new double[rows];
      perSample = new double[capacity];
    }

    @Override
    public Buffer noise() {
      return epsilon;
    }

    @Override
    public void run(Objective objective, Estimator estimator, double weight, Wanted wanted) {
      if (estimator == Estimator.SCORE_FUNCTION && !objective.isLinearInKl()) {
        throw new IllegalArgumentException(
            "the score-function estimator is defined for beta*KL, not for gamma*|KL - C|");
      }
      if (!objective.isPerSample()) {
        requireBatchLoss(wanted);
      }
      Backend backend = backend();
      int n = count();
      int m = draws();
      int rows = n * m;
      double scale = objective.lossScale() * weight;
      lossScale = objective.lossScale();

      Buffer h = encoder.forward(backend, encoderTape, n, input());
      backend.latents().reparameterize(n, m, d, h, epsilon, xi);
      Buffer output = decoder.forward(backend, decoderTape, rows, xi);
      backend
          .losses()
          .reconstruction(
              objective.reconstruction(),
              rows,
              m,
              features,
              output,
              input(),
              reconstruction,
              scale / m,
              wanted == Wanted.LOSSES ? null : decoderTape.outputGradient());
      backend.latents().kl(n, d, h, kl);
      if (objective.isPerSample()) {
        backend
            .latents()
            .klPenalty(
                n, kl, objective.weight(), objective.capacity(), scale, penalty, coefficient);
      } else {
        backend.latents().totalCorrelation(n, d, h, xi, objective.decomposition(), penalty);
      }
      if (wanted == Wanted.LOSSES) {
        return;
      }

      boolean pathwise = estimator == Estimator.PATHWISE;
      backward(decoder, decoderTape, pathwise, wanted);
      Buffer dH = encoderTape.outputGradient();
      if (pathwise) {
        backend
            .latents()
            .reparameterizeBackward(n, m, d, h, epsilon, decoderTape.inputGradient(), dH);
        if (objective.isPerSample()) {
          backend.latents().klBackward(n, d, h, coefficient, dH);
        } else {
          backend
              .latents()
              .totalCorrelationBackward(n, d, h, xi, objective.decomposition(), scale, dH);
        }
      } else {
        backend
            .latents()
            .scoreFunctionBackward(
                n, m, d, h, epsilon, xi, reconstruction, objective.weight(), scale / m, dH);
      }
      backward(encoder, encoderTape, false, wanted);
    }

    /** What is not defined where samples share a loss. */
    private void requireBatchLoss(Wanted wanted) {
      if (wanted == Wanted.FACTORS) {
        throw new IllegalArgumentException(
            "objective TC is a loss of the batch: a sample has no gradient of its own");
      }
      if (draws() != 1) {
        throw new IllegalArgumentException(
            "objective TC takes one draw per sample, this pass has %d".formatted(draws()));
      }
    }

    @Override
    public int curvatureDirections() {
      return draws() * features + 2 * d;
    }

    @Override
    public void gaussNewton(Objective objective, double... probe) {
      int n = count();
      int m = draws();
      int width = m * features;
      double[] output = new double[n * width];
      double[] root = new double[n * width];
      decoderTape.output(decoder.layers().size() - 1).download(0, output, 0, output.length);
      for (int i = 0; i < n; i++) {
        LossCurvature.reconstruction(
            objective.reconstruction(),
            objective.lossScale() / m,
            output,
            probe,
            i * curvatureDirections(),
            root,
            i * width,
            width);
      }
      decoderTape.outputGradient().upload(root, 0, 0, root.length);
      backward(decoder, decoderTape, true, Wanted.FACTORS);

      Buffer h = code();
      Buffer dH = encoderTape.outputGradient();
      backend()
          .latents()
          .reparameterizeBackward(n, m, d, h, epsilon, decoderTape.inputGradient(), dH);
      double[] latents = new double[n * 2 * d];
      double[] gradient = new double[n * 2 * d];
      h.download(0, latents, 0, latents.length);
      dH.download(0, gradient, 0, gradient.length);
      kls(perSample);
      for (int i = 0; i < n; i++) {
        boolean counts = objective.isLinearInKl() || perSample[i] > objective.capacity();
        LossCurvature.addKl(
            counts ? objective.lossScale() * objective.weight() : 0,
            d,
            latents,
            probe,
            i * curvatureDirections() + width,
            gradient,
            i * 2 * d);
      }
      dH.upload(gradient, 0, 0, gradient.length);
      backward(encoder, encoderTape, false, Wanted.FACTORS);
    }

    @Override
    public void losses(double[] target) {
      reconstructions(target);
      penalty.download(0, perSample, 0, count());
      for (int i = 0; i < count(); i++) {
        target[i] = lossScale * (target[i] + perSample[i]);
      }
    }

    @Override
    public void reconstructions(double[] target) {
      int m = draws();
      reconstruction.download(0, perDraw, 0, count() * m);
      for (int i = 0; i < count(); i++) {
        double sum = 0;
        for (int j = 0; j < m; j++) {
          sum += perDraw[i * m + j];
        }
        target[i] = sum / m;
      }
    }

    @Override
    public void kls(double[] target) {
      kl.download(0, target, 0, count());
    }

    @Override
    public List<Tape> tapes() {
      return tapes;
    }

    @Override
    public Buffer code() {
      return encoderTape.output(encoder.layers().size() - 1);
    }
  }
}
