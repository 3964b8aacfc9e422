package latentrace.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The real files, where they are at hand. */
class SharedDataTest {
  private static int[] counts(int[] labels, int classes) {
    int[] counts = new int[classes];
    for (int label : labels) {
      counts[label]++;
    }
    return counts;
  }

  @Test
  void mnist() {
    Dataset test =
        Datasets.read(
            SharedData.file("t10k-images-idx3-ubyte.gz"),
            SharedData.file("t10k-labels-idx1-ubyte.gz"));
    assertEquals(10000, test.count());
    assertArrayEquals(new int[] {1, 28, 28}, test.sampleShape());
    assertArrayEquals(
        new int[] {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009},
        counts(test.labels(), 10));
    Dataset train = Datasets.read(SharedData.file("train-images-idx3-ubyte.gz"), null);
    assertEquals(60000, train.count());
    assertArrayEquals(
        new int[] {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
        counts(Idx.readLabels(SharedData.file("train-labels-idx1-ubyte.gz")), 10));
  }

  @Test
  void emnist() {
    Dataset letters =
        Datasets.read(
            SharedData.file("emnist-letters-subset-images-idx3-ubyte.gz"),
            SharedData.file("emnist-letters-subset-labels-idx1-ubyte.gz"));
    assertEquals(1559, letters.count());
    int[] counts = counts(letters.labels(), 27);
    assertArrayEquals(new int[] {0, 89, 73, 51, 77}, Arrays.copyOf(counts, 5));
    assertEquals(41, counts[26]);
  }

  @Test
  void cifar10() {
    Dataset test = Datasets.read(SharedData.file("cifar10-test1000.bin.gz"), null);
    assertArrayEquals(new int[] {3, 32, 32}, test.sampleShape());
    assertArrayEquals(
        new int[] {103, 89, 100, 103, 90, 86, 112, 102, 106, 109}, counts(test.labels(), 10));
    Dataset airplanes = Cifar.read(SharedData.file("cifar10-airplane-train.bin.gz"));
    assertArrayEquals(new int[] {5000}, counts(airplanes.labels(), 1));
  }

  @Test
  void ecg5000() {
    Dataset train = Datasets.read(SharedData.file("ECG5000_TRAIN.txt.gz"), null);
    assertArrayEquals(new int[] {140}, train.sampleShape());
    assertArrayEquals(new int[] {0, 292, 177, 10, 19, 2}, counts(train.labels(), 6));
    Dataset test = Datasets.read(SharedData.file("ECG5000_TEST.txt.gz"), null);
    assertArrayEquals(new int[] {0, 2627, 1590, 86, 175, 22}, counts(test.labels(), 6));
    double sum = 0;
    double squares = 0;
    for (float value : test.sample(17)) {
      sum += value;
      squares += (double) value * value;
    }
    assertTrue(Math.abs(sum) < 1e-4, "mean of a series");
    assertEquals(139, squares, 1e-3);
  }

  @Test
  void filesWrittenByNumPy() {
    Dataset airplanes =
        Datasets.read(SharedData.file("kong2021/airplanes-first4-64x64-u8.npy"), null);
    assertEquals(4, airplanes.count());
    assertArrayEquals(new int[] {3, 64, 64}, airplanes.sampleShape());
    Map<String, NpyArray> reference = Npz.read(SharedData.file("kong2021/reference-50000.npz"));
    assertArrayEquals(new int[] {16, 200}, reference.get("scores").shape());
    assertArrayEquals(new int[] {200, 64}, reference.get("mu").shape());
    assertEquals(NpyArray.Type.F8, reference.get("loss").type());
  }
}
