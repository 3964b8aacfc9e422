package latentrace.neighbors;

/** A way to score the samples of a corpus as explanations of a sample, by their codes. */
@FunctionalInterface
public interface ExampleMethod {
  /**
   * Scores of the corpus; higher explains more.
   *
   * @param corpus codes [N][H]
   * @param code of the sample explained [H]
   * @param scores [N], overwritten
   */
  void scores(float[][] corpus, float[] code, float[] scores);
}
