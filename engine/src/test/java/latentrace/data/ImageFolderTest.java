package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static latentrace.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
  @TempDir private Path folder;

  static BufferedImage image(int type, int width, int height, int value) {
    BufferedImage image = new BufferedImage(width, height, type);
    int[] samples = new int[image.getRaster().getNumBands()];
    Arrays.fill(samples, value);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.getRaster().setPixel(x, y, samples);
      }
    }
    return image;
  }

  private static void save(BufferedImage image, Path file) throws IOException {
    String name = file.toString();
    Files.createDirectories(file.getParent());
    if (!ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile())) {
      throw new IOException("no writer for " + file);
    }
  }

  @Test
  void readsGrayValuesAsStored() throws IOException {
    BufferedImage gray = image(BufferedImage.TYPE_BYTE_GRAY, 3, 2, 100);
    gray.getRaster().setSample(2, 1, 0, 51);
    save(gray, folder.resolve("b.png"));
    save(image(BufferedImage.TYPE_3BYTE_BGR, 3, 2, 51), folder.resolve("a.bmp"));
    save(image(BufferedImage.TYPE_USHORT_GRAY, 3, 2, 51 << 8), folder.resolve("c.png"));
    save(image(BufferedImage.TYPE_BYTE_GRAY, 3, 2, 102), folder.resolve("d.jpg"));
    save(image(BufferedImage.TYPE_BYTE_BINARY, 3, 2, 1), folder.resolve("e.gif"));
    write(folder.resolve("README.txt"), "passed over");
    Dataset data = Datasets.read(folder, null);
    assertArrayEquals(new int[] {1, 2, 3}, data.sampleShape());
    assertEquals(5, data.count());
    assertFalse(data.hasLabels());
    float[] expected = {0.2f, 100 / 255f, 0.2f, 0.4f, 1};
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], data.sample(i)[0], "image " + i);
    }
    assertEquals(0.2f, data.sample(1)[5]);
  }

  @Test
  void labelsBySubFolder() throws IOException {
    BufferedImage colour = image(BufferedImage.TYPE_INT_RGB, 2, 1, 0);
    colour.setRGB(1, 0, 0x3366ff);
    save(image(BufferedImage.TYPE_BYTE_GRAY, 2, 1, 255), folder.resolve("zebra/1.png"));
    save(colour, folder.resolve("ant/2.png"));
    save(colour, folder.resolve("ant/1.png"));
    Dataset data = ImageFolder.read(folder);
    assertArrayEquals(new int[] {3, 1, 2}, data.sampleShape());
    assertArrayEquals(new int[] {0, 0, 1}, data.labels());
    assertArrayEquals(new float[] {0, 0.2f, 0, 0.4f, 0, 1}, data.sample(0));
    assertArrayEquals(new float[] {1, 1, 1, 1, 1, 1}, data.sample(2));
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertRefused(
        folder,
        "no images in it, expected .png, .jpg, .jpeg, .bmp, .gif",
        () -> ImageFolder.read(folder));
    save(image(BufferedImage.TYPE_BYTE_GRAY, 2, 1, 0), folder.resolve("a.png"));
    Path odd = folder.resolve("b.png");
    save(image(BufferedImage.TYPE_BYTE_GRAY, 2, 2, 0), odd);
    assertRefused(
        odd, "2 x 2 pixels, expected 2 x 1 as the first image has", () -> ImageFolder.read(folder));
    write(odd, "no image");
    assertRefused(odd, "not an image of a known format", () -> ImageFolder.read(folder));
    byte[] bomb = Files.readAllBytes(folder.resolve("a.png"));
    bomb[17] = 1;
    bomb[21] = 1;
    write(odd, bomb);
    assertRefused(
        odd, "65538 x 65537 pixels, expected at most 16777216", () -> ImageFolder.read(folder));
    Files.delete(odd);
    Path cut = folder.resolve("cut.jpg");
    save(image(BufferedImage.TYPE_BYTE_GRAY, 2, 1, 0), cut);
    byte[] whole = Files.readAllBytes(cut);
    write(cut, Arrays.copyOf(whole, whole.length - 3));
    assertRefused(
        cut, "damaged image: Truncated File - Missing EOI marker", () -> ImageFolder.read(folder));
    Files.delete(cut);
    save(image(BufferedImage.TYPE_BYTE_GRAY, 2, 1, 0), folder.resolve("sub/c.png"));
    assertRefused(
        folder,
        "images both in the folder (a.png) and in sub-folders (sub), expected one kind",
        () -> ImageFolder.read(folder));
  }
}
