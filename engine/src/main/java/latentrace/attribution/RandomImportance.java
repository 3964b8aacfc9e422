package latentrace.attribution;

import latentrace.attribution.RandomNumbers.Use;

/** Standard normals: what a method has to beat. */
public final class RandomImportance implements FeatureMethod {
  private final RandomNumbers numbers;

  /** Numbers of a seed. */
  public RandomImportance(long seed) {
    numbers = new RandomNumbers(seed, Use.ATTRIBUTION);
  }

  @Override
  public void attribute(
      Representation f, Samples samples, float[] weights, float[][] attributions) {
    for (int i = 0; i < samples.count(); i++) {
      java.util.Arrays.fill(attributions[i], 0);
      numbers.addNormals(samples.indices()[i], 0, 1, attributions[i], 0, samples.size());
    }
  }
}
