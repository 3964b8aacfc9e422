package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static latentrace.data.TestFiles.bytes;
import static latentrace.data.TestFiles.gzip;
import static latentrace.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
  @TempDir private Path folder;

  @Test
  void tellsFormatsApart() {
    assertEquals(1, Datasets.read(write(folder.resolve("a.bin"), new byte[3073]), null).count());
    assertEquals(2, Datasets.read(write(folder.resolve("a.csv"), "1,2\n1,3\n"), null).count());
    byte[] series = "1\t2\n1\t3\n".getBytes(StandardCharsets.US_ASCII);
    assertEquals(
        2, Datasets.read(write(folder.resolve("A_TRAIN.TSV.gz"), gzip(series)), null).count());
    byte[] idx = bytes(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 3, 4);
    assertEquals(1, Datasets.read(write(folder.resolve("anything"), gzip(idx)), null).count());
    Path file = write(folder.resolve("a.pdf"), "%PDF-1.4");
    assertRefused(
        file,
        "unknown format, expected IDX, .npy, .npz, CIFAR binary (.bin), UCR text (.txt, .tsv, .csv)"
            + " or a folder of images",
        () -> Datasets.read(file, null));
  }

  @Test
  void readsLabels() {
    Path data = write(folder.resolve("a.txt"), "1 2\n1 3\n");
    Path labels = write(folder.resolve("labels.txt"), "4\r\n -5 ");
    assertArrayEquals(new int[] {4, -5}, Datasets.read(data, labels).labels());
    Path npy = folder.resolve("labels.npy");
    Npy.write(npy, NpyArray.ofLongs(new long[] {6, 7}, 2));
    assertArrayEquals(new int[] {6, 7}, Datasets.read(data, npy).labels());
    write(labels, "1\n2\n3\n");
    assertRefused(
        labels,
        "3 labels, expected 2, the number of samples in " + data,
        () -> Datasets.read(data, labels));
    write(labels, "1\nx\n");
    assertRefused(
        labels,
        "line 2: 'x', expected an integer label, or an IDX or .npy file of labels",
        () -> Datasets.readLabels(labels));
    write(labels, "");
    assertRefused(
        labels, "no labels in it, expected one integer a line", () -> Datasets.readLabels(labels));
    Npy.write(npy, NpyArray.ofLongs(new long[] {6, 7}, 2, 1));
    assertRefused(npy, "2 dimensions, expected labels [N]", () -> Datasets.readLabels(npy));
  }
}
