package latentrace.experiment;

import latentrace.model.Pretext.Task;

/** The pretext tasks as the tables of Papp et al. 2023 have them. */
final class Tasks {
  private Tasks() {}

  /** A heading. */
  static String label(Task task) {
    return switch (task) {
      case RECONSTRUCTION -> "recon.";
      case DENOISING -> "denois.";
      case INPAINTING -> "inpaint.";
      case CLASSIFICATION -> "classif.";
    };
  }

  /** Whether labels are seen. */
  static boolean isSupervised(Task task) {
    return task == Task.CLASSIFICATION;
  }
}
