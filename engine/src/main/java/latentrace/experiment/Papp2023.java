package latentrace.experiment;

import java.util.List;
import java.util.function.Function;
import latentrace.data.InputException;

/**
 * The experiments of G. Papp, J. Wagenbach, L. Jans de Vries, N. Mather: "[Re] Reproducibility
 * study of 'Label-Free Explainability for Unsupervised Models'", ReScience C 2023, of J. Crabbé, M.
 * van der Schaar, ICML 2022.
 */
final class Papp2023 implements Paper<PappLab> {
  @Override
  public String name() {
    return "papp2023";
  }

  @Override
  public String title() {
    return "Papp et al. 2023: Reproducibility study of Label-Free Explainability for Unsupervised"
        + " Models";
  }

  @Override
  public List<Experiment<PappLab>> experiments() {
    return List.of(
        new MaskingShifts(),
        new SimilarityRates(),
        new TaskCorrelations(TaskCorrelations.Kind.MNIST),
        new TaskCorrelations(TaskCorrelations.Kind.CIFAR_EXAMPLES),
        new TaskCorrelations(TaskCorrelations.Kind.CIFAR_FEATURES),
        new Disentanglement(),
        new UnitImages(),
        new EncoderAgainstModel(),
        new TopExamples());
  }

  @Override
  public Function<Lab.Means, PappLab> lab(Reproduction.Settings settings) {
    refuse("--draws", settings.draws());
    refuse("--checkpoints", settings.checkpoints());
    Lab.Settings common = Paper.labSettings(settings);
    PappScale scale = PappScale.of(common.scale()).with(settings.repeats(), settings.tests());
    return means -> new PappLab(common, scale, means);
  }

  private void refuse(String flag, Object value) {
    if (value != null) {
      throw new InputException("%s: has no meaning for %s".formatted(flag, name()));
    }
  }
}
