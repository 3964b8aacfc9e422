package latentrace.experiment;

import java.nio.file.Path;
import latentrace.Listener;
import latentrace.backend.Backend;

/**
 * What experiments run with.
 *
 * @param scale how large
 * @param data where samples come from
 * @param stages what is kept
 * @param backend what computes
 * @param listener hears progress
 * @param seed of training and draws
 * @param checkpoints imported weights of the CIFAR-airplane model, or null
 * @param asPublished whether scores are of the published code's loss and weights
 */
public record Context(
    Scale scale,
    ExperimentData data,
    Stages stages,
    Backend backend,
    Listener listener,
    long seed,
    Path checkpoints,
    boolean asPublished) {}
