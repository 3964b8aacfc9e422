package latentrace.train;

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
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;

/** One training per folder at a time. The system lets go of the lock when its process ends. */
final class FolderLock {
  private static final int ATTEMPTS = 50;

  private final Path file;
  private final FileChannel channel;

  /**
   * Does {@code work} while no other training is at work in the folder, which is made if missing.
   *
   * @throws InputException if another training stays there
   */
  static <T> T during(Path folder, Supplier<T> work) {
    FolderLock lock = new FolderLock(folder);
    try {
      return work.get();
    } finally {
      lock.close();
    }
  }

  /** Takes the lock; waits some seconds for a process that is about to end. */
  private FolderLock(Path folder) {
    file = folder.resolve(".lock");
    try {
      Files.createDirectories(folder);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      for (int attempt = 0; !taken(channel); attempt++) {
        if (attempt == ATTEMPTS) {
          channel.close();
          throw new InputException(folder + ": another training is at work there");
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + AtomicFiles.reason(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InputException(folder + ": interrupted while waiting for another training", e);
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
