package latentrace.neighbors;

/**
 * SimplEx as the papers' code fits it: w = softmax(θ) from θ = 0 by Adam on ‖h − Σ_j w_j h_j‖². Far
 * from the optimum after the published numbers of steps; {@link SimplEx} is exact. Here to re-run
 * what was published.
 *
 * @param epochs steps; 1,000 in the second paper's code
 * @param learningRate 1e-3 there
 */
public record SoftmaxSimplEx(int epochs, double learningRate) implements ExampleMethod {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  @Override
  public void scores(float[][] corpus, float[] code, float[] scores) {
    int n = corpus.length;
    double[] theta = new double[n];
    double[] first = new double[n];
    double[] second = new double[n];
    double[] w = new double[n];
    double[] gradient = new double[n];
    double[] residual = new double[code.length];
    for (int step = 1; step <= epochs; step++) {
      softmax(theta, w);
      for (int l = 0; l < residual.length; l++) {
        residual[l] = -code[l];
      }
      for (int j = 0; j < n; j++) {
        for (int l = 0; l < residual.length; l++) {
          residual[l] += w[j] * corpus[j][l];
        }
      }
      double mean = 0;
      for (int j = 0; j < n; j++) {
        double product = 0;
        for (int l = 0; l < residual.length; l++) {
          product += residual[l] * corpus[j][l];
        }
        gradient[j] = 2 * product;
        mean += w[j] * gradient[j];
      }
      for (int j = 0; j < n; j++) {
        double g = w[j] * (gradient[j] - mean);
        first[j] = BETA1 * first[j] + (1 - BETA1) * g;
        second[j] = BETA2 * second[j] + (1 - BETA2) * g * g;
        double root = Math.sqrt(second[j] / (1 - Math.pow(BETA2, step)));
        theta[j] -= learningRate * first[j] / (1 - Math.pow(BETA1, step)) / (root + EPSILON);
      }
    }
    softmax(theta, w);
    for (int j = 0; j < n; j++) {
      scores[j] = (float) w[j];
    }
  }

  private static void softmax(double[] theta, double[] w) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double value : theta) {
      largest = Math.max(largest, value);
    }
    double sum = 0;
    for (int j = 0; j < w.length; j++) {
      w[j] = Math.exp(theta[j] - largest);
      sum += w[j];
    }
    for (int j = 0; j < w.length; j++) {
      w[j] /= sum;
    }
  }
}
