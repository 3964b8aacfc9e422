package latentrace.cli;

import latentrace.data.InputException;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;
import picocli.CommandLine.Option;

/** What a model with a choice of tasks is trained for, the same in every command. */
final class PretextOptions {
  @Option(
      names = "--pretext",
      paramLabel = "TASK",
      description =
          "what a denoising-... model is trained for: reconstruction, denoising (of Gaussian noise),"
              + " inpainting (of masked values) or classification (of labels). Default: denoising")
  private Pretext.Task task;

  @Option(
      names = "--corruption",
      paramLabel = "F",
      description =
          "its strength: the noise's standard deviation, or the probability that a value is masked."
              + " Default: 0.3 for denoising, 0.2 for inpainting")
  private Double strength;

  /**
   * The task of a model; null if it has no choice.
   *
   * @throws InputException if it has none but one was asked for
   * @throws IllegalArgumentException if the strength does not fit, naming the flag
   */
  Pretext of(String model) {
    if (!ModelSpec.hasPretext(model)) {
      if (task != null || strength != null) {
        throw new InputException(
            "--%s: a %s is trained for one task only"
                .formatted(task != null ? "pretext" : "corruption", model));
      }
      return null;
    }
    Pretext usual = Pretext.of(task != null ? task : Pretext.Task.DENOISING);
    return strength == null ? usual : new Pretext(usual.task(), strength);
  }
}
