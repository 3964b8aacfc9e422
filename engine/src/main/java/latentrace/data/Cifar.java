package latentrace.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The binary CIFAR format, plain or gzip: records of one label byte (CIFAR-10) or two (CIFAR-100:
 * coarse, fine), then 3072 bytes [3,32,32].
 *
 * <p>The size tells the two apart: 3073 and 3074 have no common divisor. Where both divide it, the
 * first of the two whose labels are all valid is taken, CIFAR-100 being tried first if the name
 * contains "cifar100" or "cifar-100", and CIFAR-10 otherwise.
 */
public final class Cifar {
  private static final int PIXELS = 3 * 32 * 32;

  private Cifar() {}

  /** One of the two formats; {@code classes} limits each label byte, the last is the label. */
  private record Variant(String title, List<Integer> classes) {
    int recordSize() {
      return classes.size() + PIXELS;
    }
  }

  private static final Variant CIFAR_10 = new Variant("CIFAR-10", List.of(10));
  private static final Variant CIFAR_100 = new Variant("CIFAR-100", List.of(20, 100));

  /**
   * The samples, sample shape [3,32,32], labels 0..9 or the fine labels 0..99.
   *
   * @throws InputException if the size is no whole number of records or a label is out of range
   */
  public static Dataset read(Path path) {
    long length = ByteSource.lengthOf(path);
    List<Variant> fitting = new ArrayList<>();
    for (Variant variant : List.of(CIFAR_10, CIFAR_100)) {
      if (length > 0 && length % variant.recordSize() == 0) {
        fitting.add(variant);
      }
    }
    if (fitting.isEmpty()) {
      throw Inputs.error(
          path,
          "%d bytes, expected records of 3073 bytes (CIFAR-10) or 3074 bytes (CIFAR-100)"
              .formatted(length));
    }
    String name = Inputs.plainNameOf(path);
    if (fitting.size() == 2) {
      boolean hundred = name.contains("cifar100") || name.contains("cifar-100");
      Variant preferred = hundred ? CIFAR_100 : CIFAR_10;
      Variant other = hundred ? CIFAR_10 : CIFAR_100;
      return read(path, length, labelError(path, length, preferred) == null ? preferred : other);
    }
    return read(path, length, fitting.get(0));
  }

  private static Dataset read(Path path, long length, Variant variant) {
    String error = labelError(path, length, variant);
    if (error != null) {
      throw Inputs.error(path, error);
    }
    int count = (int) (length / variant.recordSize());
    byte[] pixels = Inputs.allocate(path, (long) count * PIXELS, 1, byte[]::new);
    int[] labels = Inputs.allocate(path, count, 4, int[]::new);
    byte[] head = new byte[variant.classes.size()];
    try (ByteSource source = ByteSource.open(path)) {
      for (int i = 0; i < count; i++) {
        source.readFully(head, 0, head.length, "labels");
        source.readFully(pixels, i * PIXELS, PIXELS, "pixels");
        labels[i] = head[head.length - 1] & 0xff;
      }
    }
    return Inputs.dataset(path, Inputs.nameOf(path), new int[] {3, 32, 32}, pixels, labels);
  }

  /** What is wrong with the first label out of range, or null. */
  private static String labelError(Path path, long length, Variant variant) {
    byte[] record = new byte[variant.recordSize()];
    try (ByteSource source = ByteSource.open(path)) {
      for (long i = 0; i < length / record.length; i++) {
        source.readFully(record, 0, record.length, "record");
        for (int k = 0; k < variant.classes.size(); k++) {
          if ((record[k] & 0xff) >= variant.classes.get(k)) {
            return "%s record %d has label %d, expected 0 to %d"
                .formatted(variant.title, i, record[k] & 0xff, variant.classes.get(k) - 1);
          }
        }
      }
    }
    return null;
  }
}
