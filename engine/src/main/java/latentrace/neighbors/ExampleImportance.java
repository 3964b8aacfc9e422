package latentrace.neighbors;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import latentrace.Listener;
import latentrace.report.Statistics;

/** The importance of every sample of a corpus for every sample explained. */
public final class ExampleImportance {
  private ExampleImportance() {}

  /**
   * Scores by a method, the samples explained side by side.
   *
   * @param corpus codes [N][H]
   * @param codes of the samples explained [T][H]
   * @return [T][N]
   */
  public static float[][] scores(
      ExampleMethod method, float[][] corpus, float[][] codes, Listener listener) {
    float[][] scores = new float[codes.length][corpus.length];
    AtomicInteger done = new AtomicInteger();
    listener.started("scores", codes.length, 0);
    try {
      IntStream.range(0, codes.length)
          .parallel()
          .forEach(
              t -> {
                method.scores(corpus, codes[t], scores[t]);
                synchronized (done) {
                  listener.progressed(done.incrementAndGet());
                }
              });
    } finally {
      listener.finished();
    }
    return scores;
  }

  /**
   * The similarity rate (Crabbé &amp; van der Schaar 2022, section 4.1): of the most important
   * samples of the corpus for a sample, the share that has its class; the mean over the samples.
   *
   * @param scores [T][N]
   * @param fraction of the corpus that counts, at least one sample
   * @param most whether the most or the least important count
   */
  public static double similarityRate(
      float[][] scores, int[] corpusLabels, int[] labels, double fraction, boolean most) {
    if (!(fraction > 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          "fraction: found %s, expected above 0 and at most 1".formatted(fraction));
    }
    int count = (int) Math.max(1, Math.round(fraction * corpusLabels.length));
    double sum = 0;
    for (int t = 0; t < scores.length; t++) {
      int[] ranking = Statistics.ranking(scores[t]);
      int same = 0;
      for (int k = 0; k < count; k++) {
        int i = ranking[most ? k : ranking.length - 1 - k];
        same += corpusLabels[i] == labels[t] ? 1 : 0;
      }
      sum += (double) same / count;
    }
    return sum / scores.length;
  }
}
