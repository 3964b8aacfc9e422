package latentrace.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One run per folder at a time. The system lets go of the lock when its process ends. */
public final class FolderLock {
  private static final int ATTEMPTS = 50;

  private final Path file;
  private final FileChannel channel;

  /**
   * Does {@code work} while no other run is at work in the folder, which is made if missing.
   *
   * @param kind what runs there, e.g. training
   * @throws InputException if another run stays there
   */
  public static <T> T during(Path folder, String kind, Supplier<T> work) {
    FolderLock lock = new FolderLock(folder, kind);
    try {
      return work.get();
    } finally {
      lock.close();
    }
  }

  /** Takes the lock; waits some seconds for a process that is about to end. */
  private FolderLock(Path folder, String kind) {
    file = folder.resolve(".lock");
    try {
      Files.createDirectories(folder);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      for (int attempt = 0; !taken(channel); attempt++) {
        if (attempt == ATTEMPTS) {
          channel.close();
          throw new InputException("%s: another %s is at work there".formatted(folder, kind));
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InputException(
          "%s: interrupted while waiting for another %s".formatted(folder, kind), e);
    }
  }

  private static boolean taken(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private void close() {
    try {
      channel.close();
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    }
  }
}
