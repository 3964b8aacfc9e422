package latentrace.experiment;

/** What an encoder is trained for. */
enum Pretext {
  /** To give back its input. */
  RECONSTRUCTION("recon."),
  /** To give back its input from one with Gaussian noise. */
  DENOISING("denois."),
  /** To name the class of its input: with supervision. */
  CLASSIFICATION("classif.");

  private final String label;

  Pretext(String label) {
    this.label = label;
  }

  /** Whether labels are seen. */
  boolean isSupervised() {
    return this == CLASSIFICATION;
  }

  @Override
  public String toString() {
    return label;
  }
}
