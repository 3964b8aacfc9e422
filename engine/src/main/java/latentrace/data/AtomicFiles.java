package latentrace.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicLong;

/** Writes files so that a reader sees the old one or the new one whole, never a part. */
public final class AtomicFiles {
  private static final AtomicLong COUNTER = new AtomicLong();

  private AtomicFiles() {}

  /** What fills the file. */
  @FunctionalInterface
  public interface Body {
    /** Writes the content to a path that does not exist yet or is empty. */
    void write(Path temporary) throws IOException;
  }

  /** What fills a file front to back. */
  @FunctionalInterface
  public interface StreamBody {
    /** Writes the content; the stream is buffered, and closed by the caller. */
    void write(OutputStream out) throws IOException;
  }

  /**
   * Lets {@code body} write a temporary file beside {@code target}, then moves it there; on any
   * failure the temporary file is deleted and {@code target} stays as it was. Missing parent
   * folders are made.
   *
   * @throws UncheckedIOException naming {@code target}, if it cannot be written
   */
  public static void replace(Path target, Body body) {
    Path absolute = target.toAbsolutePath();
    Path temporary = null;
    try {
      Files.createDirectories(absolute.getParent());
      temporary =
          absolute.resolveSibling(
              ".%s.%d-%d.tmp"
                  .formatted(
                      absolute.getFileName(),
                      ProcessHandle.current().pid(),
                      COUNTER.incrementAndGet()));
      body.write(temporary);
      try {
        Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, absolute, StandardCopyOption.REPLACE_EXISTING);
      }
      temporary = null;
    } catch (IOException e) {
      throw new UncheckedIOException(target + ": cannot be written: " + reason(e), e);
    } finally {
      if (temporary != null) {
        deleteQuietly(temporary);
      }
    }
  }

  /** {@link #replace} for content that is written front to back. */
  public static void write(Path target, StreamBody body) {
    replace(
        target,
        temporary -> {
          try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary))) {
            body.write(out);
          }
        });
  }

  /** {@link #write} for text in UTF-8. */
  public static void writeString(Path target, String text) {
    write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** What an I/O exception has to say to a user. */
  public static String reason(IOException e) {
    if (e instanceof java.nio.file.NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "access denied";
    }
    if (e instanceof java.nio.file.FileAlreadyExistsException) {
      return "a file stands where a folder is needed";
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /** Deletes a file if it is there. */
  public static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be deleted: " + reason(e), e);
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // the first failure is the one to report
    }
  }
}
