package latentrace.neighbors;

/** Importance by nearness of codes. */
public enum NearestCodes implements ExampleMethod {
  /** DKNN with kernel 1/d² (the published code's); of equal codes the largest finite score. */
  INVERSE_SQUARE {
    @Override
    double score(double squared, double dot, double norms) {
      return 1 / Math.max(squared, Float.MIN_NORMAL);
    }
  },
  /** DKNN with kernel −d. */
  NEGATIVE_DISTANCE {
    @Override
    double score(double squared, double dot, double norms) {
      return 0 - Math.sqrt(squared);
    }
  },
  /** DKNN with kernel e^−d. */
  EXPONENTIAL {
    @Override
    double score(double squared, double dot, double norms) {
      return Math.exp(-Math.sqrt(squared));
    }
  },
  /** The cosine of the angle between the codes (Papp et al. 2023); 0 beside a code of zeros. */
  COSINE {
    @Override
    double score(double squared, double dot, double norms) {
      return norms > 0 ? dot / Math.sqrt(norms) : 0;
    }
  };

  /**
   * @param squared ‖h − h′‖²
   * @param dot ⟨h, h′⟩
   * @param norms ‖h‖²·‖h′‖²
   */
  abstract double score(double squared, double dot, double norms);

  @Override
  public void scores(float[][] corpus, float[] code, float[] scores) {
    double norm = 0;
    for (float value : code) {
      norm += (double) value * value;
    }
    for (int i = 0; i < corpus.length; i++) {
      double squared = 0;
      double dot = 0;
      double other = 0;
      for (int l = 0; l < code.length; l++) {
        double difference = (double) code[l] - corpus[i][l];
        squared += difference * difference;
        dot += (double) code[l] * corpus[i][l];
        other += (double) corpus[i][l] * corpus[i][l];
      }
      scores[i] = (float) score(squared, dot, norm * other);
    }
  }
}
