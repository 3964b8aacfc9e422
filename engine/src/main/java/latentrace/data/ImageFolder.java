package latentrace.data;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A folder of images (.png, .jpg, .jpeg, .bmp, .gif), all of one size, ordered by name. Either the
 * images lie in the folder and have no labels, or they lie in sub-folders, whose rank by name is
 * the label. Other files and names that begin with a dot are passed over. Transparency is dropped,
 * deeper colours are cut to 8 bits, and of an animation the first picture counts.
 */
public final class ImageFolder {
  private static final List<String> SUFFIXES = List.of(".png", ".jpg", ".jpeg", ".bmp", ".gif");
  private static final long MOST_PIXELS = 1 << 24;
  private static final long LONGEST_FILE = 1 << 28;

  private ImageFolder() {}

  /**
   * The images, sample shape [1,H,W] if every pixel of all is gray and [3,H,W] otherwise.
   *
   * @throws InputException if there are none, images lie both in the folder and in sub-folders, a
   *     size differs from the first one's, or an image can't be decoded
   */
  public static Dataset read(Path folder) {
    List<Path> files = images(folder);
    List<Path> classes = list(folder, Files::isDirectory);
    int[] labels = null;
    if (!classes.isEmpty()) {
      List<Integer> found = new ArrayList<>();
      List<Path> labelled = new ArrayList<>();
      for (int label = 0; label < classes.size(); label++) {
        for (Path file : images(classes.get(label))) {
          labelled.add(file);
          found.add(label);
        }
      }
      if (!labelled.isEmpty() && !files.isEmpty()) {
        throw Inputs.error(
            folder,
            "images both in the folder (%s) and in sub-folders (%s), expected one kind"
                .formatted(
                    Inputs.nameOf(files.get(0)), Inputs.nameOf(labelled.get(0).getParent())));
      }
      if (!labelled.isEmpty()) {
        files = labelled;
        labels = found.stream().mapToInt(Integer::intValue).toArray();
      }
    }
    if (files.isEmpty()) {
      throw Inputs.error(folder, "no images in it, expected " + String.join(", ", SUFFIXES));
    }
    return decode(folder, files, labels);
  }

  private static List<Path> images(Path folder) {
    return list(
        folder,
        file -> {
          String name = Inputs.nameOf(file).toLowerCase(Locale.ROOT);
          return SUFFIXES.stream().anyMatch(name::endsWith) && !Files.isDirectory(file);
        });
  }

  private static List<Path> list(Path folder, Predicate<Path> wanted) {
    try (Stream<Path> content = Files.list(folder)) {
      return content
          .filter(file -> !Inputs.nameOf(file).startsWith("."))
          .filter(wanted)
          .sorted(Comparator.comparing(Inputs::nameOf))
          .toList();
    } catch (UncheckedIOException e) {
      throw Inputs.failure(folder, e.getCause());
    } catch (IOException e) {
      throw Inputs.failure(folder, e);
    }
  }

  private static Dataset decode(Path folder, List<Path> files, int[] labels) {
    BufferedImage first = decode(files.get(0), null);
    int pixels = first.getWidth() * first.getHeight();
    byte[] values = Inputs.allocate(folder, 3L * pixels * files.size(), 1, byte[]::new);
    boolean gray = true;
    for (int i = 0; i < files.size(); i++) {
      BufferedImage image = i == 0 ? first : decode(files.get(i), first);
      gray &= copyPixels(image, values, i * 3 * pixels);
    }
    int[] shape = {gray ? 1 : 3, first.getHeight(), first.getWidth()};
    if (gray) {
      byte[] oneBand = Inputs.allocate(folder, (long) pixels * files.size(), 1, byte[]::new);
      for (int i = 0; i < files.size(); i++) {
        System.arraycopy(values, i * 3 * pixels, oneBand, i * pixels, pixels);
      }
      values = oneBand;
    }
    return Inputs.dataset(folder, Inputs.nameOf(folder), shape, values, labels);
  }

  private static BufferedImage decode(Path file, BufferedImage first) {
    try {
      if (Files.size(file) > LONGEST_FILE) {
        throw Inputs.error(
            file, "%d bytes, expected at most %d".formatted(Files.size(file), LONGEST_FILE));
      }
      byte[] content = Files.readAllBytes(file);
      try (ImageInputStream in =
          new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        if (!readers.hasNext()) {
          throw Inputs.error(file, "not an image of a known format");
        }
        ImageReader reader = readers.next();
        try {
          reader.setInput(in, true, true);
          checkSize(file, reader.getWidth(0), reader.getHeight(0), first);
          reader.addIIOReadWarningListener((source, text) -> refuseDamage(file, text));
          BufferedImage image = reader.read(0);
          checkSize(file, image.getWidth(), image.getHeight(), first);
          return image;
        } finally {
          reader.dispose();
        }
      }
    } catch (InputException e) {
      throw e;
    } catch (IOException e) {
      throw Inputs.failure(file, e);
    } catch (OutOfMemoryError e) {
      throw new InputException(file + ": too large for the memory the JVM may use: raise -Xmx", e);
    } catch (RuntimeException e) {
      // the decoders of ImageIO answer damage with exceptions of every kind
      throw new InputException(
          "%s: damaged image: %s"
              .formatted(file, InputException.printable(e.getClass().getSimpleName())),
          e);
    }
  }

  /** The JPEG decoder fills in what is missing and only warns of it. */
  private static void refuseDamage(Path file, String warning) {
    if (warning.startsWith("Truncated") || warning.startsWith("Corrupt")) {
      throw Inputs.error(file, "damaged image: " + InputException.printable(warning));
    }
  }

  private static void checkSize(Path file, int width, int height, BufferedImage first) {
    if (width <= 0 || height <= 0 || (long) width * height > MOST_PIXELS) {
      throw Inputs.error(
          file, "%d x %d pixels, expected at most %d".formatted(width, height, MOST_PIXELS));
    }
    if (first != null && (width != first.getWidth() || height != first.getHeight())) {
      throw Inputs.error(
          file,
          "%d x %d pixels, expected %d x %d as the first image has"
              .formatted(width, height, first.getWidth(), first.getHeight()));
    }
  }

  /** Copies red, green and blue planes; returns whether every pixel is gray. */
  private static boolean copyPixels(BufferedImage image, byte[] values, int offset) {
    int width = image.getWidth();
    int pixels = width * image.getHeight();
    if (isStoredGray(image)) {
      Raster raster = image.getRaster();
      int shift = raster.getDataBuffer().getDataType() == DataBuffer.TYPE_USHORT ? 8 : 0;
      int[] row = new int[width];
      for (int y = 0; y < image.getHeight(); y++) {
        raster.getSamples(0, y, width, 1, 0, row);
        for (int x = 0; x < width; x++) {
          for (int plane = 0; plane < 3; plane++) {
            values[offset + plane * pixels + y * width + x] = (byte) (row[x] >> shift);
          }
        }
      }
      return true;
    }
    boolean gray = true;
    int[] row = new int[width];
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int x = 0; x < width; x++) {
        int red = row[x] >> 16 & 0xff;
        int green = row[x] >> 8 & 0xff;
        int blue = row[x] & 0xff;
        gray &= red == green && green == blue;
        int at = offset + y * width + x;
        values[at] = (byte) red;
        values[at + pixels] = (byte) green;
        values[at + 2 * pixels] = (byte) blue;
      }
    }
    return gray;
  }

  /**
   * Whether the first band is the gray value as stored. {@code getRGB} must not see such images: it
   * takes gray for linear light and brightens it.
   */
  private static boolean isStoredGray(BufferedImage image) {
    int type = image.getRaster().getDataBuffer().getDataType();
    return image.getRaster().getNumBands() <= 2
        && !(image.getColorModel() instanceof IndexColorModel)
        && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT);
  }
}
