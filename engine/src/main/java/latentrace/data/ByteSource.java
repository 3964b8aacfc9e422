package latentrace.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The content of one file front to back, gunzipped where it begins like gzip. Whatever goes wrong
 * is an {@link InputException} of one line that begins with the path. Not thread-safe.
 */
final class ByteSource implements AutoCloseable {
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
      throw Inputs.failure(path, e);
    }
  }

  /** A part of a file that messages call {@code name}, of at most {@code maxLength} bytes. */
  static ByteSource ofPart(String name, InputStream in, long maxLength) {
    return new ByteSource(name, in, true, maxLength);
  }

  private static long sizeOf(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw Inputs.error(path, "is a folder, expected a file");
    }
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (!Files.isRegularFile(path)) {
      throw Inputs.error(path, "is not a regular file");
    }
    return Files.size(path);
  }

  /** The whole content. */
  static byte[] readAll(Path path) {
    long length = lengthOf(path);
    byte[] content = Inputs.allocate(path, length, 1, byte[]::new);
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
        if (source.position > Math.min(Inputs.MAX_VALUES, heap)) {
          throw source.error(
              "unpacks to more than %d bytes, the most that can be read here"
                  .formatted(Math.min(Inputs.MAX_VALUES, heap)));
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
      throw Inputs.failure(file, e);
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
    return Inputs.error(file, text);
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw Inputs.failure(file, e);
    }
  }
}
