package latentrace.data;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files are read or refused in one line; nothing else may happen. */
class ReaderFuzzTest {
  private static final int ROUNDS = 2000;

  @TempDir private Path folder;

  private void fuzz(String name, Consumer<Path> reader, byte[]... originals) {
    Random random = new Random(20261122);
    Path file = folder.resolve(name);
    int[] outcomes = new int[2];
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            byte[] content = mutate(originals[round % originals.length], random);
            Files.write(file, content);
            try {
              reader.accept(file);
              outcomes[0]++;
            } catch (InputException e) {
              outcomes[1]++;
              assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
              assertFalse(e.getMessage().contains("\n"), e.getMessage());
            } catch (RuntimeException | Error e) {
              throw new AssertionError(name + " in round " + round + ": " + e, e);
            }
          }
        });
    System.out.printf("%s: %d read, %d refused%n", name, outcomes[0], outcomes[1]);
    assertTrue(outcomes[1] > ROUNDS / 10, "hardly a file was refused");
  }

  private static byte[] mutate(byte[] original, Random random) {
    byte[] content = original.clone();
    switch (random.nextInt(7)) {
      case 0 -> content = Arrays.copyOf(content, random.nextInt(content.length));
      case 1 -> {
        content = Arrays.copyOf(content, content.length + 1 + random.nextInt(40));
        content[content.length - 1] = (byte) random.nextInt();
      }
      case 2 -> {
        for (int k = 1 + random.nextInt(4); k > 0; k--) {
          content[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      case 3 -> content[random.nextInt(Math.min(8, content.length))] = (byte) random.nextInt();
      case 4 -> {
        int at = random.nextInt(Math.min(64, content.length - 4));
        Arrays.fill(content, at, at + 4, (byte) (random.nextBoolean() ? 0xff : 0x7f));
      }
      case 5 -> {
        content = new byte[random.nextInt(200)];
        random.nextBytes(content);
      }
      default -> {
        int at = random.nextInt(content.length);
        int length = random.nextInt(content.length - at);
        System.arraycopy(content, 0, content, at, Math.min(length, content.length - at));
      }
    }
    return content;
  }

  private byte[] contentOf(Consumer<Path> writer, String name) throws IOException {
    Path file = folder.resolve(name);
    writer.accept(file);
    byte[] content = Files.readAllBytes(file);
    Files.delete(file);
    return content;
  }

  @Test
  void idx() throws IOException {
    Dataset digits = DigitsGenerator.digits(3, 1);
    Dataset floats = ClustersGenerator.points(5, 1);
    fuzz(
        "idx",
        Idx::read,
        contentOf(file -> Idx.write(file, digits), "a"),
        contentOf(file -> Idx.write(file, digits), "a.gz"),
        contentOf(file -> Idx.write(file, floats), "a"));
    fuzz(
        "idx-labels",
        Idx::readLabels,
        contentOf(file -> Idx.writeLabels(file, digits.labels()), "a"),
        contentOf(file -> Idx.writeLabels(file, digits.labels()), "a.gz"));
  }

  @Test
  void cifar() {
    byte[] plain = new byte[2 * 3073];
    fuzz("cifar.bin", Cifar::read, plain, TestFiles.gzip(plain), new byte[3074]);
  }

  @Test
  void ucr() {
    byte[] plain = "1 2.5 3e2\n 2\t-4 5\r\n3,6,7\n".getBytes(StandardCharsets.US_ASCII);
    fuzz("ucr.txt", Ucr::read, plain, plain, TestFiles.gzip(plain));
  }

  @Test
  void npy() throws IOException {
    NpyArray floats = NpyArray.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    byte[] plain = contentOf(file -> Npy.write(file, floats), "a");
    byte[] fortran = plain.clone();
    byte[] literal = "True, ".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(literal, 0, fortran, 10 + 34, literal.length);
    fuzz("a.npy", Npy::read, plain, TestFiles.gzip(plain), fortran);
    fuzz("dataset.npy", Npy::readDataset, plain, fortran);
  }

  @Test
  void npz() throws IOException {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("x", NpyArray.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    arrays.put("y", NpyArray.ofInts(new int[] {1, 2}, 2));
    byte[] deflated = contentOf(file -> Npz.write(file, arrays), "a.npz");
    byte[] npy = contentOf(file -> Npy.write(file, arrays.get("x")), "a.npy");
    ByteArrayOutputStream stored = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(stored)) {
      CRC32 crc = new CRC32();
      crc.update(npy);
      ZipEntry entry = new ZipEntry("data.npy");
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(npy.length);
      entry.setCrc(crc.getValue());
      zip.putNextEntry(entry);
      zip.write(npy);
    }
    fuzz("a.npz", Npz::read, deflated, stored.toByteArray());
    fuzz("dataset.npz", Npz::readDataset, deflated, stored.toByteArray());
  }

  @Test
  void imageFolder() throws IOException {
    List<byte[]> images = new ArrayList<>();
    for (String format : List.of("png", "jpg", "bmp", "gif")) {
      for (int type : new int[] {1, 10}) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(ImageFolderTest.image(type, 9, 7, 100), format, out);
        images.add(out.toByteArray());
      }
    }
    fuzz("image.png", file -> ImageFolder.read(file.getParent()), images.toArray(new byte[0][]));
  }

  @Test
  void datasetsAndLabels() throws IOException {
    byte[] text = "1\n2\n-3\n".getBytes(StandardCharsets.US_ASCII);
    byte[] npy =
        contentOf(file -> Npy.write(file, NpyArray.ofLongs(new long[] {1, 2}, 2)), "a.npy");
    byte[] idx = contentOf(file -> Idx.writeLabels(file, new int[] {1, 2, 3}), "a");
    fuzz("labels", Datasets::readLabels, text, npy, idx, TestFiles.gzip(npy));
    Dataset digits = DigitsGenerator.digits(3, 1);
    byte[] images = contentOf(file -> Idx.write(file, digits), "a.gz");
    fuzz("data", file -> Datasets.read(file, null), text, npy, idx, images);
  }
}
