package latentrace.experiment;

import latentrace.neighbors.ExampleMethod;
import latentrace.neighbors.NearestCodes;
import latentrace.neighbors.SimplEx;
import latentrace.neighbors.SoftmaxSimplEx;

/** The methods whose example importances the experiments compare. */
enum Likeness {
  DKNN("DKNN"),
  COSINE("cosine NN"),
  SIMPLEX("SimplEx"),
  /** By Adam on a softmax, far from the optimum. */
  PUBLISHED_SIMPLEX("SimplEx, as published"),
  /** Products of encoder gradients, over all checkpoints. */
  TRACIN("TracIn"),
  /** In training mode, sample by sample. */
  PUBLISHED_TRACIN("TracIn, as published"),
  /** The last checkpoint's, weighed by the inverse curvature of the encoder, EK-FAC. */
  INFLUENCE("influence functions"),
  /**
   * In training mode, sample by sample, without curvature: the published LiSSA (scale 1000, damping
   * 0.001, depth 100, of the mean squared error) multiplies an eigenvector of value λ by Σ_j (1 −
   * 0.001 − λ/1000)^j, which is 96 but for the few largest: the largest is about 14, its factor 52.
   * On an MNIST encoder of the laptop scale its scores correlate with the plain products by 0.990
   * to 0.999.
   */
  PUBLISHED_INFLUENCE("influence functions, as published");

  private static final double TOLERANCE = 1e-10;

  private final String label;

  Likeness(String label) {
    this.label = label;
  }

  /** The published code's way of it. */
  Likeness published() {
    return switch (this) {
      case SIMPLEX -> PUBLISHED_SIMPLEX;
      case TRACIN -> PUBLISHED_TRACIN;
      case INFLUENCE -> PUBLISHED_INFLUENCE;
      default -> this;
    };
  }

  /** The method, unless it is one of gradients. */
  ExampleMethod byCodes() {
    return switch (this) {
      case DKNN -> NearestCodes.INVERSE_SQUARE;
      case COSINE -> NearestCodes.COSINE;
      case SIMPLEX -> new SimplEx(TOLERANCE);
      case PUBLISHED_SIMPLEX -> new SoftmaxSimplEx(1000, 1e-3);
      case TRACIN, PUBLISHED_TRACIN, INFLUENCE, PUBLISHED_INFLUENCE ->
          throw new IllegalStateException(label + " takes gradients");
    };
  }

  @Override
  public String toString() {
    return label;
  }
}
