package latentrace.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads samples and labels of any supported format. */
public final class Datasets {
  private static final int LONGEST_MAGIC = 8;
  private static final int LONGEST_LABEL = 40;

  private Datasets() {}

  /**
   * Reads samples: a folder as {@link ImageFolder}; otherwise, gzip unwrapped, a name in .bin as
   * {@link Cifar} and one in .txt, .tsv or .csv as {@link Ucr}; otherwise by content as {@link
   * Idx}, {@link Npy} or {@link Npz}.
   *
   * @param labels file of labels as in {@link #readLabels}, replacing those in {@code data}; or
   *     null
   * @throws InputException if a file is not whole, of no such format, or the counts differ
   */
  public static Dataset read(Path data, Path labels) {
    Dataset samples = readSamples(data);
    if (labels == null) {
      return samples;
    }
    int[] values = readLabels(labels);
    if (values.length != samples.count()) {
      throw Inputs.error(
          labels,
          "%d labels, expected %d, the number of samples in %s"
              .formatted(values.length, samples.count(), data));
    }
    return samples.withLabels(values);
  }

  private static Dataset readSamples(Path data) {
    if (Files.isDirectory(data)) {
      return ImageFolder.read(data);
    }
    byte[] start = ByteSource.startOf(data, LONGEST_MAGIC);
    String name = Inputs.plainNameOf(data);
    if (name.endsWith(".bin")) {
      return Cifar.read(data);
    }
    if (List.of(".txt", ".tsv", ".csv").stream().anyMatch(name::endsWith)) {
      return Ucr.read(data);
    }
    if (Idx.matches(start)) {
      return Idx.read(data);
    }
    if (Npy.matches(start)) {
      return Npy.readDataset(data);
    }
    if (Npz.matches(start)) {
      return Npz.readDataset(data);
    }
    throw Inputs.error(
        data,
        "unknown format, expected IDX, .npy, .npz, CIFAR binary (.bin), UCR text (.txt, .tsv, .csv)"
            + " or a folder of images");
  }

  /**
   * Reads labels [N]: IDX or a one-dimensional .npy of integers, told by content, or else text with
   * one integer a line; plain or gzip.
   *
   * @throws InputException naming what is no label
   */
  public static int[] readLabels(Path path) {
    byte[] start = ByteSource.startOf(path, LONGEST_MAGIC);
    if (Idx.matches(start)) {
      return Idx.readLabels(path);
    }
    if (!Npy.matches(start)) {
      return readTextLabels(path);
    }
    NpyArray array = Npy.read(path);
    if (array.rank() != 1) {
      throw Inputs.error(path, "%d dimensions, expected labels [N]".formatted(array.rank()));
    }
    return array.toInts();
  }

  private static int[] readTextLabels(Path path) {
    byte[] content = ByteSource.readAll(path);
    int lines = 0;
    for (byte b : content) {
      lines += b == '\n' ? 1 : 0;
    }
    if (content.length > 0 && content[content.length - 1] != '\n') {
      lines++;
    }
    if (lines == 0) {
      throw Inputs.error(path, "no labels in it, expected one integer a line");
    }
    int[] labels = Inputs.allocate(path, lines, 4, int[]::new);
    int start = 0;
    for (int i = 0; i < lines; i++) {
      int end = start;
      while (end < content.length && content[end] != '\n') {
        end++;
      }
      labels[i] = toLabel(path, i + 1, content, start, end);
      start = end + 1;
    }
    return labels;
  }

  private static int toLabel(Path path, int line, byte[] content, int start, int end) {
    int shown = Math.min(end - start, LONGEST_LABEL);
    String text = new String(content, start, shown, StandardCharsets.ISO_8859_1).strip();
    if (shown < end - start) {
      text += "...";
    }
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new InputException(
          "%s: line %d: '%s', expected an integer label, or an IDX or .npy file of labels"
              .formatted(path, line, InputException.printable(text)),
          e);
    }
  }
}
