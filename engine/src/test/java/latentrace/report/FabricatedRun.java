package latentrace.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import latentrace.data.Dataset;
import latentrace.report.InfluenceReport.Inputs;
import latentrace.report.InfluenceReport.TrainingPoint;

/**
 * Made-up inputs that look like a run: gray blobs whose place is their label, and stripes among
 * them as intruders.
 */
final class FabricatedRun {
  static final int SIDE = 28;
  private static final int CLASSES = 10;

  private FabricatedRun() {}

  static Inputs inputs(int trainCount, int testCount, int k) {
    Random random = new Random(7);
    boolean[] intruders = new boolean[trainCount];
    for (int i = 0; i < trainCount; i++) {
      intruders[i] = i % 16 == 5;
    }
    int[] trainLabels = random.ints(trainCount, 0, CLASSES).toArray();
    int[] testLabels = random.ints(testCount, 0, CLASSES).toArray();
    float[] train = images(trainLabels, intruders, random);
    float[] test = images(testLabels, new boolean[testCount], random);
    float[][] scores = new float[testCount][trainCount];
    for (int t = 0; t < testCount; t++) {
      for (int i = 0; i < trainCount; i++) {
        float distance = 0;
        for (int p = 0; p < SIDE * SIDE; p++) {
          float difference = train[i * SIDE * SIDE + p] - test[t * SIDE * SIDE + p];
          distance += difference * difference;
        }
        scores[t][i] = (float) (3 - 0.06 * distance + 0.4 * random.nextGaussian());
      }
    }
    float[] losses = new float[trainCount];
    float[] selfInfluence = new float[trainCount];
    for (int i = 0; i < trainCount; i++) {
      losses[i] = (float) (95 + 12 * random.nextGaussian() + (intruders[i] ? 30 : 0));
      double skewed = Math.exp(0.5 * random.nextGaussian());
      selfInfluence[i] = (float) (40 * (losses[i] - 40) * skewed + (intruders[i] ? 1800 : 0));
    }
    int[] shape = {1, SIDE, SIDE};
    return new Inputs(
        "Blobs with striped intruders",
        "A fabricated run that shows what a report holds. No model was trained for it.",
        Dataset.ofFloats("blobs-train", shape, train, trainLabels),
        Dataset.ofFloats("blobs-test", shape, test, testLabels),
        scores,
        selfInfluence,
        losses,
        intruders,
        history(random),
        new TreeMap<>(
            Map.of(
                "backend", "reference, float64",
                "checkpoints", "10, every 500 iterations",
                "data SHA-256", "3f9a".repeat(16),
                "JDK", "17.0.15, Debian",
                "seed", "7",
                "version", "0.1.0-SNAPSHOT")),
        k);
  }

  private static float[] images(int[] labels, boolean[] intruders, Random random) {
    float[] values = new float[labels.length * SIDE * SIDE];
    for (int i = 0; i < labels.length; i++) {
      double angle = 2 * Math.PI * labels[i] / CLASSES;
      double cx = SIDE / 2.0 + 7 * Math.cos(angle) + 0.8 * random.nextGaussian();
      double cy = SIDE / 2.0 + 7 * Math.sin(angle) + 0.8 * random.nextGaussian();
      double width = 2.6 + 0.5 * random.nextGaussian();
      double phase = 2 * Math.PI * random.nextDouble();
      for (int p = 0; p < SIDE * SIDE; p++) {
        int row = p / SIDE;
        double x = p % SIDE - cx;
        double y = row - cy;
        double blob = Math.exp(-(x * x + y * y) / (2 * width * width));
        double stripes = 0.5 + 0.5 * Math.sin(0.9 * x + 0.4 * y + phase);
        values[i * SIDE * SIDE + p] = (float) (intruders[i] ? stripes : blob);
      }
    }
    return values;
  }

  private static List<TrainingPoint> history(Random random) {
    List<TrainingPoint> history = new ArrayList<>();
    for (int i = 0; i <= 5000; i += 20) {
      double noise = 1 + 0.02 * random.nextGaussian();
      double reconstruction = (78 + 460 * Math.exp(-i / 260.0)) * noise;
      double kl = 24 * (1 - Math.exp(-i / 900.0)) * noise + 0.4;
      history.add(new TrainingPoint(i, reconstruction + kl, reconstruction, kl));
    }
    return history;
  }
}
