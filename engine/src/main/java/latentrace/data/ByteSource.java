package latentrace.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.zip.ZipException;

/**
 * The content of one file front to back, gunzipped where it begins like gzip. Whatever goes wrong
 * is an {@link InputException} of one line that begins with the path. Not thread-safe.
 */
final class ByteSource implements AutoCloseable {
  /** The most values one array can hold. */
  static final int MAX_VALUES = Integer.MAX_VALUE - 8;

  private static final int CHUNK = 1 << 16;

  private final Object file;
  private final InputStream in;
  private final boolean gzip;
  private final long maxLength;
  private long position;

  private ByteSource(Object file, InputStream in, boolean gzip, long maxLength) {
    this.file = file;
    this.in = in;
    this.gzip = gzip;
    this.maxLength = maxLength;
  }

  /** Opens a regular file. */
  static ByteSource open(Path path) {
    try {
      long size = sizeOf(path);
      boolean gzip;
      try (InputStream start = Files.newInputStream(path)) {
        byte[] magic = start.readNBytes(2);
        gzip = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
      }
      InputStream in = Files.newInputStream(path);
      if (!gzip) {
        return new ByteSource(path, in, false, size);
      }
      try {
        return new ByteSource(
            path, new StrictGzipStream(in), true, size * StrictGzipStream.MAX_EXPANSION);
      } catch (IOException e) {
        in.close();
        throw e;
      }
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** A part of a file that messages call {@code name}, of at most {@code maxLength} bytes. */
  static ByteSource ofPart(String name, InputStream in, long maxLength) {
    return new ByteSource(name, in, true, maxLength);
  }

  private static long sizeOf(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw error(path, "is a folder, expected a file");
    }
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (!Files.isRegularFile(path)) {
      throw error(path, "is not a regular file");
    }
    return Files.size(path);
  }

  /** The whole content. */
  static byte[] readAll(Path path) {
    long length = lengthOf(path);
    byte[] content = allocate(path, length, 1, byte[]::new);
    try (ByteSource source = open(path)) {
      source.readFully(content, 0, content.length, "content");
      source.expectEnd(length);
    }
    return content;
  }

  /** The length of the content in bytes; gzip is read through once for it, to its checksum. */
  static long lengthOf(Path path) {
    try (ByteSource source = open(path)) {
      if (!source.gzip) {
        return source.maxLength;
      }
      byte[] chunk = new byte[CHUNK];
      long heap = Runtime.getRuntime().maxMemory();
      int count;
      do {
        count = source.read(chunk, 0, CHUNK);
        if (source.position > Math.min(MAX_VALUES, heap)) {
          throw source.error(
              "unpacks to more than %d bytes, the most that can be read here"
                  .formatted(Math.min(MAX_VALUES, heap)));
        }
      } while (count == CHUNK);
      return source.position;
    }
  }

  /** The first bytes of the content, fewer if it is shorter. */
  static byte[] startOf(Path path, int length) {
    try (ByteSource source = open(path)) {
      byte[] start = new byte[length];
      return Arrays.copyOf(start, source.read(start, 0, length));
    }
  }

  /** Reads up to {@code length} bytes; fewer only at the end. */
  int read(byte[] target, int offset, int length) {
    try {
      int count = in.readNBytes(target, offset, length);
      position += count;
      return count;
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  /** Reads exactly {@code length} bytes. */
  void readFully(byte[] target, int offset, int length, String what) {
    int count = read(target, offset, length);
    if (count < length) {
      throw error("ends after %d bytes, inside the %s".formatted(position, what));
    }
  }

  /** Reads exactly {@code length} bytes into a new array; for small parts. */
  byte[] readFully(int length, String what) {
    byte[] target = new byte[length];
    readFully(target, 0, length, what);
    return target;
  }

  /** Refuses, before anything is allocated, what can't hold {@code declared} more bytes. */
  void expectRemaining(long declared) {
    long remaining = maxLength - position;
    if (gzip ? declared > remaining : declared != remaining) {
      throw error(
          "its header declares %d bytes of values, but %s%d follow"
              .formatted(declared, gzip ? "at most " : "", remaining));
    }
  }

  /** Refuses bytes after the {@code declared} bytes of values. */
  void expectEnd(long declared) {
    if (read(new byte[1], 0, 1) != 0) {
      throw error("goes on after the %d bytes of values".formatted(declared));
    }
  }

  /** What messages begin with: the path, or a part's name. */
  Object file() {
    return file;
  }

  InputException error(String text) {
    return error(file, text);
  }

  /** The one line for the user: the path, then what was found and expected. */
  static InputException error(Object file, String text) {
    return new InputException(file + ": " + text);
  }

  /** An I/O failure as the one line for the user. */
  static InputException failure(Object file, Exception e) {
    String text;
    if (e instanceof ZipException || e instanceof EOFException) {
      text = "damaged compressed data: " + printable(String.valueOf(e.getMessage()));
    } else if (e instanceof IOException io) {
      text = printable(AtomicFiles.reason(io));
    } else {
      text = "damaged: " + printable(String.valueOf(e.getMessage()));
    }
    return new InputException(file + ": " + text, e);
  }

  /** Text from a file, fit for a message: cut to 60 characters, without control characters. */
  static String printable(String text) {
    String shown = text.length() <= 60 ? text : text.substring(0, 57) + "...";
    return shown.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
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
    if (count * width > Runtime.getRuntime().maxMemory()) {
      throw tooLarge(file, count * width);
    }
    try {
      return newArray.apply((int) count);
    } catch (OutOfMemoryError e) {
      throw tooLarge(file, count * width);
    }
  }

  private static InputException tooLarge(Object file, long bytes) {
    return error(
        file,
        "needs %d MiB of memory, the JVM may use %d MiB in all: raise -Xmx"
            .formatted((bytes >> 20) + 1, Runtime.getRuntime().maxMemory() >> 20));
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

  /** Refuses NaN and infinities, naming the first. */
  static float[] requireFinite(Object file, float[] values, int sampleSize) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw error(
            file,
            "value %d of sample %d is %s, expected a finite float"
                .formatted(i % sampleSize, i / sampleSize, values[i]));
      }
    }
    return values;
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

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw failure(file, e);
    }
  }
}
