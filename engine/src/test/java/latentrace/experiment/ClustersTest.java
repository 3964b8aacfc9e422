package latentrace.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The closed forms of section 3 against exact refits, on the six clusters. */
class ClustersTest {
  @Test
  void nearestNeighboursAndKernelsAreExact() {
    Clusters clusters = new Clusters(Clusters.COUNT, 1);
    var estimators = clusters.estimators();
    for (String name : new String[] {Clusters.NEAREST_NEIGHBOURS, Clusters.KERNEL}) {
      double error = clusters.worstError(estimators.get(name));
      assertTrue(error <= 1e-12, name + ": " + error);
    }
  }

  @Test
  void theMixturesErrorFallsWithTheSquare() {
    double order = Clusters.orderOfError(1, 100, 400, 1600, 6400);
    assertTrue(order <= -1.9 && order >= -2.3, "order " + order);
  }

  /** The paper's finding in Figure 6: k-NN's highest are the cluster of exactly k points. */
  @Test
  void theClusterOfKPointsStandsOut() {
    Clusters clusters = new Clusters(Clusters.COUNT, 1);
    double[] self = clusters.self(clusters.estimators().get(Clusters.NEAREST_NEIGHBOURS));
    int highest = 0;
    for (int i = 1; i < self.length; i++) {
      highest = self[i] > self[highest] ? i : highest;
    }
    assertEquals(4, clusters.label(highest));
  }
}
