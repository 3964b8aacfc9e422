package latentrace.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.zip.ZipException;

/**
 * What the readers share: messages, limits, and the way from values to a {@link Dataset}. Messages
 * begin with {@code file}, the path or the name of a part of the file.
 */
final class Inputs {
  /** The most values one array can hold. */
  static final int MAX_VALUES = Integer.MAX_VALUE - 8;

  private Inputs() {}

  /** The one line for the user: the path, then what was found and expected. */
  static InputException error(Object file, String text) {
    return new InputException(file + ": " + text);
  }

  /** An I/O failure as the one line for the user. */
  static InputException failure(Object file, Exception e) {
    String text;
    if (e instanceof ZipException || e instanceof EOFException) {
      text = "damaged compressed data: " + InputException.printable(String.valueOf(e.getMessage()));
    } else if (e instanceof IOException io) {
      text = InputException.printable(AtomicFiles.reason(io));
    } else {
      text = "damaged: " + InputException.printable(String.valueOf(e.getMessage()));
    }
    return new InputException(file + ": " + text, e);
  }

  /**
   * A new array, or a message that says how much memory it would need.
   *
   * @param count number of values
   * @param width bytes a value
   */
  static <A> A allocate(Object file, long count, int width, IntFunction<A> newArray) {
    if (count > MAX_VALUES) {
      throw error(file, "has %d values, more than the limit of %d".formatted(count, MAX_VALUES));
    }
    return withMemory(file, count * width, () -> newArray.apply((int) count));
  }

  private static <T> T withMemory(Object file, long bytes, Supplier<T> maker) {
    if (bytes > Runtime.getRuntime().maxMemory()) {
      throw tooLarge(file, bytes);
    }
    try {
      return maker.get();
    } catch (OutOfMemoryError e) {
      throw tooLarge(file, bytes);
    }
  }

  private static InputException tooLarge(Object file, long bytes) {
    return error(
        file,
        "needs %d MiB of memory, the JVM may use %d MiB in all: raise -Xmx"
            .formatted((bytes >> 20) + 1, Runtime.getRuntime().maxMemory() >> 20));
  }

  /** The data set of a file of bytes, see {@link Dataset#ofBytes}. */
  static Dataset dataset(Object file, String name, int[] shape, byte[] values, int[] labels) {
    return withMemory(
        file,
        indexBytes(file, values.length, shape),
        () -> Dataset.ofBytes(name, shape, values, labels));
  }

  /** The data set of a file of floats, which must be finite, see {@link Dataset#ofFloats}. */
  static Dataset dataset(Object file, String name, int[] shape, float[] values, int[] labels) {
    int sampleSize = (int) countOf(file, shape);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw error(
            file,
            "value %d of sample %d is %s, expected a finite float"
                .formatted(i % sampleSize, i / sampleSize, values[i]));
      }
    }
    return withMemory(
        file,
        indexBytes(file, values.length, shape),
        () -> Dataset.ofFloats(name, shape, values, labels));
  }

  /** What a data set holds beside its values: two indices and a label a sample. */
  private static long indexBytes(Object file, int values, int[] sampleShape) {
    return 12L * values / countOf(file, sampleShape);
  }

  /** The number of values of a shape. */
  static long countOf(Object file, int[] shape) {
    long count = 1;
    for (int extent : shape) {
      count *= extent;
      if (count > MAX_VALUES) {
        throw error(
            file, "shape %s has more than %d values".formatted(Arrays.toString(shape), MAX_VALUES));
      }
    }
    return count;
  }

  /**
   * The shape of one sample in an array of samples: [N,D] gives [D], [N,H,W] gives [1,H,W] and
   * [N,C,H,W] gives [C,H,W].
   */
  static int[] sampleShape(Object file, int[] shape) {
    for (int extent : shape) {
      if (extent == 0) {
        throw error(file, "shape %s holds no samples".formatted(Arrays.toString(shape)));
      }
    }
    return switch (shape.length) {
      case 2 -> new int[] {shape[1]};
      case 3 -> new int[] {1, shape[1], shape[2]};
      case 4 -> new int[] {shape[1], shape[2], shape[3]};
      default ->
          throw error(
              file,
              "shape %s is no array of samples, expected [N,D], [N,H,W] or [N,C,H,W]"
                  .formatted(Arrays.toString(shape)));
    };
  }

  /** What the data set of a file is called. */
  static String nameOf(Path path) {
    Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }

  /** The file's name in lower case, without .gz. */
  static String plainNameOf(Path path) {
    String name = nameOf(path).toLowerCase(Locale.ROOT);
    return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
  }
}
