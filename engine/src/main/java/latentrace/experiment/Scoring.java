package latentrace.experiment;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;

/**
 * How VAE-TracIn is computed.
 *
 * @param draws m
 * @param seed of the draws
 * @param published whether as in the published code: the loss is (SSE/C + β·KL)/12288, C the
 *     image's channels, whatever the model was trained with, and the checkpoints weigh
 *     lr·batch·Δiteration/N; otherwise as in the paper, eq. 10
 */
record Scoring(int draws, long seed, boolean published) {
  /** 3·64·64: the published code divides by it for every data set. */
  static final double PUBLISHED_DIVISOR = 12288;

  VaeTracIn.Settings settings(ModelSpec model) {
    VaeTracIn.Settings defaults = VaeTracIn.Settings.defaults(seed).withDraws(draws);
    return new VaeTracIn.Settings(
        draws,
        defaults.noise(),
        defaults.estimator(),
        defaults.parameters(),
        published ? published(model) : VaeTracIn.Attribution.AS_TRAINED,
        defaults.independentSelf(),
        defaults.tile());
  }

  /** SSE/C + β·KL = (SSE + Cβ·KL)/C. */
  static VaeTracIn.Attribution published(ModelSpec model) {
    int channels = model.sampleShape().get(0);
    return new VaeTracIn.Attribution(
        Reconstruction.GAUSSIAN, channels * model.beta(), 1 / (channels * PUBLISHED_DIVISOR));
  }

  double[] weights(ModelStage model, List<Checkpoint> checkpoints) {
    return published
        ? model.sgdWeights(checkpoints)
        : CheckpointWeights.uniform(checkpoints.size());
  }

  Map<String, Object> identity() {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("draws", draws);
    identity.put("seed", seed);
    identity.put("asPublished", published);
    return identity;
  }
}
